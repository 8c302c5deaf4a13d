"""Tasks for people: subject, owner, deadline, escalation."""
