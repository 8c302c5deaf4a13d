"""The three pages of a course, as the desk and a patient's space both show them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from aiguille.booking.course_forms import CourseQuery, read_day, start_in
from aiguille.booking.course_words import course_context, move_context, time_context
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
from aiguille.plumbing.access import NotVisible


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseFace:
    """What differs between the faces: where their pages are, and how they speak.

    `name` is the namespace of the addresses and the folder of the templates; `plan_address`
    what stands before a plan in its addresses; `home` the page that a course is left for;
    `done` the page, of the patient with a number, where a change is seen; `booked` and `moved`
    what is said then; `may_keep_silent` whether the patient may be left untold of a move.
    """

    name: str
    plan_address: tuple[int, ...] = ()
    home: str = ""
    done: Callable[[int], str]
    booked: str
    moved: str
    may_keep_silent: bool

    def course(self, plan_id: UUID) -> str:
        """Return the address of a plan's course."""
        return reverse(f"{self.name}:course", args=[*self.plan_address, plan_id])

    def time(self, plan_id: UUID, place: int) -> str:
        """Return the address of the other times for one session of a course."""
        return reverse(f"{self.name}:course_time", args=[*self.plan_address, plan_id, place])


def show_course(
    request: HttpRequest,
    face: CourseFace,
    *,
    patient_id: UUID,
    plan_id: UUID,
    actor: Actor,
    at: datetime,
) -> HttpResponse:
    """Propose every session that is left of a plan; book them all where that was posted.

    Raises:
        NotVisible: no such patient, or no such plan of theirs.
    """
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
        error = _book(request, face, page, actor=actor, at=at)
        if error is None:
            return redirect(face.done(page.identity.number))
        page = read()

    def time_href(place: int) -> str:
        kept = query.with_chosen(one.chosen for one in page.proposal.changes[:place])
        return face.time(plan_id, place) + kept.address()

    context = {
        "page": page,
        "back": face.home,
        **course_context(page.proposal, query, address=face.course(plan_id), time_href=time_href),
        **refusal_context(error, page.proposal),
    }
    template = f"{face.name}/courses/course.html"
    return render(request, template, context, status=status_of(error))


def show_times(
    request: HttpRequest,
    face: CourseFace,
    *,
    patient_id: UUID,
    plan_id: UUID,
    place: int,
    actor: Actor,
    at: datetime,
) -> HttpResponse:
    """Offer other times for one session of a proposal; what follows is proposed again.

    Raises:
        NotVisible: no such patient, plan or session.
    """
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
    cities = {site.id: site.name.partition(",")[0] for site in page.course.proposal.sites}
    context = {
        "page": page,
        "action": face.course(plan_id),
        "kept": kept.pairs(),
        "back": face.course(plan_id) + kept.address(),
        "previous": kept.address(("from", page.previous.isoformat())) if page.previous else "",
        "next": kept.address(("from", page.next.isoformat())) if page.next else "",
        **time_context(page.session, page.days, cities),
    }
    return render(request, f"{face.name}/courses/time.html", context)


def show_move(
    request: HttpRequest, face: CourseFace, *, appointment_id: UUID, actor: Actor, at: datetime
) -> HttpResponse:
    """Show what moving a session does to the others; move them together where that was posted.

    Raises:
        NotVisible: no such session of a course, or no start to move it to.
    """
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
        error = _move(request, face, page, actor=actor, at=at)
        if error is None:
            return redirect(face.done(page.appointment.patient_number))
        page = read()
    context = {
        "page": page,
        "other_time": reverse(f"{face.name}:move_appointment", args=[appointment_id]),
        "may_move_alone": page.may_move_alone,
        "may_tell": face.may_keep_silent,
        **refusal_context(error, page.proposal),
        **move_context(page.moving, page.appointment, page.proposal),
    }
    return render(request, f"{face.name}/courses/move.html", context, status=status_of(error))


def _book(
    request: HttpRequest, face: CourseFace, page: CoursePage, *, actor: Actor, at: datetime
) -> DomainError | None:
    """Book what was posted; return the refusal, None where it is booked, now or before."""
    try:
        if book_posted(request.POST, page, actor=actor, at=at):
            messages.success(request, face.booked)
    except DomainError as error:
        return error
    return None


def _move(
    request: HttpRequest, face: CourseFace, page: FollowingPage, *, actor: Actor, at: datetime
) -> DomainError | None:
    """Move what was posted; return the refusal, None where it is moved."""
    is_told = not face.may_keep_silent or request.POST.get("tell") == "1"
    try:
        move_posted(request.POST, page, is_told=is_told, actor=actor, at=at)
    except DomainError as error:
        return error
    messages.success(request, face.moved)
    return None
