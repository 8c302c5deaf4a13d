"""A patient's appointments, and the booking of a session."""
