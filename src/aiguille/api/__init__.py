"""The face for other programs."""
