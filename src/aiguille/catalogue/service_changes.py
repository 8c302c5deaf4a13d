"""A service from its draft on: what it is called and costs, what it holds, whether it is on offer."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify

from aiguille.accounts.rights import Right, require_unless_system
from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.catalogue import events
from aiguille.catalogue.models import PriceDisplay, Service, ServiceNeed, ServicePhase, Treatment
from aiguille.catalogue.possible import Obstacle, Openings
from aiguille.catalogue.queries import NeedView, NotInCatalogue, PhaseView, ServiceView, get_service
from aiguille.catalogue.soundness import (
    ServiceUnsound,
    check_draft,
    check_offer,
    check_parts,
    check_words,
    service_state,
)
from aiguille.clinics.changing import expect_seen
from aiguille.clinics.queries import list_sites, resources_with_hours
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure, ServiceKind
from aiguille.kernel.money import Money
from aiguille.kernel.text import Text

# What a draft begins with, until somebody says otherwise.
_DRAFT_NOTICE_MINUTES, _DRAFT_HORIZON_DAYS = 24 * 60, 84
_LONGEST_STEM = 60


@transaction.atomic
def draft_service(
    *,
    kind: ServiceKind,
    procedure: Procedure,
    treatment_id: UUID | None,
    name: Text,
    description: Text,
    price: Money,
    price_display: PriceDisplay = PriceDisplay.EXACT,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Begin a service that nobody can book yet, and return its key; its phases come later.

    A session takes its procedure from its treatment.

    Raises:
        ServiceUnsound: a text, the price, or what it treats is missing; `field` names it.
        NotAllowed.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    check_words(name=name, description=description, price=price, price_display=price_display)
    if kind is ServiceKind.SESSION:
        treatment = Treatment.objects.filter(id=treatment_id).first() if treatment_id else None
        if treatment is None:
            raise ServiceUnsound(
                Text(fr="Une séance appartient à un soin.", en="A session belongs to a treatment."),
                field="treatment_id",
            )
        procedure = Procedure(treatment.procedure)
    row = Service.objects.create(
        code=_free_code(name),
        kind=kind,
        procedure=procedure,
        treatment_id=treatment_id if kind is ServiceKind.SESSION else None,
        name=name,
        description=description,
        min_notice_minutes=_DRAFT_NOTICE_MINUTES,
        max_horizon_days=_DRAFT_HORIZON_DAYS,
        price_minor=price.minor,
        currency=price.currency,
        price_display=price_display,
        is_bookable_online=False,
        is_active=False,
        is_draft=True,
        position=Service.objects.count(),
    )
    _note(events.SERVICE_CREATED, row, actor=actor, at=at, details={"code": row.code})
    return row.id


@transaction.atomic
def describe_service(
    *,
    service_id: UUID,
    name: Text,
    description: Text,
    price: Money,
    price_display: PriceDisplay = PriceDisplay.EXACT,
    actor: Actor,
    at: datetime,
    seen: str | None = None,
) -> None:
    """Change what a service is called, how it is described and what it costs.

    Raises:
        ServiceUnsound: a text or the price is missing; `field` names it.
        SetUpStale: the service is not what the page showed.
        NotAllowed, NotInCatalogue.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    row = _locked(service_id)
    before = service_state(get_service(service_id))
    expect_seen(before, seen)
    check_words(name=name, description=description, price=price, price_display=price_display)
    row.name, row.description = name, description
    row.price_minor, row.currency, row.price_display = price.minor, price.currency, price_display
    row.save(update_fields=["name", "description", "price_minor", "currency", "price_display"])
    _note_change(row, before, actor=actor, at=at)


@transaction.atomic
def update_service(
    *,
    service_id: UUID,
    needs: Sequence[NeedView],
    phases: Sequence[PhaseView],
    min_notice_minutes: int,
    max_horizon_days: int,
    slot_step_minutes: int,
    is_bookable_online: bool,
    is_active: bool,
    site_ids: Collection[UUID] = (),
    actor: Actor,
    at: datetime,
    seen: str | None = None,
) -> None:
    """Change what a service holds, how long, and how and where it is offered.

    Appointments that stand keep the times that they hold. `seen` is the mark (`mark_of_service`)
    of what the page showed. Where its parts or sites change, or it comes on offer, the service
    must be possible by the hours there are; a draft that stays one may lack what it likes.

    Raises:
        ServiceUnsound: something does not fit; `field` names it (`phases.1.minutes`, ...).
        SetUpStale: the service is not what the page showed.
        NotAllowed, NotInCatalogue.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    row = _locked(service_id)
    stands = get_service(service_id)
    before = service_state(stands)
    expect_seen(before, seen)
    check_offer(min_notice_minutes, max_horizon_days, slot_step_minutes)
    _check_sites(site_ids)
    is_remade = (tuple(needs), tuple(phases), frozenset(site_ids)) != (
        stands.needs,
        stands.phases,
        stands.site_ids,
    )
    if row.is_draft and not is_active:
        check_draft(needs=needs, phases=phases)
    else:
        check_parts(needs=needs, phases=phases)
        if is_remade or (is_active and not row.is_active):
            _check_possible(needs=needs, phases=phases, site_ids=site_ids, on=at.date())
        if is_active and not row.is_active:
            _check_alone(row)
    row.min_notice_minutes = min_notice_minutes
    row.max_horizon_days = max_horizon_days
    row.slot_step_minutes = slot_step_minutes
    row.is_bookable_online = is_bookable_online
    row.is_active = is_active
    row.is_draft = row.is_draft and not is_active
    row.site_ids = sorted(site_ids)
    row.save(
        update_fields=[
            "min_notice_minutes",
            "max_horizon_days",
            "slot_step_minutes",
            "is_bookable_online",
            "is_active",
            "is_draft",
            "site_ids",
        ]
    )
    if (tuple(needs), tuple(phases)) != (stands.needs, stands.phases):
        ServiceNeed.objects.filter(service=row).delete()
        ServicePhase.objects.filter(service=row).delete()
        insert_parts(row, needs=needs, phases=phases)
    _note_change(row, before, actor=actor, at=at)


@transaction.atomic
def retire_service(*, service_id: UUID, actor: Actor, at: datetime) -> None:
    """Take a service off the offer: nobody can book it any more, what is booked stays.

    Doing it twice changes nothing.

    Raises:
        NotAllowed, NotInCatalogue.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    row = _locked(service_id)
    if not row.is_active:
        return
    row.is_active = False
    row.save(update_fields=["is_active"])
    _note(events.SERVICE_RETIRED, row, actor=actor, at=at, details={"code": row.code})


@transaction.atomic
def discard_draft(*, service_id: UUID, actor: Actor, at: datetime) -> None:
    """Throw a draft away: nothing was ever booked with it.

    Raises:
        ServiceUnsound: it is no draft.
        NotAllowed, NotInCatalogue.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    row = _locked(service_id)
    if not row.is_draft:
        raise ServiceUnsound(
            Text(
                fr="Cette prestation a été proposée : retirez-la de l’offre.",
                en="This service was on offer: retire it instead.",
            )
        )
    _note(events.SERVICE_DISCARDED, row, actor=actor, at=at, details={"code": row.code})
    row.delete()


def missing_of(service: ServiceView, *, on: date) -> Obstacle | None:
    """Return the first thing that keeps a service from being offered, or None (one query)."""
    try:
        check_parts(needs=service.needs, phases=service.phases)
    except ServiceUnsound as error:
        return Obstacle(error.field or "", error.text)
    return Openings(resources_with_hours(), on=on).obstacle_of(
        needs=service.needs, phases=service.phases, site_ids=service.site_ids
    )


def insert_parts(row: Service, *, needs: Sequence[NeedView], phases: Sequence[PhaseView]) -> None:
    """Write what a service holds, for an operation that has checked it."""
    ServiceNeed.objects.bulk_create(
        ServiceNeed(
            service=row,
            name=need.name,
            kind=need.kind,
            skill=need.skill,
            buffer_before_minutes=need.buffer_before_minutes,
            buffer_after_minutes=need.buffer_after_minutes,
        )
        for need in needs
    )
    ServicePhase.objects.bulk_create(
        ServicePhase(
            service=row,
            position=position,
            name=phase.name,
            minutes=phase.minutes,
            needs=list(phase.needs),
        )
        for position, phase in enumerate(phases)
    )


def _locked(service_id: UUID) -> Service:
    row = Service.objects.select_for_update().filter(id=service_id).first()
    if row is None:
        raise NotInCatalogue
    return row


def _check_possible(
    *,
    needs: Sequence[NeedView],
    phases: Sequence[PhaseView],
    site_ids: Collection[UUID],
    on: date,
) -> None:
    openings = Openings(resources_with_hours(), on=on)
    if obstacle := openings.obstacle_of(needs=needs, phases=phases, site_ids=site_ids):
        raise ServiceUnsound(obstacle.text, field=obstacle.field)


def _check_sites(site_ids: Collection[UUID]) -> None:
    if site_ids and not set(site_ids) <= {site.id for site in list_sites()}:
        raise ServiceUnsound(
            Text(fr="Ce site n’existe pas ici.", en="There is no such site here."),
            field="site_ids",
        )


def _check_alone(row: Service) -> None:
    """Refuse a second session of a treatment: a plan's sessions are booked by the one there is."""
    others = Service.objects.filter(treatment=row.treatment_id, kind=row.kind, is_active=True)
    if row.kind != ServiceKind.SESSION:
        return
    other = others.exclude(id=row.id).first()
    if other is not None:
        raise ServiceUnsound(
            Text(
                fr=f"La séance de ce soin est déjà proposée : « {other.name.fr} ». Retirez-la "
                "d’abord de l’offre.",
                en=f"The session of this treatment is on offer already: “{other.name.en}”. "
                "Retire it first.",
            ),
            field="is_active",
        )


def _free_code(name: Text) -> str:
    """Return a code that no other service has, made of the name."""
    stem = slugify(name.en)[:_LONGEST_STEM] or "service"
    taken = set(Service.objects.filter(code__startswith=stem).values_list("code", flat=True))
    number, code = 2, stem
    while code in taken:
        number, code = number + 1, f"{stem}-{number}"
    return code


def _note_change(row: Service, before: Mapping[str, object], *, actor: Actor, at: datetime) -> None:
    after = service_state(get_service(row.id))
    details: dict[str, object] = {"before": before, "after": after}
    _note(events.SERVICE_CHANGED, row, actor=actor, at=at, details=details)


def _note(
    action: Action, row: Service, *, actor: Actor, at: datetime, details: Mapping[str, object]
) -> None:
    record(
        action=action,
        actor=actor,
        at=at,
        subject_kind="service",
        subject_id=row.id,
        details=details,
    )
