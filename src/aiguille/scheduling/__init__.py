"""The engine that answers "when": free starts and whole courses of appointments.

Plain Python over facts: no Django, no database, no clock. `docs/scheduling.md` explains how it
works; the scenarios under `tests/contracts/scenarios/` say what is right.
"""
