"""Holds, appointments, courses and the waiting list."""
