"""What a course's pages post, at the desk and in a patient's space, done; and refusals as shown."""

from datetime import datetime, timedelta

from django.http import QueryDict

from aiguille.booking.course_forms import changes_in, read_key
from aiguille.booking.course_words import start_words
from aiguille.booking.courses import CourseProposal, CourseTaken, NothingToArrange
from aiguille.booking.operations import AlreadyBooked
from aiguille.booking.states import StaleVersion
from aiguille.journeys.book_course import book_course
from aiguille.journeys.change_appointment import move
from aiguille.journeys.move_course import move_course
from aiguille.journeys.reads.course import CoursePage, FollowingPage
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.plumbing.refusals import explain

OK, STALE, UNPROCESSABLE = 200, 409, 422


def book_posted(posted: QueryDict, page: CoursePage, *, actor: Actor, at: datetime) -> bool:
    """Book and move what was posted; tell whether it was done now, not by the same form before.

    Raises:
        NothingToArrange: nothing that the page offers was posted.
        and what `book_course` raises.
    """
    changes = changes_in(posted.getlist("change"))
    if changes is None:
        raise NothingToArrange(field="change")
    moves, starts = changes
    try:
        book_course(
            patient_id=page.identity.id,
            plan_id=page.proposal.plan.id,
            starts=starts,
            moves=moves,
            request_key=read_key(posted.get("request_key", "")),
            actor=actor,
            at=at,
        )
    except AlreadyBooked:
        return False
    return True


def move_posted(
    posted: QueryDict, page: FollowingPage, *, is_told: bool, actor: Actor, at: datetime
) -> None:
    """Move the sessions that were posted together, or with `alone` the page's own by itself.

    Raises:
        NothingToArrange: nothing that the page offers was posted.
        and what `move_course` and `move` raise.
    """
    changes = changes_in(posted.getlist("change"))
    if changes is None or not changes[0]:
        raise NothingToArrange(field="change")
    moves, _starts = changes
    own = page.appointment.id
    if not posted.get("alone"):
        move_course(appointment_id=own, moves=moves, is_told=is_told, actor=actor, at=at)
        return
    mine = next((one for one in moves if one.appointment_id == own), None)
    if mine is None:
        raise NothingToArrange(field="change")
    move(
        appointment_id=mine.appointment_id,
        site_id=mine.to.site_id,
        starts_at=mine.to.starts_at,
        practitioner_id=mine.to.practitioner_id,
        version=mine.version,
        told_after=timedelta(0) if is_told else None,
        actor=actor,
        at=at,
    )


def refusal_context(error: DomainError | None, proposal: CourseProposal) -> dict[str, object]:
    """Return what a page shows of a refusal: the words, and which starts were taken."""
    if error is None:
        return {}
    taken = start_words(error.taken, proposal) if isinstance(error, CourseTaken) else []
    return {"refusal": explain(error), "taken": taken}


def status_of(error: DomainError | None) -> int:
    """Return the status of the page that shows a refusal, or none."""
    if error is None:
        return OK
    return STALE if isinstance(error, StaleVersion) else UNPROCESSABLE
