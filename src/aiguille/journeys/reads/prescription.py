"""What the rule book says of a prescription while it is typed, with the ceilings it stays under."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.accounts.rights import Right, require
from aiguille.booking.access import get_appointment_for
from aiguille.care.operations.prescription import cream_ask, lidocaine_ask
from aiguille.care.prescribing import (
    ImplausibleMeasure,
    MeasureRefused,
    Measures,
    check_measures,
    lidocaine_of_cream,
)
from aiguille.care.prescriptions import latest_weight
from aiguille.care.rules import cream_conditions
from aiguille.catalogue.queries import rules_in_force
from aiguille.journeys.reads.findings import FindingLine, finding_lines
from aiguille.kernel.actor import Actor
from aiguille.kernel.text import Text
from aiguille.patients.queries import get_identity, latest_answers


@dataclass(frozen=True, slots=True)
class Typed:
    """What is typed so far; None for what is not, or is no number yet."""

    area_cm2: Decimal | None = None
    grams: Decimal | None = None
    on_skin: int | None = None
    conditions: Sequence[str] = ()
    weight_kg: Decimal | None = None
    height_cm: int | None = None
    are_confirmed: bool = False
    lidocaine_mg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Ceiling:
    """An amount beside its ceiling; `warned` is where the older notice's ceiling stood."""

    given: Decimal
    most: Decimal
    warned: Decimal | None = None

    @property
    def percent(self) -> int:
        """Return how much of the ceiling is used, 100 at most."""
        return min(100, int(self.given * 100 / self.most))

    @property
    def is_above(self) -> bool:
        """Tell whether the amount is above its ceiling."""
        return self.given > self.most


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What a prescription as typed comes to. What cannot be reckoned yet is None.

    `required` grams are those that the area asks for. `lidocaine_in_cream` (mg) is in the cream;
    `lidocaine` is that of the day, all routes added, asked only with another line of it.
    `doubt` asks again for a weight or height that can hardly be right.
    """

    age: int | None
    required: Decimal | None = None
    grams: Ceiling | None = None
    area: Ceiling | None = None
    minutes: Ceiling | None = None
    lidocaine_in_cream: Decimal | None = None
    lidocaine: Ceiling | None = None
    doubt: Text | None = None
    findings: tuple[FindingLine, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show yet."""
        return not (self.grams or self.lidocaine or self.doubt or self.findings)


def reckon(*, appointment_id: UUID, typed: Typed, actor: Actor, at: datetime) -> Reckoned:
    """Return what is typed in a consultation's prescription beside its ceilings; nothing is kept.

    Raises:
        NotAllowed: the actor does not prescribe.
        NotVisible: there is no such appointment.
    """
    require(actor, Right.PRESCRIBE)
    appointment = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
    patient_id, rules = appointment.patient_id, rules_in_force()
    today = at.astimezone(ZoneInfo(appointment.time_zone)).date()
    known: dict[str, Any] = {
        "age": get_identity(patient_id).age_on(today),
        "doubt": _doubt(typed, before_kg=latest_weight(patient_id=patient_id)),
    }
    findings: list[Mapping[str, Any]] = []
    answer: Mapping[str, Any] = {"error": {}}
    if typed.area_cm2 is not None and typed.on_skin is not None:
        given = latest_answers(patient_id, appointment.procedure)
        answer = rules.decide(
            cream_ask(
                area_cm2=typed.area_cm2,
                grams=typed.grams,
                minutes=typed.on_skin,
                conditions=sorted(
                    {*cream_conditions(given.answers if given else {}), *typed.conditions}
                ),
            )
        )
    if "error" not in answer and typed.area_cm2 is not None and typed.on_skin is not None:
        grams = typed.grams if typed.grams is not None else Decimal(answer["required_grams"])
        value = rules.book.value
        known |= {
            "required": Decimal(answer["required_grams"]),
            "grams": Ceiling(grams, value("R11.max_grams"), value("R11.warn_grams")),
            "area": Ceiling(typed.area_cm2, value("R11.max_area_cm2")),
            "minutes": Ceiling(
                Decimal(typed.on_skin), value("R12.max_minutes"), value("R12.warn_minutes")
            ),
            "lidocaine_in_cream": lidocaine_of_cream(grams),
        }
        findings += answer["findings"]
    if typed.lidocaine_mg is not None:
        total = typed.lidocaine_mg + known.get("lidocaine_in_cream", Decimal(0))
        answer = rules.decide(lidocaine_ask(weight_kg=typed.weight_kg, mg=total))
        if "error" not in answer:
            findings += answer["findings"]
            if answer["max_mg"] is not None:
                known["lidocaine"] = Ceiling(total, Decimal(str(answer["max_mg"])))
    return Reckoned(**known, findings=finding_lines(findings, {}, rules))


def _doubt(typed: Typed, *, before_kg: Decimal | None) -> Text | None:
    measures = Measures(typed.weight_kg, typed.height_cm, are_confirmed=typed.are_confirmed)
    try:
        check_measures(measures, before_kg=before_kg)
    except (ImplausibleMeasure, MeasureRefused) as asked:
        return asked.text
    return None
