"""What the clinic offers, read as frozen values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from aiguille.catalogue.models import (
    PriceDisplay,
    Product,
    ProtocolVersion,
    Service,
    ServiceNeed,
    ServicePhase,
    Treatment,
)
from aiguille.catalogue.rule_values import RulesInForce, rules_in_force
from aiguille.clinics.setup import Setup, current_setup
from aiguille.kernel.codes import (
    Active,
    Indication,
    Procedure,
    ProductKind,
    ProductStatus,
    ResourceKind,
    ServiceKind,
)
from aiguille.kernel.errors import DomainError
from aiguille.kernel.money import Money
from aiguille.kernel.text import Text
from aiguille.plumbing.statements import Lookup
from aiguille.scheduling import services as engine

# The rules are asked here by every area and face.
__all__ = ["PriceDisplay", "RulesInForce", "rules_in_force"]

Found = TypeVar("Found")


class NotInCatalogue(DomainError):
    """No treatment, service, product or protocol version has this key."""

    code = "not_in_catalogue"
    default_text = Text(
        fr="Ce soin ou ce produit n’existe pas au catalogue.",
        en="The catalogue has no such treatment or product.",
    )


@dataclass(frozen=True, slots=True)
class TreatmentView:
    """A (procedure, indication) pair that the clinic offers."""

    id: UUID
    code: str
    procedure: Procedure
    indication: Indication
    name: Text
    summary: Text
    is_offered: bool


@dataclass(frozen=True, slots=True)
class NeedView:
    """Something that a service holds; an empty `skill` means any resource of the kind."""

    name: str
    kind: ResourceKind
    skill: str
    buffer_before_minutes: int
    buffer_after_minutes: int


@dataclass(frozen=True, slots=True)
class PhaseView:
    """A part of a service, with the names of the needs it holds."""

    name: Text
    minutes: int
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceView:
    """What is booked, with its needs by name and its phases in order; a draft may lack them."""

    id: UUID
    code: str
    kind: ServiceKind
    procedure: Procedure
    treatment_id: UUID | None
    name: Text
    description: Text
    price: Money
    min_notice_minutes: int
    max_horizon_days: int
    slot_step_minutes: int
    is_bookable_online: bool
    is_active: bool
    needs: tuple[NeedView, ...]
    phases: tuple[PhaseView, ...]
    price_display: PriceDisplay = PriceDisplay.EXACT
    site_ids: frozenset[UUID] = frozenset()
    is_draft: bool = False

    def is_held_at(self, site_id: UUID) -> bool:
        """Tell whether a site is one of the service's; without any, every site is."""
        return not self.site_ids or site_id in self.site_ids

    @property
    def minutes(self) -> int:
        """Return how long the patient is there."""
        return sum(phase.minutes for phase in self.phases)

    @property
    def has_practitioner(self) -> bool:
        """Tell whether the service holds a practitioner, so that one may be chosen."""
        return any(need.kind is ResourceKind.PRACTITIONER for need in self.needs)


@dataclass(frozen=True, slots=True)
class ProtocolVersionView:
    """A version of a protocol as the clinic adopted it; `content` is the whole file."""

    id: UUID
    protocol_id: str
    version: str
    procedure: Procedure
    indications: tuple[Indication, ...]
    title: Text
    content: Mapping[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product or instrument. Volumes are millilitres, needles millimetres, lidocaine mg."""

    id: UUID
    code: str
    kind: str
    name: str
    maker: str
    gtin: str
    status: ProductStatus
    actives: tuple[Active, ...]
    is_sterile: bool
    is_single_use: bool
    needle_count: int | None
    needle_mm: Decimal | None
    volume_ml: Decimal | None
    lidocaine_mg_per_unit: Decimal | None
    sources: tuple[str, ...]


# --- Treatments -----------------------------------------------------------------------------------


def list_treatments(*, procedure: Procedure | None = None) -> list[TreatmentView]:
    """Return the treatments on offer, in the clinic's order (one query)."""
    rows = Treatment.objects.filter(is_offered=True).order_by("position", "code")
    if procedure is not None:
        rows = rows.filter(procedure=procedure)
    return [_treatment(row) for row in rows]


def treatments_by_id() -> dict[UUID, TreatmentView]:
    """Return every treatment, also those no longer offered, by key (one query)."""
    return {row.id: _treatment(row) for row in Treatment.objects.all()}


def get_treatment(treatment_id: UUID) -> TreatmentView:
    """Return a treatment, also one no longer offered (one query).

    Raises:
        NotInCatalogue: there is none.
    """
    return _treatment(_one(_TREATMENT.rows(treatment_id)))


@lru_cache(maxsize=1024)
def procedure_of(treatment_id: UUID) -> Procedure:
    """Return a treatment's procedure, which never changes (one query, the first time).

    Raises:
        NotInCatalogue: there is none.
    """
    return get_treatment(treatment_id).procedure


_TREATMENT: Lookup[Treatment] = Lookup(lambda key: Treatment.objects.filter(id=key), UUID)


def treatment_by_code(code: str) -> TreatmentView:
    """Return the treatment of that code (one query).

    Raises:
        NotInCatalogue: there is none.
    """
    return _treatment(_one(Treatment.objects.filter(code=code)))


# --- Services -------------------------------------------------------------------------------------


def list_services(
    *,
    kind: ServiceKind | None = None,
    procedure: Procedure | None = None,
    treatment_id: UUID | None = None,
) -> list[ServiceView]:
    """Return the active services that match, in the clinic's order (one query)."""
    given = {"kind": kind, "procedure": procedure, "treatment_id": treatment_id}
    asked = {name: value for name, value in given.items() if value is not None}
    return _services(Service.objects.filter(is_active=True, **asked))


def list_all_services() -> list[ServiceView]:
    """Return every service, also those withdrawn, in the clinic's order (one query)."""
    return _services(Service.objects.all())


def get_service(service_id: UUID, setup: Setup | None = None) -> ServiceView:
    """Return a service, also an inactive one (one query where the set-up is known already).

    With the `setup` at hand, there is none.

    Raises:
        NotInCatalogue: there is none.
    """
    return _one(service for service in _every_service(setup) if service.id == service_id)


def service_by_code(code: str) -> ServiceView:
    """Return the service of that code (one query where the set-up is known already).

    Raises:
        NotInCatalogue: there is none.
    """
    return _one(service for service in _every_service() if service.code == code)


def consultation_service(procedure: Procedure) -> ServiceView:
    """Return the consultation that opens the path to `procedure`.

    Raises:
        NotInCatalogue: the clinic offers none.
    """
    return _one(list_services(kind=ServiceKind.CONSULTATION, procedure=procedure))


def session_service(treatment_id: UUID) -> ServiceView:
    """Return the service by which a session is booked (one query where the set-up is known).

    Where none is on offer any more, it is the one that was: what is booked with it is still moved.

    Raises:
        NotInCatalogue: the clinic never offered one.
    """
    sessions = [
        service
        for service in _every_service()
        if service.kind is ServiceKind.SESSION
        and service.treatment_id == treatment_id
        and not service.is_draft
    ]
    return _one(sorted(sessions, key=lambda service: not service.is_active))


def engine_service(service_id: UUID) -> engine.Service:
    """Return a service as the scheduling engine reads it (one query).

    Raises:
        NotInCatalogue: there is none.
    """
    return for_engine(get_service(service_id))


def for_engine(service: ServiceView) -> engine.Service:
    """Return a service as the scheduling engine reads it."""
    return engine_shape(
        code=str(service.id),
        needs=service.needs,
        phases=service.phases,
        min_notice_minutes=service.min_notice_minutes,
        max_horizon_days=service.max_horizon_days,
    )


def engine_shape(
    *,
    code: str,
    needs: Iterable[NeedView],
    phases: Iterable[PhaseView],
    min_notice_minutes: int,
    max_horizon_days: int,
) -> engine.Service:
    """Return the engine's service made of these parts.

    Raises:
        ValueError: they do not fit together (see `scheduling.services.Service`).
    """
    return engine.Service(
        id=code,
        needs=tuple(
            engine.Need(
                name=need.name,
                kind=need.kind,
                skill=need.skill or None,
                buffer_before_minutes=need.buffer_before_minutes,
                buffer_after_minutes=need.buffer_after_minutes,
            )
            for need in needs
        ),
        phases=tuple(engine.Phase(phase.minutes, frozenset(phase.needs)) for phase in phases),
        min_notice_minutes=min_notice_minutes,
        max_horizon_days=max_horizon_days,
    )


# --- Protocols and products -----------------------------------------------------------------------


def protocol_versions(treatment_id: UUID) -> list[ProtocolVersionView]:
    """Return the latest adopted version of each protocol that serves the treatment (two queries).

    Raises:
        NotInCatalogue: there is no such treatment.
    """
    treatment = get_treatment(treatment_id)
    rows = (
        ProtocolVersion.objects.filter(
            procedure=treatment.procedure, indications__contains=[treatment.indication]
        )
        .order_by("protocol_id", "-adopted_at", "-id")
        .distinct("protocol_id")
    )
    return [_protocol(row) for row in rows]


def get_protocol_version(version_id: UUID) -> ProtocolVersionView:
    """Return an adopted version, whatever came after it (one query).

    Raises:
        NotInCatalogue: there is none.
    """
    return _protocol(_one(ProtocolVersion.objects.filter(id=version_id)))


def products_for(kind: ProductKind | str) -> list[ProductView]:
    """Return the active products of a kind, by name (one query)."""
    rows = Product.objects.filter(kind=kind, is_active=True).order_by("name", "code")
    return [_product(row) for row in rows]


def list_products() -> list[ProductView]:
    """Return every active product, by kind and name (one query)."""
    rows = Product.objects.filter(is_active=True).order_by("kind", "name", "code")
    return [_product(row) for row in rows]


def get_product(product_id: UUID) -> ProductView:
    """Return a product, also an inactive one (one query).

    Raises:
        NotInCatalogue: there is none.
    """
    return _product(_one(Product.objects.filter(id=product_id)))


# --- From rows to views ---------------------------------------------------------------------------


def _one(found: Iterable[Found]) -> Found:
    for first in found:
        return first
    raise NotInCatalogue


def _treatment(row: Treatment) -> TreatmentView:
    return TreatmentView(
        id=row.id,
        code=row.code,
        procedure=Procedure(row.procedure),
        indication=Indication(row.indication),
        name=row.name,
        summary=row.summary,
        is_offered=row.is_offered,
    )


def _every_service(setup: Setup | None = None) -> list[ServiceView]:
    return (setup or current_setup()).read(
        "services", None, lambda: _services(Service.objects.all())
    )


def _services(rows: QuerySet[Service]) -> list[ServiceView]:
    needs = ServiceNeed.objects.filter(service=OuterRef("pk")).order_by("name")
    phases = ServicePhase.objects.filter(service=OuterRef("pk")).order_by("position")
    whole = rows.order_by("position", "code").annotate(
        all_needs=ArraySubquery(needs.values(row=_json_of(_NEED_COLUMNS))),
        all_phases=ArraySubquery(phases.values(row=_json_of(_PHASE_COLUMNS))),
    )
    return [_service(row) for row in whole.values()]


_NEED_COLUMNS = ("name", "kind", "skill", "buffer_before_minutes", "buffer_after_minutes")
_PHASE_COLUMNS = ("name", "minutes", "needs")


def _json_of(columns: tuple[str, ...]) -> JSONObject:
    return JSONObject(**{column: column for column in columns})


def _service(row: Mapping[str, Any]) -> ServiceView:
    return ServiceView(
        id=row["id"],
        code=row["code"],
        kind=ServiceKind(row["kind"]),
        procedure=Procedure(row["procedure"]),
        treatment_id=row["treatment_id"],
        name=row["name"],
        description=row["description"],
        price=Money(row["price_minor"], row["currency"]),
        min_notice_minutes=row["min_notice_minutes"],
        max_horizon_days=row["max_horizon_days"],
        slot_step_minutes=row["slot_step_minutes"],
        is_bookable_online=row["is_bookable_online"],
        is_active=row["is_active"],
        price_display=PriceDisplay(row["price_display"]),
        site_ids=frozenset(row["site_ids"]),
        is_draft=row["is_draft"],
        needs=tuple(
            NeedView(**(need | {"kind": ResourceKind(need["kind"])})) for need in row["all_needs"]
        ),
        phases=tuple(
            PhaseView(
                name=Text.from_mapping(phase["name"]),
                minutes=phase["minutes"],
                needs=tuple(phase["needs"]),
            )
            for phase in row["all_phases"]
        ),
    )


def _protocol(row: ProtocolVersion) -> ProtocolVersionView:
    return ProtocolVersionView(
        id=row.id,
        protocol_id=row.protocol_id,
        version=row.version,
        procedure=Procedure(row.procedure),
        indications=tuple(Indication(code) for code in row.indications),
        title=row.title,
        content=row.content,
        digest=row.digest,
    )


def _product(row: Product) -> ProductView:
    return ProductView(
        id=row.id,
        code=row.code,
        kind=row.kind,
        name=row.name,
        maker=row.maker,
        gtin=row.gtin,
        status=ProductStatus(row.status),
        actives=tuple(Active(code) for code in row.actives),
        is_sterile=row.is_sterile,
        is_single_use=row.is_single_use,
        needle_count=row.needle_count,
        needle_mm=row.needle_mm,
        volume_ml=row.volume_ml,
        lidocaine_mg_per_unit=row.lidocaine_mg_per_unit,
        sources=tuple(row.sources),
    )
