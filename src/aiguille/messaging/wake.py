"""Telling the worker that something is due, so that nobody waits for the next round."""

from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued

from aiguille.messaging import jobs


def worker() -> None:
    """Ask for a round of sending, unless one is asked for already."""
    lock = jobs.send_now.queueing_lock
    if ProcrastinateJob.objects.filter(queueing_lock=lock, status="todo").exists():
        return  # the round that waits will find this message too
    try:
        jobs.send_now.defer()
    except AlreadyEnqueued:
        return  # somebody else asked just now
