"""The face for everybody: guides and booking."""
