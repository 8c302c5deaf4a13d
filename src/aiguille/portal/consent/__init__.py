"""Reading, signing and taking back a consent."""
