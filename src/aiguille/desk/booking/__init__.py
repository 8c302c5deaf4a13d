"""Booking, moving and cancelling at the desk."""
