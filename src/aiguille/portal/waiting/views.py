"""Joining the waiting list from one's space; the places themselves stand with the appointments."""

from collections.abc import Callable
from datetime import UTC
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from aiguille.booking.forms import WaitingForm
from aiguille.booking.waiting import AlreadyWaiting
from aiguille.journeys import wait_for_time, who
from aiguille.journeys.reads.free_now import FreeNow, free_now
from aiguille.journeys.reads.waiting import Waitable, waitable_earlier, waitable_session
from aiguille.journeys.wait_for_time import When, wait_for_patient
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal, explain

_FORMS = ("GET", "HEAD", "POST")
Join = Callable[[When], object]


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
def join_for_session(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Ask what times would do for the next session of a plan, and wait for one."""
    actor, patient_id = who.patient_of(request)
    at = clock.now()
    wanted = waitable_session(patient_id=patient_id, plan_id=plan_id, at=at)

    def join(when: When) -> object:
        return wait_for_patient(
            patient_id=patient_id,
            plan_id=plan_id,
            when=when,
            request_key=None,
            actor=actor,
            at=at,
        )

    back = reverse("portal:book_session", args=[plan_id])
    return _join(request, wanted, join, back, patient_id=patient_id, plan_id=plan_id)


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
def join_for_earlier(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Ask what times would do before an appointment, and wait for one."""
    actor, patient_id = who.patient_of(request)
    at = clock.now()
    wanted = waitable_earlier(appointment_id=appointment_id, actor=actor, at=at)

    def join(when: When) -> object:
        return wait_for_patient(
            patient_id=patient_id,
            instead_of=appointment_id,
            when=when,
            request_key=None,
            actor=actor,
            at=at,
        )

    plan_id = wanted.appointment.plan_id if wanted.appointment else None
    back = reverse("portal:appointments")
    return _join(request, wanted, join, back, patient_id=patient_id, plan_id=plan_id)


@reachable_by(Who.PATIENT)
@require_POST
def accept(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """Take the time that was offered."""
    actor, _ = who.patient_of(request)
    try:
        wait_for_time.accept(
            offer_id=offer_id,
            give_back=_key(request.POST.get("give_back", "")),
            actor=actor,
            at=clock.now(),
        )
    except DomainError as refusal:
        messages.error(request, explain(refusal))
    else:
        messages.success(request, gettext("This time is yours."))
    return HttpResponseRedirect(reverse("portal:appointments"))


@reachable_by(Who.PATIENT)
@require_POST
def decline(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """Leave the time to the next person, and stay on the list."""
    actor, _ = who.patient_of(request)
    try:
        wait_for_time.decline(offer_id=offer_id, actor=actor, at=clock.now())
    except DomainError as refusal:
        messages.error(request, explain(refusal))
    else:
        messages.success(request, gettext("Thank you: the time goes to the next person."))
    return HttpResponseRedirect(reverse("portal:appointments"))


@reachable_by(Who.PATIENT)
@require_POST
def leave(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Leave the list."""
    actor, _ = who.patient_of(request)
    wait_for_time.leave(entry_id=entry_id, actor=actor, at=clock.now())
    messages.success(request, gettext("You left the waiting list."))
    return HttpResponseRedirect(reverse("portal:appointments"))


def _join(
    request: HttpRequest,
    wanted: Waitable,
    join: Join,
    back: str,
    *,
    patient_id: UUID,
    plan_id: UUID | None = None,
) -> HttpResponse:
    today = clock.now().date()
    initial = {}
    if wanted.appointment is not None:
        initial["last_day"] = max(wanted.appointment.local_date, today)
    form = WaitingForm(
        request.POST if request.method == "POST" else None,
        sites=wanted.sites,
        practitioners=wanted.practitioners,
        today=today,
        initial=initial,
    )
    free: list[FreeNow] = []
    if form.is_bound and form.is_valid() and "anyway" not in request.POST:
        free = free_now(
            service=wanted.service,
            when=When(**form.times()),
            patient_id=patient_id,
            plan_id=plan_id,
            moving=wanted.appointment,
            at=clock.now(),
        )
    if form.is_bound and form.is_valid() and not free:
        try:
            join(When(**form.times()))
        except AlreadyWaiting:
            messages.info(request, gettext("You are on this waiting list already."))
            return HttpResponseRedirect(reverse("portal:appointments"))
        except DomainError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, gettext("You are on the waiting list."))
            return HttpResponseRedirect(reverse("portal:appointments"))
    context = {
        "form": form,
        "wanted": wanted,
        "back": back,
        "free": [
            (one, f"{one.start.site_id}/{one.start.starts_at.astimezone(UTC).isoformat()}")
            for one in free
        ],
        "book_href": reverse("portal:move_appointment", args=[wanted.appointment.id])
        if wanted.appointment
        else back,
        "request_key": new_id(),
    }
    status = 422 if form.is_bound and not free else 200
    return render(request, "portal/waiting/join.html", context, status=status)


def _key(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
