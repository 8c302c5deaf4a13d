"""Consent texts by version, signature, proof and withdrawal."""
