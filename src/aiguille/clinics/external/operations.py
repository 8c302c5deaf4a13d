"""Adding other calendars, handing in files, and taking them away again."""

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from aiguille.accounts.rights import Right, has_right
from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.clinics import events
from aiguille.clinics.external.faults import FAULTS, NOT_A_CALENDAR, TOO_MUCH
from aiguille.clinics.external.queries import get_calendar, zones_of_resource
from aiguille.clinics.external.reading import BusyTime, NotACalendar, TooMuch
from aiguille.clinics.external.refreshing import (
    FILE_AHEAD,
    PURPOSE,
    busy_time_of,
    replace_busy,
)
from aiguille.clinics.jobs import read_external_calendars_now
from aiguille.clinics.models import ExternalCalendar, Resource
from aiguille.kernel.actor import Actor, ActorKind
from aiguille.kernel.codes import ResourceKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.kernel.text import Text, one_line
from aiguille.plumbing import sealing
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.fetching import MOST_BYTES, Fault, FetchFailed, check_address

MOST_CALENDARS = 5
LONGEST_ADDRESS = 2000
LONGEST_NAME = 80


class AddressRefused(DomainError):
    """No calendar is read from such an address."""

    code = "calendar_address_refused"


class FileRefused(DomainError):
    """The file is no calendar that can be read."""

    code = "calendar_file_refused"


class TooManyCalendars(DomainError):
    """The practitioner has as many other calendars as one may have."""

    code = "too_many_calendars"
    default_text = Text(
        fr="Cinq agendas au plus par praticien : retirez-en un d’abord.",
        en="Five calendars at most for a practitioner: remove one first.",
    )


class ZoneUnknown(DomainError):
    """The time zone does not exist."""

    code = "calendar_zone_unknown"
    default_text = Text(fr="Ce fuseau horaire n’existe pas.", en="This time zone does not exist.")


def may_edit(*, actor: Actor, user_id: UUID | None) -> bool:
    """Tell whether the actor may see and change the other calendars of the practitioner `user_id`.

    They themselves may, who manages the clinic, and the installation.
    """
    if actor.kind is ActorKind.SYSTEM or has_right(actor, Right.MANAGE_CLINIC):
        return True
    is_staff = actor.kind is ActorKind.STAFF and bool(actor.roles)
    return is_staff and user_id is not None and actor.id == user_id


@transaction.atomic
def add_address(
    *,
    resource_id: UUID,
    name: str,
    address: str,
    actor: Actor,
    at: datetime,
    time_zone: str = "",
    calendar_id: UUID | None = None,
) -> UUID:
    """Let the busy time of the calendar at an address be read in, and return the calendar's id.

    The address is kept encrypted and never shown again; `webcal://` stands for `https://`.
    `time_zone` is that of times that name none, the practitioner's own by default. The same
    `calendar_id` sent twice makes one calendar. The first reading comes at once, by the worker.

    Raises:
        AddressRefused: it is not an HTTPS address, or holds a password.
        TooManyCalendars, ZoneUnknown.
        NotVisible: there is no such practitioner, or it is not the actor's affair.
    """
    resource = _resource_for(actor=actor, resource_id=resource_id)
    if (known := _known(calendar_id, resource)) is not None:
        return known
    address = _https(address.strip())
    try:
        host = check_address(address).hostname or ""
    except FetchFailed as failure:
        raise AddressRefused(FAULTS[failure.fault], field="address") from failure
    if len(address) > LONGEST_ADDRESS:
        raise AddressRefused(FAULTS[Fault.NOT_HTTPS], field="address")
    row = _new(resource, calendar_id, name=name, time_zone=time_zone, at=at)
    row.sealed_address = sealing.seal(address, purpose=PURPOSE)
    row.host, row.next_try_at = host, at
    row.save(force_insert=True)
    _record(events.EXTERNAL_CALENDAR_ADDED, row, actor=actor, at=at)
    read_external_calendars_now.defer()
    return row.id


def add_file(
    *,
    resource_id: UUID,
    name: str,
    content: bytes,
    actor: Actor,
    at: datetime,
    time_zone: str = "",
    calendar_id: UUID | None = None,
) -> UUID:
    """Read the busy time of a calendar handed in as a file, once; return the calendar's id.

    Raises:
        FileRefused: it is too large, no calendar, or holds too much.
        TooManyCalendars, ZoneUnknown, NotVisible: as `add_address`.
    """
    _practitioner_for(actor=actor, resource_id=resource_id)
    zone = _zone(resource_id, time_zone)
    # A large file takes seconds to read: no lock is held meanwhile.
    busy, until = _read_file(content, time_zone=zone, at=at)
    with transaction.atomic():
        resource = _resource_for(actor=actor, resource_id=resource_id)
        if (known := _known(calendar_id, resource)) is not None:
            return known
        row = _new(resource, calendar_id, name=name, time_zone=zone, at=at)
        row.read_at, row.tried_at, row.read_until = at, at, until
        row.not_understood = busy.not_understood
        row.save(force_insert=True)
        replace_busy(row, busy.stretches)
        _record(events.EXTERNAL_CALENDAR_ADDED, row, actor=actor, at=at)
        return row.id


def replace_file(*, calendar_id: UUID, content: bytes, actor: Actor, at: datetime) -> None:
    """Read a newer file in the place of an earlier one.

    Raises:
        FileRefused, NotVisible.
    """
    shown = get_calendar(calendar_id)
    if shown is None or not shown.is_file:
        raise NotVisible
    _practitioner_for(actor=actor, resource_id=shown.resource_id)
    busy, until = _read_file(content, time_zone=shown.time_zone, at=at)
    with transaction.atomic():
        row = _calendar_for(actor=actor, calendar_id=calendar_id)
        replace_busy(row, busy.stretches)
        row.not_understood = busy.not_understood
        row.read_until = until
        row.read_at = row.tried_at = at
        row.save()
        _record(events.EXTERNAL_CALENDAR_REPLACED, row, actor=actor, at=at)


@transaction.atomic
def read_again(*, calendar_id: UUID, actor: Actor, at: datetime) -> None:
    """Let the worker read a calendar now instead of at its next round.

    Raises:
        NotVisible.
    """
    row = _calendar_for(actor=actor, calendar_id=calendar_id)
    if not row.sealed_address:
        raise NotVisible
    row.next_try_at = at
    row.save(update_fields=["next_try_at"])
    read_external_calendars_now.defer()


@transaction.atomic
def remove_calendar(*, calendar_id: UUID, actor: Actor, at: datetime) -> None:
    """Forget a calendar, its address and its busy time here; the calendar itself is untouched.

    Raises:
        NotVisible.
    """
    row = _calendar_for(actor=actor, calendar_id=calendar_id)
    _record(events.EXTERNAL_CALENDAR_REMOVED, row, actor=actor, at=at)
    row.delete()


def _practitioner_for(*, actor: Actor, resource_id: UUID, lock: bool = False) -> Resource:
    """Return a practitioner whose calendars the actor may change."""
    rows = Resource.objects.filter(id=resource_id, kind=ResourceKind.PRACTITIONER)
    # Appointments refer to the row meanwhile: only other changes of calendars wait.
    row = (rows.select_for_update(no_key=True) if lock else rows).first()
    if row is None or not may_edit(actor=actor, user_id=row.user_id):
        raise NotVisible
    return row


def _resource_for(*, actor: Actor, resource_id: UUID) -> Resource:
    return _practitioner_for(actor=actor, resource_id=resource_id, lock=True)


def _calendar_for(*, actor: Actor, calendar_id: UUID) -> ExternalCalendar:
    row = ExternalCalendar.objects.select_for_update().filter(id=calendar_id).first()
    if row is None:
        raise NotVisible
    _resource_for(actor=actor, resource_id=row.resource_id)
    return row


def _known(calendar_id: UUID | None, resource: Resource) -> UUID | None:
    """Return the calendar that the same request made already, or None."""
    if calendar_id is None:
        return None
    row = ExternalCalendar.objects.filter(id=calendar_id).first()
    if row is None:
        return None
    if row.resource_id != resource.id:
        raise NotVisible
    return row.id


def _new(
    resource: Resource, calendar_id: UUID | None, *, name: str, time_zone: str, at: datetime
) -> ExternalCalendar:
    if resource.external_calendars.count() >= MOST_CALENDARS:
        raise TooManyCalendars
    return ExternalCalendar(
        id=calendar_id or new_id(),
        resource=resource,
        name=one_line(name, most=LONGEST_NAME) or "–",
        time_zone=_zone(resource.id, time_zone),
        created_at=at,
    )


def _zone(resource_id: UUID, time_zone: str) -> str:
    zone = time_zone or next(iter(zones_of_resource(resource_id)), "")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ZoneUnknown(field="time_zone") from error
    return zone


def _https(address: str) -> str:
    parts = urlsplit(address) if address.lower().startswith(("webcal:", "webcals:")) else None
    return address if parts is None else f"https:{address.partition(':')[2]}"


def _read_file(content: bytes, *, time_zone: str, at: datetime) -> tuple[BusyTime, datetime]:
    if len(content) > MOST_BYTES:
        raise FileRefused(FAULTS[Fault.TOO_LARGE], field="file")
    try:
        return busy_time_of(content, time_zone=time_zone, at=at, ahead=FILE_AHEAD)
    except NotACalendar as error:
        raise FileRefused(FAULTS[NOT_A_CALENDAR], field="file") from error
    except TooMuch as error:
        raise FileRefused(FAULTS[TOO_MUCH], field="file") from error


def _record(action: Action, row: ExternalCalendar, *, actor: Actor, at: datetime) -> None:
    record(
        action=action,
        actor=actor,
        at=at,
        subject_kind="external_calendar",
        subject_id=row.id,
        details={"resource": str(row.resource_id), "is_file": not row.sealed_address},
    )
