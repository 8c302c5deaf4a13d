"""The worker's rounds over bookings."""

from procrastinate.contrib.django import app

from aiguille.booking.history import move_past_to_history
from aiguille.booking.holds import sweep_holds
from aiguille.booking.offers import end_overdue, offer_free_times
from aiguille.booking.preparation import queue_preparations
from aiguille.booking.wake import OFFER_TIMES, ONE_ROUND_AT_A_TIME
from aiguille.plumbing.clock import now


@app.periodic(cron="*/10 * * * *")
@app.task(queue="booking", queueing_lock="booking sweep")
def sweep(timestamp: int) -> int:  # noqa: ARG001 -- the scheduler passes the round's instant
    """Delete expired holds, and return how many there were."""
    return sweep_holds(at=now())


@app.periodic(cron="* * * * *")
@app.task(queue="messages", queueing_lock="preparations")
def remind_of_preparations(timestamp: int) -> int:  # noqa: ARG001 -- the scheduler passes the round's instant
    """Queue the reminders of creams whose time has come, and return how many are new."""
    return queue_preparations(at=now())


@app.periodic(cron="17 3 * * *")
@app.task(queue="booking", queueing_lock="booking history")
def put_past_away(timestamp: int) -> int:  # noqa: ARG001 -- the scheduler passes the round's instant
    """Move occupancy long past to its history, and return how many stretches that were."""
    return move_past_to_history(at=now())


@app.task(name=OFFER_TIMES, queue="booking", lock=ONE_ROUND_AT_A_TIME)
def offer_times() -> int:
    """Offer what has become free to the waiting list, and return how many offers were made."""
    return offer_free_times(at=now())


@app.periodic(cron="*/10 * * * *")
@app.task(queue="booking", queueing_lock="waiting list", lock=ONE_ROUND_AT_A_TIME)
def round_of_offers(timestamp: int) -> int:  # noqa: ARG001 -- the scheduler passes the round's instant
    """Do the same now and then: hours that were opened free time, and nobody says so."""
    return offer_free_times(at=now())


@app.periodic(cron="* * * * *")
@app.task(queue="booking", queueing_lock="waiting list deadlines", lock=ONE_ROUND_AT_A_TIME)
def end_offers(timestamp: int) -> int:  # noqa: ARG001 -- the scheduler passes the round's instant
    """Pass on, every minute, what was not answered in time; return how many offers that makes."""
    return offer_free_times(at=now()) if end_overdue(at=now()) else 0
