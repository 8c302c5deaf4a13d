"""The day, and what is done to its appointments."""
