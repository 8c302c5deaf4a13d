"""Appointments of the patient: seen, moved, cancelled; and the next session booked."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aiguille.booking.course_forms import written
from aiguille.booking.courses import Chosen
from aiguille.booking.operations import AlreadyBooked
from aiguille.booking.preparation import preparations
from aiguille.booking.queries import AppointmentView, Start, appointments_of_patient
from aiguille.journeys import book_session as journey
from aiguille.journeys import change_appointment, who
from aiguille.journeys.reads.course import following_page
from aiguille.journeys.reads.session_times import Week, move_times, session_times
from aiguille.journeys.reads.waiting import places_of_patient
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.components.shapes import SlotChoice, SlotDay
from aiguille.plumbing.refusals import explain

_FORMS = ("GET", "HEAD", "POST")


@reachable_by(Who.PATIENT)
@require_GET
def appointments(request: HttpRequest) -> HttpResponse:
    """List what is kept and waited for, what is ahead, soonest first, and what was, latest first."""
    actor, patient_id = who.patient_of(request)
    now = clock.now()
    found = appointments_of_patient(patient_id)
    ahead = sorted((a for a in found if a.is_ahead and a.ends_at > now), key=_start)
    past = sorted((a for a in found if a not in ahead), key=_start, reverse=True)
    places = places_of_patient(patient_id=patient_id, actor=actor, at=now)
    context = {
        "ahead": ahead,
        "past": past,
        "places": places,
        "preparations": preparations(ahead),
    }
    return render(request, "portal/booking/appointments.html", context)


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
def book_session(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Show the free times of the next session, and book the one chosen."""
    actor, patient_id = who.patient_of(request)
    now = clock.now()
    wanted = _day(request.GET.get("from"))
    refusal = None
    page = session_times(patient_id=patient_id, plan_id=plan_id, wanted=wanted, at=now)
    if request.method == "POST":
        chosen = _chosen(request.POST.get("start", ""))
        if chosen is None:
            refusal = gettext("Choose one of the times shown.")
        else:
            site_id, starts_at = chosen
            try:
                journey.book_session(
                    patient_id=patient_id,
                    plan_id=plan_id,
                    site_id=site_id,
                    starts_at=starts_at,
                    practitioner_id=_key(request.POST.get("practitioner", "")),
                    request_key=_key(request.POST.get("request_key", "")),
                    actor=actor,
                    at=now,
                )
            except AlreadyBooked:
                return HttpResponseRedirect(reverse("portal:appointments"))
            except DomainError as error:
                refusal = explain(error)
                page = session_times(patient_id=patient_id, plan_id=plan_id, wanted=wanted, at=now)
            else:
                messages.success(request, gettext("Your session is booked."))
                return HttpResponseRedirect(reverse("portal:appointments"))
    address = reverse("portal:book_session", args=[plan_id])
    context = {
        "page": page,
        "refusal": refusal,
        "request_key": new_id(),
        **_slots(page.week, address),
    }
    return render(
        request, "portal/booking/book_session.html", context, status=422 if refusal else 200
    )


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
def move(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Show other times for an appointment, and move it to the one chosen."""
    actor, _ = who.patient_of(request)
    now = clock.now()
    wanted = _day(request.GET.get("from"))
    refusal = None
    page = move_times(appointment_id=appointment_id, wanted=wanted, actor=actor, at=now)
    if request.method == "POST":
        chosen = _chosen(request.POST.get("start", ""))
        if chosen is None:
            refusal = gettext("Choose one of the times shown.")
        else:
            site_id, starts_at = chosen
            practitioner_id = _key(request.POST.get("practitioner", ""))
            start = Chosen(site_id, starts_at, practitioner_id)
            course = following_page(appointment_id=appointment_id, start=start, actor=actor, at=now)
            if course is not None and course.concerns_others:
                query = urlencode({"start": written(start)})
                address = reverse("portal:move_course", args=[appointment_id])
                return HttpResponseRedirect(f"{address}?{query}")
            try:
                change_appointment.move(
                    appointment_id=appointment_id,
                    site_id=site_id,
                    starts_at=starts_at,
                    practitioner_id=practitioner_id,
                    version=_number(request.POST.get("version", "")),
                    actor=actor,
                    at=now,
                )
            except DomainError as error:
                refusal = explain(error)
                page = move_times(appointment_id=appointment_id, wanted=wanted, actor=actor, at=now)
            else:
                messages.success(request, gettext("Your appointment is moved."))
                return HttpResponseRedirect(reverse("portal:appointments"))
    address = reverse("portal:move_appointment", args=[appointment_id])
    context = {"page": page, "refusal": refusal, **_slots(page.week, address)}
    return render(request, "portal/booking/move.html", context, status=422 if refusal else 200)


@reachable_by(Who.PATIENT)
@require_POST
def cancel(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Cancel an appointment."""
    actor, _ = who.patient_of(request)
    now = clock.now()
    try:
        change_appointment.cancel(
            appointment_id=appointment_id,
            version=_number(request.POST.get("version", "")),
            actor=actor,
            at=now,
        )
    except DomainError as refusal:
        messages.error(request, explain(refusal))
    else:
        messages.success(request, gettext("Your appointment is cancelled."))
    return HttpResponseRedirect(reverse("portal:appointments"))


def _slots(week: Week | None, address: str) -> dict[str, object]:
    """Return a week as the slot picker takes it."""
    if week is None:
        return {}
    several = len({start.site_id for _, starts in week.days for start in starts}) > 1
    return {
        "days": [
            SlotDay(day, [_choice(start, week, several=several) for start in _once(starts)])
            for day, starts in week.days
        ],
        "previous": f"{address}?from={week.previous}" if week.previous else "",
        "next": f"{address}?from={week.next}",
        "has_starts": any(starts for _, starts in week.days),
    }


def _once(starts: Sequence[Start]) -> list[Start]:
    return list({(start.site_id, start.starts_at): start for start in starts}.values())


def _choice(start: Start, week: Week, *, several: bool) -> SlotChoice:
    return SlotChoice(
        value=f"{start.site_id}/{start.starts_at.astimezone(UTC).isoformat()}",
        label=date_format(start.local, "H:i"),
        hint=week.cities.get(start.site_id, "") if several else "",
    )


def _chosen(value: str) -> tuple[UUID, datetime] | None:
    site, _, instant = value.partition("/")
    try:
        starts_at = datetime.fromisoformat(instant)
        site_id = UUID(site)
    except ValueError:
        return None
    return (site_id, starts_at) if starts_at.tzinfo else None


def _day(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value or "")
    except ValueError:
        return None


def _key(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


def _start(view: AppointmentView) -> datetime:
    return view.starts_at
