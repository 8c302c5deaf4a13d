"""Changing what the clinic offers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from aiguille.accounts.rights import NotAllowed, Right, require_unless_system
from aiguille.audit.operations import record
from aiguille.catalogue import events
from aiguille.catalogue.models import Product, ProtocolVersion, Service, Treatment
from aiguille.catalogue.queries import NeedView, NotInCatalogue, PhaseView, engine_shape
from aiguille.catalogue.service_changes import (
    describe_service,
    discard_draft,
    draft_service,
    insert_parts,
    retire_service,
    update_service,
)
from aiguille.catalogue.soundness import ServiceUnsound
from aiguille.clinics.queries import medical_director_user_id
from aiguille.kernel.actor import Actor, ActorKind
from aiguille.kernel.codes import (
    INDICATIONS_OF,
    Active,
    Indication,
    Procedure,
    ProductKind,
    ProductStatus,
    ServiceKind,
)
from aiguille.kernel.errors import DomainError
from aiguille.kernel.money import Money
from aiguille.kernel.text import Text
from aiguille.protocols.model import Adoption
from aiguille.protocols.reading import read_protocol
from aiguille.protocols.sources import digest_of
from aiguille.scheduling.timeline import TICK_MINUTES

__all__ = [
    "CodeTaken",
    "ProtocolNeedsKnowledge",
    "ServiceUnsound",
    "adopt_protocol",
    "create_product",
    "create_service",
    "create_treatment",
    "describe_service",
    "discard_draft",
    "draft_service",
    "retire_service",
    "update_service",
]


class CodeTaken(DomainError):
    """The catalogue already has this code, indication or version."""

    code = "code_taken"
    default_text = Text(
        fr="Le catalogue contient déjà cet élément.", en="The catalogue already has this."
    )


class ProtocolNeedsKnowledge(DomainError):
    """The protocol departs from the safer reading and must be adopted knowingly."""

    code = "protocol_needs_knowledge"
    default_text = Text(
        fr="Ce protocole s’écarte de la lecture la plus prudente des sources : son adoption "
        "doit être confirmée en connaissance de cause.",
        en="This protocol departs from the safer reading of the sources: confirm that it is "
        "adopted knowingly.",
    )


@transaction.atomic
def create_treatment(
    *,
    code: str,
    procedure: Procedure,
    indication: Indication,
    name: Text,
    summary: Text,
    position: int = 0,
    is_offered: bool = True,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Add a (procedure, indication) pair and return its key.

    Raises:
        NotAllowed: the actor does not manage the clinic.
        CodeTaken: the code or the pair is there already.
        ValueError: the indication belongs to another procedure.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    if indication not in INDICATIONS_OF[procedure]:
        raise ValueError(f"{indication} is no indication of {procedure}")
    row = Treatment(
        code=code,
        procedure=procedure,
        indication=indication,
        name=name,
        summary=summary,
        position=position,
        is_offered=is_offered,
    )
    _insert(row)
    record(
        action=events.TREATMENT_CREATED,
        actor=actor,
        at=at,
        subject_kind="treatment",
        subject_id=row.id,
        details={"code": code},
    )
    return row.id


@transaction.atomic
def create_service(
    *,
    code: str,
    kind: ServiceKind,
    procedure: Procedure,
    treatment_id: UUID | None,
    name: Text,
    description: Text,
    needs: Sequence[NeedView],
    phases: Sequence[PhaseView],
    min_notice_minutes: int,
    max_horizon_days: int,
    price: Money,
    slot_step_minutes: int = 15,
    is_bookable_online: bool = True,
    position: int = 0,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Add a bookable service with what it holds, and return its key.

    Raises:
        NotAllowed: the actor does not manage the clinic.
        CodeTaken: the code is there already.
        ServiceUnsound: a phase names no known need, a need is never held, a length is no
            multiple of five minutes, or a session has no treatment.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    _check_service(
        kind=kind,
        treatment_id=treatment_id,
        needs=needs,
        phases=phases,
        min_notice_minutes=min_notice_minutes,
        slot_step_minutes=slot_step_minutes,
    )
    row = Service(
        code=code,
        kind=kind,
        procedure=procedure,
        treatment_id=treatment_id,
        name=name,
        description=description,
        min_notice_minutes=min_notice_minutes,
        max_horizon_days=max_horizon_days,
        slot_step_minutes=slot_step_minutes,
        price_minor=price.minor,
        currency=price.currency,
        is_bookable_online=is_bookable_online,
        position=position,
    )
    _insert(row)
    insert_parts(row, needs=needs, phases=phases)
    record(
        action=events.SERVICE_CREATED,
        actor=actor,
        at=at,
        subject_kind="service",
        subject_id=row.id,
        details={"code": code},
    )
    return row.id


@transaction.atomic
def create_product(
    *,
    code: str,
    kind: ProductKind | str,
    name: str,
    maker: str,
    status: ProductStatus,
    gtin: str = "",
    actives: Sequence[Active] = (),
    is_sterile: bool = False,
    is_single_use: bool = False,
    needle_count: int | None = None,
    needle_mm: Decimal | None = None,
    volume_ml: Decimal | None = None,
    lidocaine_mg_per_unit: Decimal | None = None,
    sources: Sequence[str] = (),
    actor: Actor,
    at: datetime,
) -> UUID:
    """Add a product or instrument and return its key.

    Raises:
        NotAllowed: the actor does not manage the clinic.
        CodeTaken: the code is there already.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    row = Product(
        code=code,
        kind=ProductKind(kind),
        name=name,
        maker=maker,
        gtin=gtin,
        status=status,
        actives=[active.value for active in actives],
        is_sterile=is_sterile,
        is_single_use=is_single_use,
        needle_count=needle_count,
        needle_mm=needle_mm,
        volume_ml=volume_ml,
        lidocaine_mg_per_unit=lidocaine_mg_per_unit,
        sources=list(sources),
    )
    _insert(row)
    record(
        action=events.PRODUCT_CREATED,
        actor=actor,
        at=at,
        subject_kind="product",
        subject_id=row.id,
        details={"code": code},
    )
    return row.id


@transaction.atomic
def adopt_protocol(
    *,
    content: Mapping[str, Any],
    knowingly: bool = False,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Adopt a version of a protocol and return its key; adopted already, it is that one's.

    `content` is the whole protocol as plain JSON (`protocols.Shipped.content`). Sessions begin
    with the latest version adopted and keep the one they began with.

    Raises:
        NotAllowed: the actor is neither the medical director nor the system.
        ProtocolMalformed: the content is no sound protocol.
        ProtocolNeedsKnowledge: it must be adopted `knowingly`.
        CodeTaken: this version was adopted with another content.
    """
    _require_medical_director(actor, at=at)
    protocol = read_protocol(content)
    if protocol.adoption is Adoption.KNOWINGLY and not knowingly:
        raise ProtocolNeedsKnowledge(field="knowingly")
    digest = digest_of(content)
    adopted = ProtocolVersion.objects.filter(
        protocol_id=protocol.id, version=protocol.version
    ).first()
    if adopted is not None:
        if adopted.digest != digest:
            raise CodeTaken(field="version")
        return adopted.id
    row = ProtocolVersion(
        protocol_id=protocol.id,
        version=protocol.version,
        procedure=protocol.procedure,
        indications=[indication.value for indication in protocol.indications],
        title=protocol.title,
        content=dict(content),
        digest=digest,
        adopted_at=at,
        adopted_by=actor.display_name,
    )
    _insert(row)
    record(
        action=events.PROTOCOL_ADOPTED,
        actor=actor,
        at=at,
        subject_kind="protocol_version",
        subject_id=row.id,
        details={"protocol": protocol.id, "version": protocol.version, "digest": digest},
    )
    return row.id


def _require_medical_director(actor: Actor, *, at: datetime) -> None:
    if actor.kind is ActorKind.SYSTEM:
        return
    if actor.id is None or medical_director_user_id(at.date()) != actor.id:
        raise NotAllowed


def _insert(row: Treatment | Service | Product | ProtocolVersion) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
        if constraint.endswith("_fkey") or "_fk_" in constraint:
            raise NotInCatalogue(field="treatment_id") from error
        raise CodeTaken(field="code") from error


def _check_service(
    *,
    kind: ServiceKind,
    treatment_id: UUID | None,
    needs: Sequence[NeedView],
    phases: Sequence[PhaseView],
    min_notice_minutes: int,
    slot_step_minutes: int,
) -> None:
    if kind is ServiceKind.SESSION and treatment_id is None:
        raise ServiceUnsound(
            Text(fr="Une séance appartient à un soin.", en="A session belongs to a treatment."),
            field="treatment_id",
        )
    if not phases or slot_step_minutes < TICK_MINUTES or slot_step_minutes % TICK_MINUTES:
        raise ServiceUnsound(field="phases")
    try:
        engine_shape(
            code="",
            needs=needs,
            phases=phases,
            min_notice_minutes=min_notice_minutes,
            max_horizon_days=1,
        )
    except ValueError as error:
        raise ServiceUnsound(field="phases") from error
