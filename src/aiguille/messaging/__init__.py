"""The outbox, message templates, channels and threads."""
