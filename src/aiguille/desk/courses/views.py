"""The whole course of a plan at the desk: proposed, booked at once, moved together."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.accounts.rights import Right, require
from aiguille.booking.course_forms import CourseQuery, changes_in, start_in
from aiguille.booking.course_words import course_context, move_context, start_words, time_context
from aiguille.booking.courses import CourseTaken, NothingToArrange
from aiguille.booking.operations import AlreadyBooked
from aiguille.booking.states import StaleVersion
from aiguille.journeys.book_course import book_course
from aiguille.journeys.change_appointment import move as move_one
from aiguille.journeys.move_course import move_course
from aiguille.journeys.reads.course import (
    CoursePage,
    FollowingPage,
    course_page,
    following_page,
    place_times,
)
from aiguille.journeys.who import staff_of
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.patients.access import get_patient_by_number_for
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.refusals import explain

UNPROCESSABLE, STALE = 422, 409
_FORMS = ("GET", "HEAD", "POST")


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def course(request: HttpRequest, number: int, plan_id: UUID) -> HttpResponse:
    """Propose every session that is left of a plan, and book them all at once."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    at = clock.now()
    patient_id = get_patient_by_number_for(actor=actor, number=number, at=at)
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
            return redirect("desk:patient", number)
        page = read()
    address = reverse("desk:course", args=[number, plan_id])

    def time_href(place: int) -> str:
        kept = query.with_chosen(one.chosen for one in page.proposal.changes[:place])
        return reverse("desk:course_time", args=[number, plan_id, place]) + kept.address()

    context = {
        "page": page,
        "back": reverse("desk:patient", args=[number]),
        **course_context(page.proposal, query, address=address, time_href=time_href),
        **_refusal(error, page),
    }
    return render(request, "desk/courses/course.html", context, status=_status(error))


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def course_time(request: HttpRequest, number: int, plan_id: UUID, place: int) -> HttpResponse:
    """Offer other times for one session of a proposal; what follows is proposed again."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    at = clock.now()
    patient_id = get_patient_by_number_for(actor=actor, number=number, at=at)
    query = CourseQuery.read(request.GET)
    page = place_times(
        patient_id=patient_id,
        plan_id=plan_id,
        place=place,
        wishes=query.wishes,
        chosen=query.chosen,
        wanted=_day(request.GET.get("from", "")),
        actor=actor,
        at=at,
    )
    kept = query.with_chosen(page.before)
    address = reverse("desk:course", args=[number, plan_id])
    cities = {site.id: site.name.partition(",")[0] for site in page.course.proposal.sites}
    return render(
        request,
        "desk/courses/time.html",
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


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def move(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Show what moving a session does to the others of its course, and move them together."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
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
            return redirect("desk:patient", page.appointment.patient_number)
        page = read()
    context = {
        "page": page,
        "other_time": reverse("desk:move_appointment", args=[appointment_id]),
        "may_move_alone": page.may_move_alone,
        "may_tell": True,
        "refusal": explain(error) if error else "",
        "taken": start_words(error.taken, page.proposal) if isinstance(error, CourseTaken) else [],
        **move_context(page.moving, page.appointment, page.proposal),
    }
    return render(request, "desk/courses/move.html", context, status=_status(error))


def _move(
    request: HttpRequest, page: FollowingPage, *, actor: Actor, at: datetime
) -> DomainError | None:
    """Move what was posted; return the refusal, None where it is moved."""
    posted = changes_in(request.POST.getlist("change"))
    if posted is None or not posted[0]:
        return NothingToArrange(field="change")
    moves, _starts = posted
    is_told = request.POST.get("tell") == "1"
    try:
        if request.POST.get("alone"):
            mine = next((one for one in moves if one.appointment_id == page.appointment.id), None)
            if mine is None:
                return NothingToArrange(field="change")
            move_one(
                appointment_id=mine.appointment_id,
                site_id=mine.to.site_id,
                starts_at=mine.to.starts_at,
                practitioner_id=mine.to.practitioner_id,
                version=mine.version,
                told_after=timedelta(0) if is_told else None,
                actor=actor,
                at=at,
            )
        else:
            move_course(
                appointment_id=page.appointment.id,
                moves=moves,
                is_told=is_told,
                actor=actor,
                at=at,
            )
    except DomainError as error:
        return error
    messages.success(request, _("The course is moved."))
    return None


def _book(
    request: HttpRequest, page: CoursePage, *, actor: Actor, at: datetime
) -> DomainError | None:
    """Book what was posted; return the refusal, None where it is booked, now or before."""
    posted = changes_in(request.POST.getlist("change"))
    if posted is None:
        return NothingToArrange(field="change")
    moves, starts = posted
    try:
        book_course(
            patient_id=page.identity.id,
            plan_id=page.proposal.plan.id,
            starts=starts,
            moves=moves,
            request_key=_key(request.POST.get("request_key", "")),
            actor=actor,
            at=at,
        )
    except AlreadyBooked:
        return None
    except DomainError as error:
        return error
    messages.success(request, _("The sessions are booked."))
    return None


def _refusal(error: DomainError | None, page: CoursePage) -> dict[str, object]:
    """Return what a page shows of a refusal: the words, and which starts were taken."""
    if error is None:
        return {}
    taken = start_words(error.taken, page.proposal) if isinstance(error, CourseTaken) else []
    return {"refusal": explain(error), "taken": taken}


def _status(error: DomainError | None) -> int:
    if error is None:
        return 200
    return STALE if isinstance(error, StaleVersion) else UNPROCESSABLE


def _key(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
