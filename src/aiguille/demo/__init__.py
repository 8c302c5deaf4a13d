"""A fixed, believable clinic, built through operations."""
