"""The outcomes area, tested through its doors."""
