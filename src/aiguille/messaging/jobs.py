"""The worker's rounds over the outbox."""

from procrastinate.contrib.django import app

from aiguille.messaging.delivery import send_all_due
from aiguille.plumbing.clock import now


@app.periodic(cron="* * * * *")
@app.task(queue="messages", queueing_lock="messages")
def send_due(timestamp: int) -> int:  # noqa: ARG001 -- the scheduler passes the round's instant
    """Send what is due by the one clock, every minute, and return how many messages left."""
    return send_all_due(at=now())


@app.task(queue="messages", queueing_lock="messages now")
def send_now() -> int:
    """Do the same as soon as a message is due at once (`wake`)."""
    return send_all_due(at=now())
