"""What crosses areas, one transaction each."""
