"""The whole course of a patient's plan: proposed, booked at once, moved together."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.journeys.course_pages import CourseFace, show_course, show_move, show_times
from aiguille.journeys.who import patient_of
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by

_FORMS = ("GET", "HEAD", "POST")


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
def course(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Propose every session that is left of a plan, and book them all at once."""
    actor, patient_id = patient_of(request)
    return show_course(
        request, _face(), patient_id=patient_id, plan_id=plan_id, actor=actor, at=clock.now()
    )


@reachable_by(Who.PATIENT)
@require_GET
@never_cache
def course_time(request: HttpRequest, plan_id: UUID, place: int) -> HttpResponse:
    """Offer other times for one session of a proposal; what follows is proposed again."""
    actor, patient_id = patient_of(request)
    return show_times(
        request,
        _face(),
        patient_id=patient_id,
        plan_id=plan_id,
        place=place,
        actor=actor,
        at=clock.now(),
    )


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
def move(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Show what moving a session does to the others of its course, and move them together."""
    actor, _patient_id = patient_of(request)
    return show_move(request, _face(), appointment_id=appointment_id, actor=actor, at=clock.now())


def _face() -> CourseFace:
    return CourseFace(
        name="portal",
        home=reverse("portal:home"),
        done=_appointments,
        booked=_("Your sessions are booked."),
        moved=_("Your sessions are moved."),
        may_keep_silent=False,
    )


def _appointments(_number: int) -> str:
    return reverse("portal:appointments")
