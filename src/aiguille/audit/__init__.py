"""Append-only events: who did or read what, chained and verifiable."""
