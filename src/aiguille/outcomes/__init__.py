"""Photos of the skin, and the scales by which an outcome is measured."""
