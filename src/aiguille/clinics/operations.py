"""Setting up the group: sites, roles, resources, hours, closures."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import IntegrityError, transaction

from aiguille.accounts.queries import get_user, physician_credentials
from aiguille.accounts.rights import Right, require_unless_system
from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.clinics import events
from aiguille.clinics.changing import SetUpStale, SetUpUnsound
from aiguille.clinics.models import ClinicGroup, MedicalDirector, Membership, Resource, Site
from aiguille.clinics.openings import (
    add_closure,
    add_extra_opening,
    close_on_days,
    remove_closure,
    remove_extra_opening,
)
from aiguille.clinics.people_and_things import set_resource_active, update_resource
from aiguille.clinics.site_changes import give_same_roles, update_site
from aiguille.clinics.weekly_hours import (
    Opening,
    OpeningUnsound,
    drop_weekly_hours,
    set_weekly_hours,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Jurisdiction, ResourceKind, StaffRole
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text

__all__ = [
    "CodeTaken",
    "NotAPhysician",
    "Opening",
    "OpeningUnsound",
    "PeriodTaken",
    "SetUpStale",
    "SetUpUnsound",
    "add_closure",
    "add_extra_opening",
    "add_membership",
    "appoint_medical_director",
    "close_on_days",
    "create_group",
    "create_resource",
    "create_site",
    "drop_weekly_hours",
    "end_membership",
    "give_same_roles",
    "remove_closure",
    "remove_extra_opening",
    "set_resource_active",
    "set_weekly_hours",
    "update_resource",
    "update_site",
]


class PeriodTaken(DomainError):
    """The same appointment or role already stands during part of the period."""

    code = "period_taken"
    default_text = Text(
        fr="Cela existe déjà sur une partie de cette période.",
        en="This already stands during part of this period.",
    )


class CodeTaken(DomainError):
    """Another site or resource has this code."""

    code = "code_taken"
    default_text = Text(fr="Ce code est déjà utilisé.", en="This code is already used.")


class NotAPhysician(DomainError):
    """Only a physician in force may be the medical director."""

    code = "not_a_physician"
    default_text = Text(
        fr="La direction médicale revient à un médecin dont la qualification est en cours.",
        en="The medical director is a physician whose qualification is in force.",
    )


@transaction.atomic
def create_group(
    *,
    name: str,
    legal_name: str,
    email: str,
    phone: str,
    actor: Actor,
    at: datetime,
    jurisdiction: str = Jurisdiction.FR,
    second_factor_required: bool = True,
) -> UUID:
    """Create the group that this installation serves, and return its id.

    Raises:
        CodeTaken: there is one already.
        NotAllowed.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    if ClinicGroup.objects.exists():
        raise CodeTaken
    group = ClinicGroup.objects.create(
        name=name,
        legal_name=legal_name,
        email=email,
        phone=phone,
        jurisdiction=Jurisdiction(jurisdiction),
        second_factor_required=second_factor_required,
    )
    _record(events.GROUP_CREATED, actor=actor, at=at, kind="group", subject_id=group.id)
    return group.id


@transaction.atomic
def create_site(
    *,
    code: str,
    name: str,
    street: str,
    postcode: str,
    city: str,
    phone: str,
    email: str,
    access: Text,
    actor: Actor,
    at: datetime,
    country: str = "FR",
    time_zone: str = "Europe/Paris",
) -> UUID:
    """Create a site of the group and return its id.

    Raises:
        SetUpUnsound: the time zone does not exist.
        CodeTaken, NotAllowed.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SetUpUnsound(
            Text(fr="Ce fuseau horaire n’existe pas.", en="This time zone does not exist."),
            field="time_zone",
        ) from error
    site = Site(
        group=ClinicGroup.objects.get(),
        code=code,
        name=name,
        street=street,
        postcode=postcode,
        city=city,
        country=country,
        phone=phone,
        email=email,
        time_zone=time_zone,
        access=access,
    )
    _insert(site, taken=CodeTaken(field="code"))
    _record(events.SITE_CREATED, actor=actor, at=at, kind="site", subject_id=site.id, site=site.id)
    return site.id


@transaction.atomic
def add_membership(
    *,
    user_id: UUID,
    site_id: UUID,
    role: StaffRole,
    valid_from: date,
    actor: Actor,
    at: datetime,
    valid_until: date | None = None,
) -> UUID:
    """Give a member of staff a role at a site, from a day up to, not including, another.

    Raises:
        SetUpUnsound: the login is a patient's, or the period is empty.
        PeriodTaken, NotAllowed.
    """
    require_unless_system(actor, Right.MANAGE_STAFF)
    user = get_user(user_id=user_id)
    if user is None or not user.is_staff:
        raise SetUpUnsound(
            Text(
                fr="Un rôle se donne à un compte professionnel.",
                en="A role is given to a staff account.",
            ),
            field="user_id",
        )
    _check_period(valid_from, valid_until)
    membership = Membership(
        user_id=user_id,
        site_id=site_id,
        role=StaffRole(role),
        valid_during=(valid_from, valid_until),
    )
    _insert(membership, taken=PeriodTaken(field="valid_from"))
    _record(
        events.MEMBERSHIP_ADDED,
        actor=actor,
        at=at,
        kind="user",
        subject_id=user_id,
        site=site_id,
        role=StaffRole(role).value,
    )
    return membership.id


@transaction.atomic
def end_membership(*, membership_id: UUID, on: date, actor: Actor, at: datetime) -> None:
    """Let a role end: `on` is the first day without it.

    Raises:
        SetUpUnsound: the role would end before it began.
        NotAllowed.
    """
    require_unless_system(actor, Right.MANAGE_STAFF)
    membership = Membership.objects.select_for_update().get(id=membership_id)
    _check_period(membership.valid_during.lower, on)
    membership.valid_during = (membership.valid_during.lower, on)
    membership.save(update_fields=["valid_during"])
    _record(
        events.MEMBERSHIP_ENDED,
        actor=actor,
        at=at,
        kind="user",
        subject_id=membership.user_id,
        site=membership.site_id,
        role=membership.role,
    )


@transaction.atomic
def appoint_medical_director(
    *,
    user_id: UUID,
    valid_from: date,
    actor: Actor,
    at: datetime,
    valid_until: date | None = None,
) -> UUID:
    """Appoint a physician as the group's medical director.

    Raises:
        NotAPhysician: no physician's qualification is in force on the first day.
        PeriodTaken: there is a director during part of the period.
        NotAllowed.
    """
    require_unless_system(actor, Right.MANAGE_STAFF)
    if physician_credentials(user_id=user_id, on=valid_from) is None:
        raise NotAPhysician(field="user_id")
    _check_period(valid_from, valid_until)
    director = MedicalDirector(
        group=ClinicGroup.objects.get(), user_id=user_id, valid_during=(valid_from, valid_until)
    )
    _insert(director, taken=PeriodTaken(field="valid_from"))
    _record(events.DIRECTOR_APPOINTED, actor=actor, at=at, kind="user", subject_id=user_id)
    return director.id


@transaction.atomic
def create_resource(
    *,
    kind: ResourceKind,
    code: str,
    name: str,
    actor: Actor,
    at: datetime,
    title: str = "",
    presentation: Text | None = None,
    skills: Sequence[str] = (),
    user_id: UUID | None = None,
    site_id: UUID | None = None,
) -> UUID:
    """Create a practitioner (with a login), a room or a device (at a site); return its id.

    Raises:
        SetUpUnsound: a practitioner without a staff login of their own, a room or a device
            without a site.
        CodeTaken, NotAllowed.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    if kind == ResourceKind.PRACTITIONER and user_id is None:
        raise SetUpUnsound(
            Text(fr="Un praticien a un compte.", en="A practitioner has a login."), field="user_id"
        )
    if user_id is not None:
        _check_login(user_id)
    if kind != ResourceKind.PRACTITIONER and site_id is None:
        raise SetUpUnsound(
            Text(
                fr="Une salle ou un appareil se trouve sur un site.",
                en="A room or a device is at a site.",
            ),
            field="site_id",
        )
    resource = Resource(
        kind=ResourceKind(kind),
        code=code,
        name=name,
        title=title,
        presentation=presentation,
        skills=list(skills),
        user_id=user_id,
        site_id=site_id,
    )
    _insert(resource, taken=CodeTaken(field="code"))
    _record(
        events.RESOURCE_CREATED,
        actor=actor,
        at=at,
        kind="resource",
        subject_id=resource.id,
        site=site_id,
    )
    return resource.id


def _check_login(user_id: UUID) -> None:
    user = get_user(user_id=user_id)
    if user is None or not user.is_staff or Resource.objects.filter(user_id=user_id).exists():
        raise SetUpUnsound(
            Text(
                fr="Choisissez un compte professionnel qui n’est pas encore celui d’un praticien.",
                en="Choose a staff account that is not a practitioner’s yet.",
            ),
            field="user_id",
        )


def _check_period(valid_from: date, valid_until: date | None) -> None:
    if valid_until is not None and valid_until <= valid_from:
        raise SetUpUnsound(
            Text(fr="La fin précède le début.", en="It ends before it begins."),
            field="valid_until",
        )


def _insert(row: Site | Membership | MedicalDirector | Resource, *, taken: DomainError) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise taken from error


def _record(
    action: Action,
    *,
    actor: Actor,
    at: datetime,
    kind: str,
    subject_id: UUID,
    site: UUID | None = None,
    **details: str,
) -> None:
    record(
        action=action,
        actor=actor,
        at=at,
        subject_kind=kind,
        subject_id=subject_id,
        site_id=site,
        details=details,
    )
