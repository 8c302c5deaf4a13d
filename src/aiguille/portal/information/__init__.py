"""What the patient reads and acknowledges before a session."""
