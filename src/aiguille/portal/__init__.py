"""The patient's face: their space."""
