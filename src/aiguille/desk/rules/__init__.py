"""The rules at the desk: explained to whoever treats, governed by the medical director."""
