"""A patient's courses."""
