"""Telling the worker that something is due, so that nobody waits for the next round."""

from procrastinate.exceptions import AlreadyEnqueued

from aiguille.messaging import jobs


def worker() -> None:
    """Ask for a round of sending, unless one is asked for already."""
    try:
        jobs.send_now.defer()
    except AlreadyEnqueued:
        return  # the round that waits will find this message too
