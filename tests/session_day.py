"""The morning of a session: everything that was done before the patient sits down.

Built through operations from the shared world: Anna (or whoever is named) is healthy, Dr Bruno
wrote the consultation, the verdict and the plan, the consent is signed, Lyon has stock of every
product, the session is booked for Wednesday at ten and the patient has arrived.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.booking.operations import book, check_in
from aiguille.booking.queries import get_appointment
from aiguille.care.operations import give_verdict, make_plan, plan_limits, write_consultation
from aiguille.care.planning import Answer, PlannedPlace
from aiguille.care.queries import screening
from aiguille.care.reflection import reflection_days
from aiguille.care.rules import Override
from aiguille.catalogue.queries import (
    list_products,
    protocol_versions,
    session_service,
    treatment_by_code,
)
from aiguille.catalogue.seed import treatment_code
from aiguille.consent.operations import publish_texts, sign_consent
from aiguille.consent.queries import current_text
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import Procedure, ProductKind, Side, VerdictOutcome
from aiguille.kernel.zone_sides import ZoneSide
from aiguille.patients.operations import answer_again
from aiguille.patients.queries import latest_answers
from aiguille.plumbing import clock
from aiguille.protocols.events import Body, Event, StepSkipped, UnitOpened, body_as_json
from aiguille.protocols.example import example_run
from aiguille.protocols.library import shipped_protocols
from aiguille.protocols.model import Protocol, Step
from aiguille.rulebook import load_rulebook
from aiguille.stock.operations import receive_lot
from aiguille.stock.queries import UnitFacts, usable_units
from aiguille.treatment_sessions.asked_again import note_asked_again
from aiguille.treatment_sessions.operations import record_event
from aiguille.treatment_sessions.queries import used_unit_ids
from tests.course import answer_no, open_catalogue
from tests.world import SpacePerson, World

USUAL = {
    Procedure.MESOTHERAPY: "mesotherapy-mesolift",
    Procedure.NEEDLING: "needling-roller-ageing",
}
BEGINS = time(10)
UNITS_A_LOT = 8
INJECTED_WITH_MM = Decimal(4)  # the needle of every example


@dataclass(frozen=True)
class SessionDay:
    """A session that may begin at the instant `at`, and everything that it rests on."""

    at: datetime
    patient_id: UUID
    site_id: UUID
    treatment: UUID
    protocol: Protocol
    protocol_version: UUID
    consultation: UUID
    verdict: UUID
    plan: UUID
    consent: UUID
    appointment: UUID

    @property
    def day(self) -> date:
        """Return the local date of the session."""
        return self.at.astimezone(ZoneInfo("Europe/Paris")).date()


def ready_for_session(
    world: World,
    procedure: Procedure = Procedure.MESOTHERAPY,
    *,
    protocol: str = "",
    person: SpacePerson | None = None,
    hours_later: int = 0,
) -> SessionDay:
    """Lead a patient, Anna by default, from the questionnaire to the treatment room's door.

    `protocol` is the id of a shipped one of the procedure, else its usual one. A second patient
    of the day comes some `hours_later`. The clock does not
    move: `go_to(day.at)` before a page is asked.
    """
    who = person or world.anna
    chosen = _shipped(protocol or USUAL[procedure])
    open_catalogue(at=world.at)
    treatment = treatment_by_code(treatment_code(procedure, chosen.indications[0]))
    answer_no(world, procedure=procedure, at=world.at, person=who)
    consultation = write_consultation(
        patient_id=who.patient_id,
        procedure=procedure,
        content={"reason": "Peau terne", "zones": [chosen.zones[0].value], "phototype": 2},
        actor=world.bruno.actor,
        at=world.at - timedelta(days=reflection_days().usual),
    )
    verdict = _verdict(world, who, treatment.id, consultation, chosen)
    version = next(v for v in protocol_versions(treatment.id) if v.protocol_id == chosen.id)
    plan = _plan(world, verdict, version.id, chosen)
    consent = sign_current_text(who, treatment.id, at=world.at)
    stock_up(world, world.lyon, at=world.at)
    monday = world.at.date()
    begins_at = datetime.combine(
        monday + timedelta(days=2), BEGINS, tzinfo=ZoneInfo("Europe/Paris")
    ).astimezone(UTC) + timedelta(hours=hours_later)
    appointment = book(
        patient_id=who.patient_id,
        service_id=session_service(treatment.id).id,
        site_id=world.lyon,
        starts_at=begins_at,
        plan_id=plan,
        actor=world.diane.actor,
        at=world.at,
    )
    check_in(appointment_id=appointment, actor=world.diane.actor, at=begins_at)
    ask_the_questions(world, appointment, at=begins_at)
    return SessionDay(
        at=begins_at,
        patient_id=who.patient_id,
        site_id=world.lyon,
        treatment=treatment.id,
        protocol=chosen,
        protocol_version=version.id,
        consultation=consultation,
        verdict=verdict,
        plan=plan,
        consent=consent,
        appointment=appointment,
    )


def ask_the_questions(world: World, appointment_id: UUID, *, at: datetime, **others: str) -> None:
    """Let Diane ask the questions of the day; the patient says no, save `others` (id=answer)."""
    appointment = get_appointment(appointment_id)
    latest = latest_answers(appointment.patient_id, appointment.procedure)
    answer_set = answer_again(
        patient_id=appointment.patient_id,
        procedure=appointment.procedure,
        answers={
            question.id: {"answer": others.get(question.id, "no")}
            for question in load_rulebook().questions_for(appointment.procedure, starred_only=True)
        },
        seen_id=latest.id if latest else None,
        actor=world.diane.actor,
        at=at,
    )
    note_asked_again(
        appointment_id=appointment_id, answer_set_id=answer_set, actor=world.diane.actor, at=at
    )


def go_to(at: datetime) -> None:
    """Set the clock of pages and jobs to the instant `at`."""
    clock.set_offset(at - datetime.now(UTC))


def sign_current_text(person: SpacePerson, treatment_id: UUID, *, at: datetime) -> UUID:
    """Publish the texts and let the patient sign the current French one."""
    publish_texts(actor=SYSTEM, at=at)
    text = current_text(treatment_id, "fr")
    assert text is not None
    return sign_consent(
        patient_id=person.patient_id,
        treatment_id=treatment_id,
        text_id=text.id,
        answers={
            section["id"]: True
            for section in text.content["sections"]
            if section["acknowledgement"]
        },
        mention=text.content["mention"],
        signature_kind="TYPED",
        signature=person.actor.display_name,
        actor=person.actor.confirmed(at),
        at=at,
    )


def stock_up(world: World, site_id: UUID, *, at: datetime) -> None:
    """Receive a lot of every product of the catalogue, to expire in a year."""
    for number, product in enumerate(list_products()):
        receive_lot(
            product_id=product.id,
            site_id=site_id,
            number=f"L{number:03}",
            expiry=at.date() + timedelta(days=365),
            quantity=UNITS_A_LOT,
            actor=world.hugo.actor,
            at=at,
        )


def whole_session(day: SessionDay) -> Iterator[Event]:
    """Yield each event after the beginning up to the closing, its units taken from stock.

    Consume it as it goes: which units are left is read when one is needed. A cosmetic before or
    after the needle is refused, so that the traditional method's two are left out.
    """
    for event in _example(day.protocol.id, day.at)[1:]:
        body: Body = event.body
        step = day.protocol.step(getattr(body, "step", ""))
        if step is not None and _is_cosmetic(step):
            if isinstance(body, UnitOpened):
                continue
            body = StepSkipped(step=step.id, reason="Aucun produit stérile et autorisé.")
        elif isinstance(body, UnitOpened):
            body = replace(body, unit=str(unit_for(day, body).unit_id))
        yield replace(event, body=body)


def unit_for(day: SessionDay, wanted: UnitOpened) -> UnitFacts:
    """Return a unit of the day's stock of the kind, and where it is fixed the length, wanted."""
    length = INJECTED_WITH_MM if wanted.kind is ProductKind.NEEDLE else wanted.needle_mm
    found = usable_units(
        product_kinds=[wanted.kind.value],
        site_id=day.site_id,
        on=day.day,
        used_unit_ids=used_unit_ids(site_id=day.site_id),
    )
    return next(u for u in found if length is None or u.needle_mm in (None, length))


def _is_cosmetic(step: Step) -> bool:
    return any(field.kind is ProductKind.POST_CARE for field in step.fields)


def run_to_the_end(world: World, day: SessionDay, session_id: UUID, *, until: str = "") -> datetime:
    """Record a begun session up to, not including, `until`; return the last instant.

    `until` is a step or a type of event.
    """
    at = day.at
    for event in whole_session(day):
        if until and until in {getattr(event.body, "step", ""), event.body.type}:
            break
        at = event.at
        record_event(
            session_id=session_id,
            idempotency_key=UUID(int=session_id.int ^ event.seq),
            body=body_as_json(event.body),
            acknowledged=event.acknowledged,
            actor=world.bruno.actor.confirmed(at),
            at=at,
        )
    return at


def _shipped(name: str) -> Protocol:
    return shipped_protocols()[name].protocol


@cache
def _example(name: str, begins_at: datetime) -> tuple[Event, ...]:
    return example_run(_shipped(name), begins_at=begins_at)


def _verdict(
    world: World, who: SpacePerson, treatment: UUID, consultation: UUID, protocol: Protocol
) -> UUID:
    today = world.at.date()
    ruling = screening(
        patient_id=who.patient_id,
        procedure=protocol.procedure,
        act_date=today,
        zones=[protocol.zones[0].value],
    )
    return give_verdict(
        patient_id=who.patient_id,
        treatment_id=treatment,
        consultation_id=consultation,
        outcome=VerdictOutcome.ELIGIBLE,
        reason="Peau saine.",
        valid_from=today,
        valid_until=today + timedelta(days=180),
        today=today,
        overrides=[
            Override(rule=finding["rule"], reason="Vu à l’examen.") for finding in ruling.findings
        ],
        actor=world.bruno.actor,
        at=world.at,
    )


def _plan(world: World, verdict: UUID, version: UUID, protocol: Protocol) -> UUID:
    course, zone = protocol.courses[0], protocol.zones[0]
    is_needling = protocol.procedure is Procedure.NEEDLING
    place = PlannedPlace(
        ZoneSide(zone, Side.BOTH),
        needle_mm=(course.needle_mm_default or Decimal("0.5")) if is_needling else None,
        technique="" if is_needling else protocol.techniques[0].technique.value,
    )
    planned: dict[str, Any] = {
        "verdict_id": verdict,
        "protocol_version_id": version,
        "sessions_planned": 3,
        "interval_min_days": 28,
        "places": [place],
        "at": world.at,
    }
    warnings = [limit.key for limit in plan_limits(**planned) if limit.answer is Answer.TICK]
    return make_plan(
        **planned,
        interval_default_days=35,
        interval_max_days=42,
        acknowledged=warnings,
        actor=world.bruno.actor,
    )
