"""Tests of the way to a patient's signature."""
