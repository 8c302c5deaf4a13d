"""A patient's photos and measures, as staff see them."""
