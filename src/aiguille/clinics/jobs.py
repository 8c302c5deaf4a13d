"""The worker's rounds over other calendars."""

from procrastinate.contrib.django import app

from aiguille.clinics.external.refreshing import read_all_due
from aiguille.plumbing.clock import now


@app.periodic(cron="*/5 * * * *")
@app.task(queue="calendars", queueing_lock="calendars")
def read_external_calendars(timestamp: int) -> int:  # noqa: ARG001 -- the scheduler passes the round's instant
    """Read the other calendars that are due, and return how many there were."""
    return read_all_due(at=now())


@app.task(queue="calendars")
def read_external_calendars_now() -> int:
    """Do the same as soon as one was added."""
    return read_all_due(at=now())
