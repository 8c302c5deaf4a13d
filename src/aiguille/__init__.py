"""Aiguille: the platform that aesthetic skin-care clinics run on, and that their patients see."""
