"""Consultation, verdict, plan and prescription."""
