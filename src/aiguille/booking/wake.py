"""Telling the worker that time became free, in the transaction that frees it."""

from procrastinate.contrib.django import app

from aiguille.booking.models import WaitingEntry, WaitingState

OFFER_TIMES = "aiguille.booking.jobs.offer_times"
ONE_ROUND_AT_A_TIME = "waiting list"


def time_freed() -> None:
    """Ask for a round of offers, where anybody waits at all.

    The job becomes visible with the commit that frees the time, never before it; each frees its
    own, since a round that began already may have looked too early.
    """
    if WaitingEntry.objects.filter(state=WaitingState.WAITING).exists():
        task = app.configure_task(OFFER_TIMES, queue="booking", lock=ONE_ROUND_AT_A_TIME)
        task.defer()
