"""The time to think it over: from the interview that informed the patient to the first session.

No text gives a number of days for aesthetic medicine; the shipped values follow the longer
practice, and the clinic confirms them (`data/reflection.toml`).
"""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.care.models import Consultation
from aiguille.clinics.setup import Setup, current_setup
from aiguille.kernel.codes import Procedure
from aiguille.patients.person import of_same_person
from aiguille.plumbing.statements import Lookup

REFLECTION_REQUESTED_ON = "reflection_requested_on"
"""The plan's setting that holds the date of the written request, as ISO text."""


@dataclass(frozen=True, slots=True)
class ReflectionDays:
    """How many days lie between the interview and the first session of a procedure."""

    usual: int
    on_request: int


@cache
def reflection_days() -> ReflectionDays:
    """Return the clinic's values.

    Raises:
        ValueError: the shorter period is below the least that there may be, or is the longer one.
    """
    source = files("aiguille.care") / "data" / "reflection.toml"
    data = tomllib.loads(source.read_text(encoding="utf-8"))
    days = ReflectionDays(data["usual"]["days"], data["on_request"]["days"])
    if not data["on_request"]["at_least"] <= days.on_request <= days.usual:
        raise ValueError("the reflection period on request lies between its least and the usual")
    return days


def reflection_ends(
    *, patient_id: UUID, procedure: Procedure, requested_on: date | None
) -> date | None:
    """Return the first day on which the period is over, None where nobody was informed yet.

    It begins with the first consultation about the procedure that stands, and is the shorter one
    where the patient asked so in writing (two queries).
    """
    told = _TOLD.first(patient_id, procedure.value)
    return period_ends(
        told_at=told[0] if told else None, requested_on=requested_on, setup=current_setup()
    )


def period_ends(
    *, told_at: datetime | None, requested_on: date | None, setup: Setup
) -> date | None:
    """Return the first day on which the period is over that began at `told_at`, if it began."""
    if told_at is None:
        return None
    # The interview was on this day, or the day before, by the clock of one of the sites.
    told_on = max(told_at.astimezone(ZoneInfo(site.time_zone)).date() for site in setup.sites())
    days = reflection_days()
    return told_on + timedelta(days=days.usual if requested_on is None else days.on_request)


_TOLD: Lookup[tuple[datetime]] = Lookup(
    lambda patient_id, procedure: (
        Consultation.objects.filter(
            patient_id__in=of_same_person(patient_id),
            procedure=procedure,
            replaced_by=None,
            entered_in_error=False,
        )
        .order_by("effective_at", "id")
        .values_list("effective_at")[:1]
    ),
    UUID,
    str,
)
