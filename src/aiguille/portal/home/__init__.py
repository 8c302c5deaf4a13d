"""The first page of a patient's space."""
