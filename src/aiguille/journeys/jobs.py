"""The worker's rounds over what crosses areas."""

from procrastinate.contrib.django import app

from aiguille.journeys.change_rule import bring_into_force
from aiguille.journeys.change_set_up import look_for_displaced
from aiguille.journeys.questions_message import remind_of_questions
from aiguille.plumbing.clock import now


@app.periodic(cron="7 * * * *")
@app.task(queue="booking", queueing_lock="displaced appointments")
def note_displaced(timestamp: int) -> int:  # noqa: ARG001 -- the scheduler passes the round's instant
    """Open a task at each site with displaced appointments, and return how many there are."""
    return look_for_displaced(at=now())


@app.periodic(cron="*/5 * * * *")
@app.task(queue="booking", queueing_lock="rule values")
def apply_planned_rule_values(timestamp: int) -> int:  # noqa: ARG001 -- the scheduler passes the round's instant
    """Let signed values of the rules apply once their day has come; return how many did."""
    return bring_into_force(at=now())


@app.periodic(cron="23 * * * *")
@app.task(queue="booking", queueing_lock="questions before sessions")
def ask_before_sessions(timestamp: int) -> int:  # noqa: ARG001 -- the scheduler passes the round's instant
    """Ask the starred questions again before sessions; return how many sessions are near."""
    return remind_of_questions(at=now())
