"""The photos that a patient sends, and those that the clinic took of them."""
