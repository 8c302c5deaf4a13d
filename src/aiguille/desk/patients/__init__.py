"""Finding patients, and their records."""
