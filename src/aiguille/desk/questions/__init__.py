"""The questions of a session's day, and the history of a patient's answers."""
