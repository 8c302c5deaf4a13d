"""A patient’s appointments in the calendar program that they use."""
