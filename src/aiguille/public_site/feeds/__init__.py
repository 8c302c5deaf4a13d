"""Calendar feeds: what calendar programs read at a secret address."""
