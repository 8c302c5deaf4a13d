"""The group, its sites, rooms, devices, staff, opening hours and closures."""
