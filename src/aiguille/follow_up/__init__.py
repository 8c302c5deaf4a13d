"""Aftercare, diary, triage, adverse events and vigilance."""
