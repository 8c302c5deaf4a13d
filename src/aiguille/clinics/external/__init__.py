"""Other calendars of practitioners: their busy time is read in, and nothing else of them."""
