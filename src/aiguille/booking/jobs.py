"""The worker's rounds over bookings."""

from procrastinate.contrib.django import app

from aiguille.booking.holds import sweep_holds
from aiguille.plumbing.clock import now


@app.periodic(cron="*/10 * * * *")
@app.task(queue="booking", queueing_lock="booking sweep")
def sweep(timestamp: int) -> int:  # noqa: ARG001 -- the scheduler passes the round's instant
    """Delete expired holds, and return how many there were."""
    return sweep_holds(at=now())
