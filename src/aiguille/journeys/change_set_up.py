"""Changing hours, people, rooms or services: first what it would displace, then the change.

A change is tried under a savepoint. Where it displaces appointments or makes a service impossible
that nobody has been shown yet, it is rolled back and the page shows them; shown and confirmed, it
is saved, and whoever keeps the desk of each site finds a task.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from aiguille.booking.displaced import Displaced, all_displaced
from aiguille.booking.queries import AppointmentView, get_appointment, upcoming_of_service
from aiguille.catalogue.operations import retire_service
from aiguille.catalogue.possible import Obstacle, Openings
from aiguille.catalogue.queries import NeedView, ServiceView, get_service, list_services
from aiguille.clinics.operations import update_resource
from aiguille.clinics.queries import list_sites, resources_with_hours
from aiguille.clinics.timetable import list_resources
from aiguille.journeys.change_appointment import move
from aiguille.kernel.actor import SYSTEM, Actor
from aiguille.kernel.codes import ResourceKind, StaffRole
from aiguille.kernel.text import Text
from aiguille.worklist.operations import finish_tasks_about, open_task

TASK = "displaced"
_TITLE = Text(
    fr="Rendez-vous à déplacer après un changement d’horaires ou de ressources",
    en="Appointments to move after a change of hours or resources",
)
_AT_LEAST_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ImpossibleService:
    """A service on offer that no opening can hold, and why."""

    service: ServiceView
    obstacle: Obstacle


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change does, saved or not; `key` confirms exactly this."""

    is_saved: bool
    displaced: tuple[Displaced, ...]
    impossible: tuple[ImpossibleService, ...]
    key: str


def change_set_up(
    *, change: Callable[[], object], confirmed: str, actor: Actor, at: datetime
) -> Outcome:
    """Make a change of the set-up, or say what it would do and leave everything as it was.

    It is saved where it displaces nothing and makes nothing impossible, or where `confirmed` is
    the key of exactly what it does: what somebody booked meanwhile is shown before. Where it
    leaves nothing displaced at a site, that site's task ends.

    Raises:
        what `change` raises.
    """
    with transaction.atomic(durable=True):
        stood = all_displaced(at=at)
        known = {each.appointment.id for each in stood}
        unable = {each.service.id for each in impossible_services(at=at)}
        before = transaction.savepoint()
        change()
        stands = all_displaced(at=at)
        displaced = [each for each in stands if each.appointment.id not in known]
        impossible = [i for i in impossible_services(at=at) if i.service.id not in unable]
        key = _key(displaced, impossible)
        is_saved = key in {"", confirmed}
        if is_saved:
            transaction.savepoint_commit(before)
            _open_tasks(displaced, actor=actor, at=at)
            for site_id in _sites(stood) - _sites(stands):
                finish_tasks_about(kind=TASK, subject_id=site_id, actor=actor, at=at)
        else:
            transaction.savepoint_rollback(before)
        return Outcome(is_saved, tuple(displaced), tuple(impossible), key)


def impossible_services(*, at: datetime) -> list[ImpossibleService]:
    """Return the services on offer that can never take place as things are (two queries)."""
    openings = Openings(resources_with_hours(), on=at.date())
    return [
        ImpossibleService(service, obstacle)
        for service in list_services()
        if (
            obstacle := openings.obstacle_of(
                needs=service.needs, phases=service.phases, site_ids=service.site_ids
            )
        )
    ]


@dataclass(frozen=True, slots=True)
class Retirement:
    """What stands ahead of a service that leaves the offer; `key` confirms exactly this."""

    is_done: bool
    appointments: tuple[AppointmentView, ...]
    key: str


def read_retirement(*, service_id: UUID, at: datetime) -> Retirement:
    """Return what is booked ahead with a service (one query)."""
    ahead = upcoming_of_service(service_id, at=at)
    return Retirement(
        is_done=False,
        appointments=tuple(ahead),
        key=_key_of(str(each.id) for each in ahead),
    )


def retire(*, service_id: UUID, confirmed: str, actor: Actor, at: datetime) -> Retirement:
    """Take a service off the offer where `confirmed` is the key of what is booked ahead with it.

    All of that keeps its time, and can be moved or cancelled as before.

    Raises:
        NotAllowed, NotInCatalogue.
    """
    with transaction.atomic(durable=True):
        stands = read_retirement(service_id=service_id, at=at)
        if stands.key not in {"", confirmed}:
            return stands
        retire_service(service_id=service_id, actor=actor, at=at)
        return replace(stands, is_done=True)


def set_performers(
    *, service_id: UUID, practitioner_ids: Collection[UUID], actor: Actor, at: datetime
) -> None:
    """Give the skill that a service asks of its practitioner to these people, and to nobody else.

    Raises:
        NotAllowed, NotInCatalogue.
    """
    need = practitioner_need(get_service(service_id))
    if need is None or not need.skill:
        return
    for doctor in list_resources():
        has, wants = need.skill in doctor.skills, doctor.id in practitioner_ids
        if not doctor.is_practitioner or not doctor.is_active or has is wants:
            continue
        others = [skill for skill in doctor.skills if skill != need.skill]
        update_resource(
            resource_id=doctor.id,
            name=doctor.name,
            title=doctor.title,
            skills=[*others, need.skill] if wants else others,
            actor=actor,
            at=at,
        )


def practitioner_need(service: ServiceView) -> NeedView | None:
    """Return what a service asks of its practitioner, or None where it needs none."""
    return next((n for n in service.needs if n.kind is ResourceKind.PRACTITIONER), None)


def move_displaced(
    *,
    appointment_id: UUID,
    starts_at: datetime,
    site_id: UUID,
    practitioner_id: UUID | None,
    version: int,
    actor: Actor,
    at: datetime,
) -> None:
    """Move a displaced appointment to a time proposed; the site's task ends with its last one.

    The patient is told as of any move, save where they would see no difference: same time, same
    practitioner, another room.

    Raises:
        what `change_appointment.move` raises.
    """
    stands = get_appointment(appointment_id)
    is_unseen = (starts_at, site_id, practitioner_id) == (
        stands.starts_at,
        stands.site_id,
        stands.practitioner_id,
    )
    move(
        appointment_id=appointment_id,
        starts_at=starts_at,
        site_id=site_id,
        practitioner_id=practitioner_id,
        version=version,
        told_after=None if is_unseen else timedelta(0),
        actor=actor,
        at=at,
    )
    settle(site_id=site_id, actor=actor, at=at)


def settle(*, site_id: UUID, actor: Actor, at: datetime) -> None:
    """Finish the site's task where nothing is displaced there any more."""
    with transaction.atomic(durable=True):
        if not all_displaced(at=at, site_id=site_id):
            finish_tasks_about(kind=TASK, subject_id=site_id, actor=actor, at=at)


def look_for_displaced(*, at: datetime) -> int:
    """Open the tasks for whatever is displaced, finish those of nothing; return how many are.

    Somebody may book while hours are being changed, or move the last appointment elsewhere.
    """
    displaced = all_displaced(at=at)
    sites = _sites(displaced)
    with transaction.atomic(durable=True):
        _open_tasks(displaced, actor=SYSTEM, at=at)
        for site in list_sites():
            if site.id not in sites:
                finish_tasks_about(kind=TASK, subject_id=site.id, actor=SYSTEM, at=at)
    return len(displaced)


def _sites(displaced: Sequence[Displaced]) -> set[UUID]:
    return {each.appointment.site_id for each in displaced}


def _open_tasks(displaced: Sequence[Displaced], *, actor: Actor, at: datetime) -> None:
    first: dict[UUID, datetime] = {}
    for each in displaced:  # by start
        first.setdefault(each.appointment.site_id, each.appointment.starts_at)
    for site_id, starts_at in first.items():
        open_task(
            kind=TASK,
            title=_TITLE,
            subject_kind="site",
            subject_id=site_id,
            site_id=site_id,
            role=StaffRole.FRONT_DESK,
            due_at=min(starts_at, at + _AT_LEAST_WITHIN),
            actor=actor,
            at=at,
        )


def _key(displaced: Sequence[Displaced], impossible: Sequence[ImpossibleService]) -> str:
    return _key_of(
        [
            *(str(each.appointment.id) for each in displaced),
            *(str(each.service.id) for each in impossible),
        ]
    )


def _key_of(names: Iterable[str]) -> str:
    named = sorted(names)
    return hashlib.sha256(" ".join(named).encode()).hexdigest()[:24] if named else ""
