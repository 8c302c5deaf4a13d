"""Products, lots, single-use units, movements and recalls."""
