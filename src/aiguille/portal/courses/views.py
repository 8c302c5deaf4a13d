"""The whole course of a patient's plan: proposed, booked at once, moved together."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.booking.course_forms import CourseQuery, read_day, start_in
from aiguille.booking.course_words import course_context, move_context, time_context
from aiguille.journeys import who
from aiguille.journeys.posted_course import (
    book_posted,
    move_posted,
    refusal_context,
    status_of,
)
from aiguille.journeys.reads.course import (
    CoursePage,
    FollowingPage,
    course_page,
    following_page,
    place_times,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by

_FORMS = ("GET", "HEAD", "POST")


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
def course(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Propose every session that is left of a plan, and book them all at once."""
    actor, patient_id = who.patient_of(request)
    at = clock.now()
    query = CourseQuery.read(request.GET)

    def read() -> CoursePage:
        return course_page(
            patient_id=patient_id,
            plan_id=plan_id,
            wishes=query.wishes,
            chosen=query.chosen,
            actor=actor,
            at=at,
        )

    page, error = read(), None
    if request.method == "POST":
        error = _book(request, page, actor=actor, at=at)
        if error is None:
            return redirect("portal:appointments")
        page = read()
    address = reverse("portal:course", args=[plan_id])

    def time_href(place: int) -> str:
        kept = query.with_chosen(one.chosen for one in page.proposal.changes[:place])
        return reverse("portal:course_time", args=[plan_id, place]) + kept.address()

    context = {
        "page": page,
        "back": reverse("portal:home"),
        **course_context(page.proposal, query, address=address, time_href=time_href),
        **refusal_context(error, page.proposal),
    }
    return render(request, "portal/courses/course.html", context, status=status_of(error))


@reachable_by(Who.PATIENT)
@require_GET
@never_cache
def course_time(request: HttpRequest, plan_id: UUID, place: int) -> HttpResponse:
    """Offer other times for one session of a proposal; what follows is proposed again."""
    actor, patient_id = who.patient_of(request)
    at = clock.now()
    query = CourseQuery.read(request.GET)
    page = place_times(
        patient_id=patient_id,
        plan_id=plan_id,
        place=place,
        wishes=query.wishes,
        chosen=query.chosen,
        wanted=read_day(request.GET.get("from", "")),
        actor=actor,
        at=at,
    )
    kept = query.with_chosen(page.before)
    address = reverse("portal:course", args=[plan_id])
    cities = {site.id: site.name.partition(",")[0] for site in page.course.proposal.sites}
    return render(
        request,
        "portal/courses/time.html",
        {
            "page": page,
            "action": address,
            "kept": kept.pairs(),
            "back": address + kept.address(),
            "previous": kept.address(("from", page.previous.isoformat())) if page.previous else "",
            "next": kept.address(("from", page.next.isoformat())) if page.next else "",
            **time_context(page.session, page.days, cities),
        },
    )


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
def move(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Show what moving a session does to the others of its course, and move them together."""
    actor, _patient_id = who.patient_of(request)
    at = clock.now()
    start = start_in(request.GET.get("start", ""))
    if start is None:
        raise NotVisible

    def read() -> FollowingPage:
        page = following_page(appointment_id=appointment_id, start=start, actor=actor, at=at)
        if page is None:
            raise NotVisible
        return page

    page, error = read(), None
    if request.method == "POST":
        error = _move(request, page, actor=actor, at=at)
        if error is None:
            return redirect("portal:appointments")
        page = read()
    context = {
        "page": page,
        "other_time": reverse("portal:move_appointment", args=[appointment_id]),
        "may_move_alone": page.may_move_alone,
        "may_tell": False,
        **refusal_context(error, page.proposal),
        **move_context(page.moving, page.appointment, page.proposal),
    }
    return render(request, "portal/courses/move.html", context, status=status_of(error))


def _move(
    request: HttpRequest, page: FollowingPage, *, actor: Actor, at: datetime
) -> DomainError | None:
    """Move what was posted; return the refusal, None where it is moved."""
    try:
        move_posted(request.POST, page, is_told=True, actor=actor, at=at)
    except DomainError as error:
        return error
    messages.success(request, _("Your sessions are moved."))
    return None


def _book(
    request: HttpRequest, page: CoursePage, *, actor: Actor, at: datetime
) -> DomainError | None:
    """Book what was posted; return the refusal, None where it is booked, now or before."""
    try:
        if book_posted(request.POST, page, actor=actor, at=at):
            messages.success(request, _("Your sessions are booked."))
    except DomainError as error:
        return error
    return None
