"""The clinic's set-up at the desk: hours, leave, closures, rooms, devices, skills, services."""
