"""Setting up the group: sites, roles, resources, hours, closures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import IntegrityError, transaction

from aiguille.accounts.queries import get_user, physician_credentials
from aiguille.accounts.rights import Right, require_unless_system
from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.clinics import events
from aiguille.clinics.access import require_may_close
from aiguille.clinics.models import (
    MINUTES_PER_DAY,
    ClinicGroup,
    Closure,
    ExtraOpening,
    MedicalDirector,
    Membership,
    OpeningHours,
    Resource,
    Site,
)
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Jurisdiction, ResourceKind, StaffRole
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text


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


class SetUpUnsound(DomainError):
    """A value of the set-up cannot be right."""

    code = "set_up_unsound"


class NotAPhysician(DomainError):
    """Only a physician in force may be the medical director."""

    code = "not_a_physician"
    default_text = Text(
        fr="La direction médicale revient à un médecin dont la qualification est en cours.",
        en="The medical director is a physician whose qualification is in force.",
    )


@dataclass(frozen=True, slots=True)
class Opening:
    """A weekly opening at a site: weekday 0 is Monday; minutes since the local midnight."""

    site_id: UUID
    weekday: int
    from_minute: int
    until_minute: int


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
        SetUpUnsound: a practitioner without a login, a room or a device without a site.
        CodeTaken, NotAllowed.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    if kind == ResourceKind.PRACTITIONER and user_id is None:
        raise SetUpUnsound(
            Text(fr="Un praticien a un compte.", en="A practitioner has a login."), field="user_id"
        )
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


@transaction.atomic
def set_weekly_hours(
    *, resource_id: UUID, openings: Iterable[Opening], actor: Actor, at: datetime
) -> None:
    """Replace a resource's weekly openings.

    Raises:
        SetUpUnsound: an opening is empty, leaves the day, or two overlap on a weekday.
        NotAllowed.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    ordered = sorted(openings, key=lambda opening: (opening.weekday, opening.from_minute))
    for opening in ordered:
        _check_minutes(opening.from_minute, opening.until_minute)
        if not 0 <= opening.weekday <= 6:
            raise SetUpUnsound(
                Text(fr="Ce jour n’existe pas.", en="This weekday does not exist."),
                field="weekday",
            )
    for earlier, later in pairwise(ordered):
        if earlier.weekday == later.weekday and later.from_minute < earlier.until_minute:
            raise SetUpUnsound(
                Text(
                    fr="Deux ouvertures du même jour se chevauchent.",
                    en="Two openings of the same day overlap.",
                ),
                field="from_minute",
            )
    resource = Resource.objects.select_for_update().get(id=resource_id)
    OpeningHours.objects.filter(resource=resource).delete()
    OpeningHours.objects.bulk_create(
        OpeningHours(
            resource=resource,
            site_id=opening.site_id,
            weekday=opening.weekday,
            from_minute=opening.from_minute,
            until_minute=opening.until_minute,
        )
        for opening in ordered
    )
    _record(events.HOURS_SET, actor=actor, at=at, kind="resource", subject_id=resource_id)


@transaction.atomic
def add_extra_opening(
    *,
    resource_id: UUID,
    site_id: UUID,
    on: date,
    from_minute: int,
    until_minute: int,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Open a resource on one date, beside its weekly hours.

    Raises:
        SetUpUnsound: the opening is empty or leaves the day.
        NotAllowed.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    _check_minutes(from_minute, until_minute)
    opening = ExtraOpening.objects.create(
        resource_id=resource_id,
        site_id=site_id,
        date=on,
        from_minute=from_minute,
        until_minute=until_minute,
    )
    _record(events.EXTRA_OPENING_ADDED, actor=actor, at=at, kind="resource", subject_id=resource_id)
    return opening.id


@transaction.atomic
def add_closure(
    *,
    from_date: date,
    until_date: date,
    actor: Actor,
    at: datetime,
    resource_id: UUID | None = None,
    site_id: UUID | None = None,
    from_minute: int = 0,
    until_minute: int = 0,
    reason: str = "",
) -> UUID:
    """Close a resource, or a whole site, from a local date and minute until another.

    Practitioners close their own calendar, the front desk anybody's, managers whole sites too.

    Raises:
        SetUpUnsound: nothing would be closed.
        NotAllowed.
    """
    require_may_close(actor=actor, resource_id=resource_id)
    if resource_id is None and site_id is None:
        raise SetUpUnsound(
            Text(fr="Indiquez ce qui ferme.", en="Say what is closed."), field="resource_id"
        )
    if (from_date, from_minute) >= (until_date, until_minute):
        raise SetUpUnsound(
            Text(fr="La fin précède le début.", en="It ends before it begins."),
            field="until_date",
        )
    closure = Closure.objects.create(
        resource_id=resource_id,
        site_id=site_id,
        from_date=from_date,
        from_minute=from_minute,
        until_date=until_date,
        until_minute=until_minute,
        reason=reason,
    )
    _record(
        events.CLOSURE_ADDED,
        actor=actor,
        at=at,
        kind="closure",
        subject_id=closure.id,
        site=site_id,
    )
    return closure.id


def _check_minutes(from_minute: int, until_minute: int) -> None:
    if not 0 <= from_minute < until_minute <= MINUTES_PER_DAY:
        raise SetUpUnsound(
            Text(
                fr="Une ouverture va d’une minute à une autre de la même journée.",
                en="An opening goes from one minute of a day to a later one.",
            ),
            field="from_minute",
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
