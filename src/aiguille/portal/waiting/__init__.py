"""A patient on the waiting list."""
