"""The waiting list at the desk."""
