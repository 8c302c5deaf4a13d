"""Formats of French pages; what is not here is Django's."""

DATETIME_FORMAT = "j F Y à H:i"
