"""The whole course of a plan at the desk: proposed, booked at once, moved together."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.accounts.rights import Right, require
from aiguille.journeys.course_pages import CourseFace, show_course, show_move, show_times
from aiguille.journeys.who import staff_of
from aiguille.patients.access import get_patient_by_number_for
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by

_FORMS = ("GET", "HEAD", "POST")


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def course(request: HttpRequest, number: int, plan_id: UUID) -> HttpResponse:
    """Propose every session that is left of a plan, and book them all at once."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    at = clock.now()
    return show_course(
        request,
        _face(number),
        patient_id=get_patient_by_number_for(actor=actor, number=number, at=at),
        plan_id=plan_id,
        actor=actor,
        at=at,
    )


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def course_time(request: HttpRequest, number: int, plan_id: UUID, place: int) -> HttpResponse:
    """Offer other times for one session of a proposal; what follows is proposed again."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    at = clock.now()
    return show_times(
        request,
        _face(number),
        patient_id=get_patient_by_number_for(actor=actor, number=number, at=at),
        plan_id=plan_id,
        place=place,
        actor=actor,
        at=at,
    )


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def move(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Show what moving a session does to the others of its course, and move them together."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    return show_move(request, _face(), appointment_id=appointment_id, actor=actor, at=clock.now())


def _face(*number: int) -> CourseFace:
    return CourseFace(
        name="desk",
        plan_address=number,
        home=_record(*number) if number else "",
        done=_record,
        booked=_("The sessions are booked."),
        moved=_("The course is moved."),
        may_keep_silent=True,
    )


def _record(number: int) -> str:
    return reverse("desk:patient", args=[number])
