"""Booking a first appointment, without an account."""
