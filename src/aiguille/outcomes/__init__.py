"""Photographs, scales and measurements."""
