"""Courses at the desk."""
