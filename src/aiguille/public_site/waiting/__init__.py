"""The waiting list, without an account."""
