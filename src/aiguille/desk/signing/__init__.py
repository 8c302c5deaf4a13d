"""What goes on once a person confirmed that it is they."""
