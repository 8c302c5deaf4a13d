"""What waits for somebody of the clinic."""
