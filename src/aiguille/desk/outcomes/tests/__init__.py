"""Pages of photos and measures, tested through a browser without scripts."""
