"""The waiting list at the desk: who waits for what, what is kept for them; adding and removing."""

from collections.abc import Callable
from datetime import UTC
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aiguille.accounts.rights import Right, has_right, require
from aiguille.booking.forms import WaitingForm
from aiguille.journeys import wait_for_time
from aiguille.journeys.reads.free_now import FreeNow, free_now
from aiguille.journeys.reads.waiting import (
    Waitable,
    place_of_offer,
    waitable_service,
    waitable_session,
    waiting_by_service,
)
from aiguille.journeys.wait_for_time import When, wait_for_patient
from aiguille.journeys.who import staff_of
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.patients.access import get_patient_by_number_for
from aiguille.patients.queries import Identity, get_identity
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal, explain

_FORMS = ("GET", "HEAD", "POST")
Add = Callable[[When], object]


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def waiting(request: HttpRequest) -> HttpResponse:
    """List everybody who waits, by service, with what is kept for them."""
    actor = staff_of(request)
    require(actor, Right.SEE_AGENDA)
    context = {
        "services": waiting_by_service(),
        "now": clock.now(),
        "may_change": has_right(actor, Right.BOOK),
    }
    return render(request, "desk/waiting/list.html", context)


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def offer(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """Show a time that is kept for somebody, to answer for them on the telephone."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    place = place_of_offer(offer_id=offer_id, actor=actor, at=clock.now())
    return render(request, "desk/waiting/offer.html", {"place": place, "asked": offer_id})


@reachable_by(Who.STAFF)
@require_POST
def accept(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """Take the time for the person, who said so."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
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
        messages.success(request, _("The appointment is booked."))
    return redirect("desk:waiting")


@reachable_by(Who.STAFF)
@require_POST
def decline(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """Pass the time on to the next person, as the person said."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    try:
        wait_for_time.decline(offer_id=offer_id, actor=actor, at=clock.now())
    except DomainError as refusal:
        messages.error(request, explain(refusal))
    else:
        messages.success(request, _("The time goes to the next person."))
    return redirect("desk:waiting")


@reachable_by(Who.STAFF)
@require_POST
def remove(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Take somebody off the list."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    wait_for_time.leave(entry_id=entry_id, actor=actor, at=clock.now())
    messages.success(request, _("The person is off the waiting list."))
    return redirect("desk:waiting")


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def add_for_service(request: HttpRequest, number: int, service_id: UUID) -> HttpResponse:
    """Put a patient on the list for a consultation or a check-up."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    at = clock.now()
    patient_id = get_patient_by_number_for(actor=actor, number=number, at=at)

    def add(when: When) -> object:
        return wait_for_patient(
            patient_id=patient_id,
            service_id=service_id,
            when=when,
            request_key=None,
            actor=actor,
            at=at,
        )

    wanted = waitable_service(service_id=service_id, at=at)
    book_href = reverse("desk:book_service", args=[number, service_id])
    return _add(request, get_identity(patient_id), wanted, add, book_href)


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def add_for_plan(request: HttpRequest, number: int, plan_id: UUID) -> HttpResponse:
    """Put a patient on the list for the next session of a plan."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    at = clock.now()
    patient_id = get_patient_by_number_for(actor=actor, number=number, at=at)

    def add(when: When) -> object:
        return wait_for_patient(
            patient_id=patient_id,
            plan_id=plan_id,
            when=when,
            request_key=None,
            actor=actor,
            at=at,
        )

    wanted = waitable_session(patient_id=patient_id, plan_id=plan_id, at=at)
    book_href = reverse("desk:book_plan", args=[number, plan_id])
    return _add(request, get_identity(patient_id), wanted, add, book_href, plan_id=plan_id)


def _add(
    request: HttpRequest,
    identity: Identity,
    wanted: Waitable,
    add: Add,
    book_href: str,
    *,
    plan_id: UUID | None = None,
) -> HttpResponse:
    form = WaitingForm(
        request.POST if request.method == "POST" else None,
        sites=wanted.sites,
        practitioners=wanted.practitioners,
        today=clock.now().date(),
    )
    free: list[FreeNow] = []
    if form.is_bound and form.is_valid() and "anyway" not in request.POST:
        free = free_now(
            service=wanted.service,
            when=When(**form.times()),
            patient_id=identity.id,
            plan_id=plan_id,
            at=clock.now(),
        )
    if form.is_bound and form.is_valid() and not free:
        try:
            add(When(**form.times()))
        except DomainError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The person is on the waiting list."))
            return redirect("desk:waiting")
    context = {
        "form": form,
        "wanted": wanted,
        "identity": identity,
        "back": reverse("desk:book", args=[identity.number]),
        "free": [
            (
                one,
                f"{one.start.site_id}/{one.start.starts_at.astimezone(UTC).isoformat()}",
                f"{book_href}?doctor={one.practitioner_id}" if one.practitioner_id else book_href,
            )
            for one in free
        ],
        "request_key": new_id(),
    }
    status = 422 if form.is_bound and not free else 200
    return render(request, "desk/waiting/add.html", context, status=status)


def _key(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
