"""The staff's face: the day, the record, the session."""
