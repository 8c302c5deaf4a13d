"""Booking, moving and cancelling for a patient at the desk or on the telephone."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aiguille.accounts.rights import Right, require
from aiguille.booking.access import get_appointment_for
from aiguille.booking.courses import Chosen
from aiguille.booking.operations import AlreadyBooked
from aiguille.booking.queries import Choosable, Start
from aiguille.booking.states import StaleVersion
from aiguille.desk.agenda.place import back_of
from aiguille.desk.courses.concerned import course_page_of_move
from aiguille.journeys.book_at_desk import book_service as book_one
from aiguille.journeys.book_session import book_session
from aiguille.journeys.change_appointment import cancel as cancel_one
from aiguille.journeys.change_appointment import move as move_one
from aiguille.journeys.reads.desk_times import (
    Week,
    bookable_for,
    week_for_move,
    week_for_plan,
    week_for_service,
)
from aiguille.journeys.who import staff_of
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.components.shapes import SlotChoice, SlotDay, Tab
from aiguille.plumbing.refusals import explain

UNPROCESSABLE, STALE = 422, 409
_FORMS = ("GET", "HEAD", "POST")
Book = Callable[[UUID, datetime, UUID | None], None]


@reachable_by(Who.STAFF)
@require_GET
def choose(request: HttpRequest, number: int) -> HttpResponse:
    """Choose what to book: a consultation, or the next session of a plan."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    shown = bookable_for(number=number, actor=actor, at=clock.now())
    return render(request, "desk/booking/choose.html", {"shown": shown})


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def book_service(request: HttpRequest, number: int, service_id: UUID) -> HttpResponse:
    """Show the free times of a consultation, and book the one chosen."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    at = clock.now()
    site_id, practitioner_id = _narrowed(request)

    def read() -> Week:
        return week_for_service(
            number=number,
            service_id=service_id,
            wanted=_day(request),
            site_id=site_id,
            practitioner_id=practitioner_id,
            actor=actor,
            at=at,
        )

    week = read()

    def book(site: UUID, starts_at: datetime, key: UUID | None) -> None:
        book_one(
            patient_id=week.identity.id,
            service_id=service_id,
            site_id=site,
            starts_at=starts_at,
            practitioner_id=practitioner_id,
            request_key=key,
            actor=actor,
            at=at,
        )

    return _times(request, week, read, book, _("The appointment is booked."))


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def book_plan(request: HttpRequest, number: int, plan_id: UUID) -> HttpResponse:
    """Show the free times of the next session of a plan, and book the one chosen."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    at = clock.now()
    site_id, practitioner_id = _narrowed(request)

    def read() -> Week:
        return week_for_plan(
            number=number,
            plan_id=plan_id,
            wanted=_day(request),
            site_id=site_id,
            practitioner_id=practitioner_id,
            actor=actor,
            at=at,
        )

    week = read()

    def book(site: UUID, starts_at: datetime, key: UUID | None) -> None:
        book_session(
            patient_id=week.identity.id,
            plan_id=plan_id,
            site_id=site,
            starts_at=starts_at,
            practitioner_id=practitioner_id,
            request_key=key,
            actor=actor,
            at=at,
        )

    return _times(request, week, read, book, _("The session is booked."))


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def move(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Show other times for an appointment, and move it to the one chosen."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    at = clock.now()
    site_id, practitioner_id = _narrowed(request)

    def read() -> Week:
        return week_for_move(
            appointment_id=appointment_id,
            wanted=_day(request),
            site_id=site_id,
            practitioner_id=practitioner_id,
            actor=actor,
            at=at,
        )

    if around := _others_of(request, appointment_id, practitioner_id, actor=actor, at=at):
        return redirect(around)

    def change(site: UUID, starts_at: datetime, _key: UUID | None) -> None:
        move_one(
            appointment_id=appointment_id,
            site_id=site,
            starts_at=starts_at,
            practitioner_id=practitioner_id,
            version=_number(request.POST.get("version", "")),
            told_after=timedelta(0) if request.POST.get("tell") == "1" else None,
            actor=actor,
            at=at,
        )

    return _times(request, read(), read, change, _("The appointment is moved."))


@reachable_by(Who.STAFF)
@require_POST
def cancel(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Cancel an appointment."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    at = clock.now()
    appointment = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
    try:
        cancel_one(
            appointment_id=appointment_id,
            reason=request.POST.get("reason", "").replace("\x00", "")[:300],
            version=_number(request.POST.get("version", "")),
            actor=actor,
            at=at,
        )
    except DomainError as error:
        messages.error(request, explain(error))
    else:
        messages.success(request, _("The appointment is cancelled."))
    record = reverse("desk:patient", args=[appointment.patient_number])
    return redirect(back_of(request, otherwise=record))


def _others_of(
    request: HttpRequest,
    appointment_id: UUID,
    practitioner_id: UUID | None,
    *,
    actor: Actor,
    at: datetime,
) -> str:
    """Return where a move that concerns other sessions of a course is looked at first, or nothing."""
    chosen = _chosen(request.POST.get("start", "")) if request.method == "POST" else None
    if chosen is None:
        return ""
    start = Chosen(*chosen, practitioner_id)
    return course_page_of_move(appointment_id, start, actor=actor, at=at)


def _times(
    request: HttpRequest, week: Week, read: Callable[[], Week], book: Book, done: str
) -> HttpResponse:
    """Show a week of times; on POST take the one chosen, or say why not and show what is left."""
    refusal, status = "", 200
    if request.method == "POST":
        chosen = _chosen(request.POST.get("start", ""))
        if chosen is None:
            refusal, status = _("Choose one of the times shown."), UNPROCESSABLE
        else:
            try:
                book(*chosen, _key(request.POST.get("request_key", "")))
            except AlreadyBooked:
                return redirect("desk:patient", week.identity.number)
            except DomainError as error:
                refusal = explain(error)
                status = STALE if isinstance(error, StaleVersion) else UNPROCESSABLE
                week = read()
            else:
                messages.success(request, done)
                record = reverse("desk:patient", args=[week.identity.number])
                return redirect(back_of(request, otherwise=record))
    return render(
        request,
        "desk/booking/times.html",
        {
            "week": week,
            "refusal": refusal,
            "days": _slot_days(week),
            "previous": _address(request, week.previous) if week.previous else "",
            "next": _address(request, week.next),
            "sites": _narrowings(request, "site", week.times.sites, week.times.site_id),
            "doctors": _narrowings(
                request, "doctor", week.times.practitioners, week.times.practitioner_id
            ),
            "request_key": new_id(),
            "back": back_of(
                request,
                otherwise=reverse(
                    "desk:patient" if week.appointment else "desk:book",
                    args=[week.identity.number],
                ),
            ),
            "tell": request.method != "POST" or request.POST.get("tell") == "1",
        },
        status=status,
    )


def _slot_days(week: Week) -> list[SlotDay]:
    several = len({start.site_id for _day, starts in week.days for start in starts}) > 1
    return [
        SlotDay(
            day,
            [
                SlotChoice(
                    value=f"{start.site_id}/{start.starts_at.astimezone(UTC).isoformat()}",
                    label=f"{start.local:%H:%M}",
                    hint=week.times.site_name(start.site_id).partition(",")[0] if several else "",
                )
                for start in _once(starts)
            ],
        )
        for day, starts in week.days
    ]


def _once(starts: tuple[Start, ...]) -> list[Start]:
    return list({(start.site_id, start.starts_at): start for start in starts}.values())


def _narrowings(
    request: HttpRequest, name: str, choices: tuple[Choosable, ...], chosen: UUID | None
) -> list[Tab]:
    """Return the links that narrow the times to a site or a practitioner."""
    if len(choices) < 2:
        return []

    def href(value: str) -> str:
        kept = _kept(request)
        kept[name] = value
        return "?" + urlencode({key: value for key, value in kept.items() if value})

    return [
        Tab(label=_("All"), href=href(""), current=chosen is None),
        *(Tab(label=one.name, href=href(str(one.id)), current=one.id == chosen) for one in choices),
    ]


def _address(request: HttpRequest, first: date) -> str:
    return "?" + urlencode(_kept(request) | {"from": first.isoformat()})


def _kept(request: HttpRequest) -> dict[str, str]:
    """Return what narrows the times, and where to go back to, as the next address keeps it."""
    return {key: request.GET[key] for key in ("site", "doctor", "back") if request.GET.get(key)}


def _narrowed(request: HttpRequest) -> tuple[UUID | None, UUID | None]:
    return _key(request.GET.get("site", "")), _key(request.GET.get("doctor", ""))


def _chosen(value: str) -> tuple[UUID, datetime] | None:
    site, _slash, instant = value.partition("/")
    try:
        starts_at, site_id = datetime.fromisoformat(instant), UUID(site)
    except ValueError:
        return None
    return (site_id, starts_at) if starts_at.tzinfo else None


def _day(request: HttpRequest) -> date | None:
    try:
        found = date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        return None
    return found if abs(found.year - clock.now().year) < 10 else None


def _key(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
