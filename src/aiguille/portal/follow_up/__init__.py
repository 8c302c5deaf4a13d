"""After a session: what to do until when, and what to do when something worries."""
