"""A practitioner's calendars: feeds to read elsewhere, and other calendars read in."""
