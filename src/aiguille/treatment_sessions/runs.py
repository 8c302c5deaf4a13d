"""From stored rows to the protocol engine's values: the protocol, the events, the world."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.care.queries import get_plan, phototype_of, verdict_in_force
from aiguille.care.rules import cream_conditions
from aiguille.catalogue.queries import (
    RulesInForce,
    get_product,
    get_protocol_version,
    rules_in_force,
)
from aiguille.clinics.queries import get_site
from aiguille.consent.queries import current_consent
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import (
    Active,
    CreamCondition,
    PerformerRole,
    PreparedBy,
    Procedure,
    ProductKind,
    ProductStatus,
    StaffRole,
    Zone,
)
from aiguille.patients.queries import latest_answers, record_ids
from aiguille.protocols.events import (
    Corrected,
    Event,
    InjectionRecorded,
    ZonePassed,
    event_from_json,
)
from aiguille.protocols.model import Protocol
from aiguille.protocols.reading import read_protocol
from aiguille.protocols.references import PlanLimits, RuleAnswer, UnitFacts
from aiguille.protocols.state import RunState, effective, fold
from aiguille.stock.queries import UnitFacts as StockUnit
from aiguille.treatment_sessions.models import SessionEvent, TreatmentSession, UnitUse


@lru_cache(maxsize=64)
def protocol_of(version_id: UUID) -> Protocol:
    """Return the protocol of an adopted version; adopted versions never change."""
    return read_protocol(get_protocol_version(version_id).content)


def events_of(session_id: UUID) -> list[Event]:
    """Return the events of a session in their order (one query)."""
    rows = SessionEvent.objects.filter(session_id=session_id).order_by("sequence")
    return [event_from_json(row.payload) for row in rows]


def state_of(session: TreatmentSession) -> RunState:
    """Return where a session stands: the fold of its events under the version it began with."""
    return fold(protocol_of(session.protocol_version_id), events_of(session.id))


def local_date_of(session: TreatmentSession, *, at: datetime) -> date:
    """Return the date at the session's site at the instant `at`."""
    return at.astimezone(zone_of(session)).date()


def zone_of(session: TreatmentSession) -> ZoneInfo:
    """Return the time zone of the session's site."""
    site = get_site(session.site_id)
    assert site is not None, "a foreign key keeps the site"
    return ZoneInfo(site.time_zone)


class SessionWorld:
    """The world around an event of a session (`protocols.references.World`).

    Each fact is read when a guard asks for it, once: most events ask for one or two.
    """

    weight_kg = None  # no guard that ships asks for it yet

    def __init__(
        self,
        session: TreatmentSession,
        *,
        actor: Actor,
        at: datetime,
        unit: UnitFacts | None = None,
    ) -> None:
        self._session = session
        self._at = at
        self.roles = actor.roles
        self.performer = performer_of(actor)
        self.unit = unit

    @cached_property
    def consent_current(self) -> bool:
        """Tell whether the consent in force covers the treatment."""
        found = current_consent(
            patient_id=self._session.patient_id, treatment_id=self._session.treatment_id
        )
        return found is not None

    @cached_property
    def verdict_valid(self) -> bool:
        """Tell whether a verdict opens this day."""
        found = verdict_in_force(
            patient_id=self._session.patient_id,
            treatment_id=self._session.treatment_id,
            on=self.act_date,
        )
        return found is not None

    @cached_property
    def act_date(self) -> date:
        """Return the date at the session's site."""
        return self._at.astimezone(self._zone).date()

    @cached_property
    def phototype(self) -> int | None:
        """Return the patient's phototype, where a consultation noted it."""
        return phototype_of(patient_id=self._session.patient_id)

    @cached_property
    def cream_conditions(self) -> tuple[CreamCondition, ...]:
        """Return what the patient's answers mean for a numbing cream."""
        answers = latest_answers(self._session.patient_id, self._procedure)
        found = cream_conditions(answers.answers if answers else {})
        return tuple(CreamCondition(code) for code in found)

    @cached_property
    def days_since_last(self) -> Mapping[Zone, int]:
        """Return, by zone, the local days since the last session of the same procedure."""
        return _days_since_last(
            self._session, procedure=self._procedure, act_date=self.act_date, zone_info=self._zone
        )

    @cached_property
    def plan(self) -> PlanLimits:
        """Return what the session's plan allows at most."""
        return plan_limits(get_plan(self._session.plan_id).settings)

    @cached_property
    def rules(self) -> RulesInForce:
        """Return the rules that the guards ask, read once."""
        return rules_in_force()

    def decide(self, question: Mapping[str, object], /) -> RuleAnswer:
        """Ask the rule book on behalf of a guard."""
        return RuleAnswer.from_mapping(self.rules.decide(question))

    @cached_property
    def _zone(self) -> ZoneInfo:
        return zone_of(self._session)

    @property
    def _procedure(self) -> Procedure:
        return protocol_of(self._session.protocol_version_id).procedure


def performer_of(actor: Actor) -> PerformerRole:
    """Return the actor in the words of the law: anybody but a physician or nurse is a beautician.

    The rule book lets only physicians needle or inject, so that this cannot let too much pass.
    """
    if StaffRole.PHYSICIAN in actor.roles:
        return PerformerRole.PHYSICIAN
    return PerformerRole.NURSE if StaffRole.NURSE in actor.roles else PerformerRole.BEAUTICIAN


def plan_limits(settings: Mapping[str, Any]) -> PlanLimits:
    """Return what the plan allows at most, from its settings."""
    lengths = [Decimal(str(mm)) for mm in settings.get("needle_mm", {}).values()]
    volume = settings.get("volume_ml")
    return PlanLimits(
        needle_mm=max(lengths, default=None),
        cycles=settings.get("cycles"),
        volume_ml=Decimal(str(volume)) if volume else None,
    )


def _days_since_last(
    session: TreatmentSession, *, procedure: Procedure, act_date: date, zone_info: ZoneInfo
) -> dict[Zone, int]:
    earlier: dict[UUID, list[Event]] = defaultdict(list)
    for session_id, payload in (
        SessionEvent.objects.filter(
            session__patient_id__in=record_ids(session.patient_id),
            session__protocol_version__procedure=procedure.value,
            kind__in=(ZonePassed.type, InjectionRecorded.type, Corrected.type),
        )
        .exclude(session_id=session.id)
        .order_by("sequence")
        .values_list("session_id", "payload")
    ):
        earlier[session_id].append(event_from_json(payload))
    days: dict[Zone, int] = {}
    for event in (each for log in earlier.values() for each in effective(log)):
        if isinstance(event.body, ZonePassed | InjectionRecorded):
            since = (act_date - event.at.astimezone(zone_info).date()).days
            days[event.body.zone] = min(since, days.get(event.body.zone, since))
    return days


def unit_for_engine(unit: StockUnit, *, session: TreatmentSession) -> UnitFacts:
    """Return what stock and the sessions before know of a unit, as the engine asks for it."""
    product = get_product(unit.product_id)
    used = (
        UnitUse.objects.filter(unit_id=unit.unit_id).select_related("session").first()
        if unit.unit_id and unit.is_single_use
        else None
    )
    lidocaine = unit.lidocaine_mg_per_unit
    return UnitFacts(
        unit=str(unit.unit_id or unit.lot_id),
        product=unit.product_code,
        kind=ProductKind(unit.product_kind),
        lot=unit.lot_number,
        expiry=unit.expiry,
        status=ProductStatus(unit.product_status),
        actives=tuple(Active(code) for code in unit.actives),
        sterile=unit.is_sterile,
        prepared_by=(
            PreparedBy.PHARMACY
            if unit.product_status == ProductStatus.PREPARATION_MAGISTRALE
            else PreparedBy.PRACTICE
        ),
        lidocaine_mg_per_ml=(
            lidocaine / unit.volume_ml if lidocaine is not None and unit.volume_ml else None
        ),
        needles=product.needle_count,
        needle_mm=unit.needle_mm,
        lot_status=unit.lot_status,
        used_for_other_patient=used is not None and used.patient_id != session.patient_id,
        used_in_other_session=used is not None,
    )
