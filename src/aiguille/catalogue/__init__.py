"""Treatments, indications, protocol versions, products, prices and guides."""
