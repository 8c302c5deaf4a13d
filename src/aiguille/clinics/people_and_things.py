"""Practitioners, rooms and devices that stand: their names, their skills, whether they take part."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, require_unless_system
from aiguille.clinics import events
from aiguille.clinics.changing import SetUpUnsound, expect_seen, found, note_change
from aiguille.clinics.models import Resource
from aiguille.kernel.actor import Actor
from aiguille.kernel.text import Text

LONGEST_NAME, LONGEST_TITLE, LONGEST_SKILL = 120, 40, 60
MOST_SKILLS = 30


@transaction.atomic
def update_resource(
    *,
    resource_id: UUID,
    name: str,
    skills: Sequence[str],
    actor: Actor,
    at: datetime,
    title: str = "",
    seen: str | None = None,
) -> None:
    """Rename a practitioner, a room or a device, and say what it may be used for.

    `seen` is the mark (`timetable.ResourceState.mark`) of what the page showed.

    Raises:
        SetUpUnsound: the name is empty, or something is too long.
        SetUpStale: it is not what the page showed.
        NotAllowed, NotVisible.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    name, title = name.strip(), title.strip()
    skills = list(dict.fromkeys(each.strip() for each in skills if each.strip()))
    if not name:
        raise SetUpUnsound(Text(fr="Donnez un nom.", en="Give a name."), field="name")
    too_long = {
        "name": len(name) > LONGEST_NAME,
        "title": len(title) > LONGEST_TITLE,
        "skills": len(skills) > MOST_SKILLS or any(len(each) > LONGEST_SKILL for each in skills),
    }
    for field, is_wrong in too_long.items():
        if is_wrong:
            raise SetUpUnsound(Text(fr="C’est trop long.", en="This is too long."), field=field)
    resource = found(Resource.objects.select_for_update().filter(id=resource_id).first())
    before = resource_state(resource)
    expect_seen(before, seen)
    resource.name, resource.title, resource.skills = name, title, skills
    resource.save(update_fields=["name", "title", "skills"])
    note_change(
        events.RESOURCE_CHANGED,
        actor=actor,
        at=at,
        kind="resource",
        subject_id=resource.id,
        site_id=resource.site_id,
        before=before,
        after=resource_state(resource),
    )


@transaction.atomic
def set_resource_active(*, resource_id: UUID, is_active: bool, actor: Actor, at: datetime) -> None:
    """Let a practitioner, a room or a device take part in appointments, or not any more.

    What was booked stays booked: `booking.displaced` lists it. Doing it twice changes nothing.

    Raises:
        NotAllowed, NotVisible.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    resource = found(Resource.objects.select_for_update().filter(id=resource_id).first())
    if resource.is_active == is_active:
        return
    resource.is_active = is_active
    resource.save(update_fields=["is_active"])
    note_change(
        events.RESOURCE_RETURNED if is_active else events.RESOURCE_WITHDRAWN,
        actor=actor,
        at=at,
        kind="resource",
        subject_id=resource.id,
        site_id=resource.site_id,
    )


def resource_state(resource: Resource) -> dict[str, object]:
    """Return what may be changed of a resource, as JSON values."""
    return {"name": resource.name, "title": resource.title, "skills": list(resource.skills)}
