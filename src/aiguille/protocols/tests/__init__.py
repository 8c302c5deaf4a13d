"""Tests of the protocol engine, through the doors its callers use."""
