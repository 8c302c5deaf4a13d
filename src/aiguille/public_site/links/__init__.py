"""Links that open a patient's space."""
