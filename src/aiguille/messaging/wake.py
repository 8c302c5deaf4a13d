"""Telling the worker that something is due, so that nobody waits for the next round."""

from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued

from aiguille.messaging import jobs
from aiguille.plumbing.statements import Statement

_ASKED = Statement(
    f"SELECT 1 FROM {ProcrastinateJob._meta.db_table}"  # noqa: S608 -- a table's name
    " WHERE queueing_lock = %s AND status = 'todo'"
)


def worker() -> None:
    """Ask for a round of sending, unless one is asked for already."""
    if _ASKED.row(jobs.send_now.queueing_lock):
        return  # the round that waits will find this message too
    try:
        jobs.send_now.defer()
    except AlreadyEnqueued:
        return  # somebody else asked just now
