"""The clinic's face: the day, the record, the session, the worklist."""
