"""Figures over all of it."""
