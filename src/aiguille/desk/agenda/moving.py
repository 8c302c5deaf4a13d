"""Moving an appointment by dropping it somewhere else, and putting it back."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from aiguille.accounts.rights import Right, require
from aiguille.booking.access import get_appointment_for
from aiguille.booking.courses import Chosen
from aiguille.booking.queries import AppointmentView
from aiguille.booking.states import StaleVersion, StateRefuses
from aiguille.desk.agenda import undo
from aiguille.desk.agenda.board import show_board
from aiguille.desk.agenda.place import Place, key_of, number_of
from aiguille.desk.courses.concerned import course_page_of_move
from aiguille.journeys.change_appointment import move
from aiguille.journeys.reads.agenda_card import nearest_for_move
from aiguille.journeys.who import staff_of
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import explain

UNPROCESSABLE, STALE = 422, 409


@reachable_by(Who.STAFF)
@require_http_methods(("GET", "HEAD", "POST"))
@never_cache
def drop(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Move an appointment to `start`, with `practitioner`; where it may not, say why and where.

    `resource` is the room or the device on whose column it was dropped. Where other sessions of
    its course depend on it, show first what becomes of them. `tell` tells the patient, who is not
    told where only the room changes. A reload of the refusal's page goes back to the agenda.
    """
    actor = staff_of(request)
    require(actor, Right.BOOK)
    place = Place.of(request.GET)
    if request.method != "POST":
        return redirect(place.href)
    at = clock.now()
    before = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
    start = instant_of(request.POST.get("start", ""))
    practitioner_id = key_of(request.POST.get("practitioner", ""))
    resource_id = key_of(request.POST.get("resource", ""))
    is_seen = (start, practitioner_id) != (before.starts_at, before.practitioner_id)
    tell = is_seen and request.POST.get("tell") == "1"
    if start is None:
        return _refused(request, place, before, _("Choose a time."), actor=actor, at=at)
    chosen = Chosen(before.site_id, start, practitioner_id)
    if (
        is_seen
        and before.is_ahead
        and (first := course_page_of_move(appointment_id, chosen, actor=actor, at=at))
    ):
        return redirect(first)
    try:
        version = move(
            appointment_id=appointment_id,
            starts_at=start,
            practitioner_id=practitioner_id,
            version=number_of(request.POST.get("version", "")),
            resource_ids=[resource_id] if resource_id else [],
            told_after=undo.TOLD_AFTER if tell else None,
            actor=actor,
            at=at,
        )
    except DomainError as error:
        return _refused(
            request,
            place,
            before,
            explain(error),
            wanted=start,
            practitioner_id=practitioner_id,
            tell=tell,
            error=error,
            actor=actor,
            at=at,
        )
    undo.offer(
        request,
        kind="move",
        at=at,
        appointment=before.id,
        start=before.starts_at,
        site=before.site_id,
        practitioner=before.practitioner_id,
        version=version,
        name=before.patient_name,
    )
    messages.success(request, _("%(name)s is moved.") % {"name": before.patient_name})
    return redirect(f"{place.href}#a-{appointment_id}")


@reachable_by(Who.STAFF)
@require_POST
def put_back(request: HttpRequest) -> HttpResponse:
    """Move the appointment that was just moved back to where it was."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    at = clock.now()
    place = Place.of(request.GET)
    last = undo.take(request, kind="move", at=at)
    if last is None:
        messages.error(request, _("It is too late to put it back: move it again."))
        return redirect(place.href)
    given = last.given
    before = get_appointment_for(actor=actor, appointment_id=UUID(given["appointment"]), at=at)
    try:
        move(
            appointment_id=before.id,
            starts_at=datetime.fromisoformat(given["start"]),
            site_id=UUID(given["site"]),
            practitioner_id=key_of(given["practitioner"] or ""),
            version=given["version"],
            # Nobody was told of the first move yet, so there is nothing to take back.
            told_after=None,
            actor=actor,
            at=at,
        )
    except DomainError as error:
        return _refused(
            request,
            place,
            before,
            explain(error),
            wanted=datetime.fromisoformat(given["start"]),
            practitioner_id=key_of(given["practitioner"] or ""),
            error=error,
            actor=actor,
            at=at,
        )
    messages.success(request, _("%(name)s is back in place.") % {"name": before.patient_name})
    return redirect(f"{place.href}#a-{before.id}")


def _refused(
    request: HttpRequest,
    place: Place,
    appointment: AppointmentView,
    why: str,
    *,
    wanted: datetime | None = None,
    practitioner_id: UUID | None = None,
    tell: bool = True,
    error: DomainError | None = None,
    actor: Actor,
    at: datetime,
) -> HttpResponse:
    """Show the agenda as it is, with why an appointment stayed and where it could go."""
    is_stale = isinstance(error, StaleVersion)
    nearest = (
        nearest_for_move(
            appointment=appointment, wanted=wanted, practitioner_id=practitioner_id, at=at
        )
        if wanted is not None and not isinstance(error, StaleVersion | StateRefuses)
        else ()
    )
    return show_board(
        request,
        place,
        actor=actor,
        at=at,
        more={
            "refused": {
                "appointment": appointment,
                "why": why,
                "nearest": [
                    (start, practitioner_id if practitioner_id in start.practitioner_ids else None)
                    for start in nearest
                ],
                "asked_for_somebody": practitioner_id is not None,
                "tell": tell,
                "drop_href": place.link("agenda_move", appointment.id),
            }
        },
        status=STALE if is_stale else UNPROCESSABLE,
    )


def instant_of(text: str) -> datetime | None:
    """Return an instant written with its offset, None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
