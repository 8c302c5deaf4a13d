"""A patient of the demo: what is particular about the path, and what is known on the way."""

import random
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import Enum, auto
from uuid import UUID

from aiguille.booking.operations import book
from aiguille.booking.placing import PatientBusy, SlotTaken
from aiguille.booking.queries import AppointmentView, get_appointment
from aiguille.catalogue.queries import (
    ServiceView,
    TreatmentView,
    consultation_service,
    list_products,
    session_service,
    treatment_by_code,
)
from aiguille.demo.courses import Menu
from aiguille.demo.people import Person
from aiguille.demo.premises import ZONE, Doctor, Place, Premises
from aiguille.demo.shelves import Shelves
from aiguille.journeys.book_session import book_session
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure, ResourceKind, Symptom, VerdictOutcome

Part = Generator[datetime, datetime, None]
Answers = Mapping[str, Mapping[str, object]]

# Books a start with a practitioner, or with anybody, and returns the appointment's key.
_Attempt = Callable[[datetime, UUID | None], UUID]

_QUARTER = 15
_MOST_TRIES = 5


class Until(Enum):
    """How far a path goes, if the demo's present does not end it before."""

    BOOKED = auto()
    WAITS = auto()
    CANCELLED = auto()
    NO_SHOW = auto()
    SPACE_OPENED = auto()
    ANSWERED_IN_PART = auto()
    VERDICT = auto()
    PLAN = auto()
    CONSENT = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Report:
    """A symptom reported some hours after a session, and what the doctor answers, if anything."""

    after_session: int
    hours: int
    symptom: Symptom
    note: str
    pain: int | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What is particular about one patient's path.

    `answers` are those that are not no; `overrides` is the physician's reason for going on in
    spite of them. `changes` are answers given after the first session, which shake the verdict.
    `misses` and `cancels` are the numbers of sessions to which the patient does not come.
    `ahead` says how many sessions are kept booked. With `is_photographed`, the course is photographed
    and measured.
    """

    menu: Menu
    place: int
    begins_at: datetime
    waits_days: int
    until: Until = Until.END
    answers: Answers = field(default_factory=dict)
    outcome: VerdictOutcome = VerdictOutcome.ELIGIBLE
    verdict_reason: str = "Bonne indication, aucune contre-indication retrouvée."
    conditions: str = ""
    not_before_days: int = 0
    overrides: str = ""
    reports: Sequence[Report] = ()
    changes: Answers = field(default_factory=dict)
    misses: int = 0
    cancels: int = 0
    ahead: int = 1
    is_photographed: bool = False
    sessions: int | None = None


class Clinic:
    """What all paths share."""

    def __init__(self, premises: Premises, shelves: Shelves) -> None:
        self.premises = premises
        self.shelves = shelves
        self.consultations: dict[Procedure, ServiceView] = {
            procedure: consultation_service(procedure) for procedure in Procedure
        }
        self.products: dict[str, UUID] = {p.code: p.id for p in list_products()}
        self._sessions: dict[UUID, ServiceView] = {}
        self._treatments: dict[str, TreatmentView] = {}

    def treatment(self, code: str) -> TreatmentView:
        """Return a treatment."""
        if code not in self._treatments:
            self._treatments[code] = treatment_by_code(code)
        return self._treatments[code]

    def session_service(self, treatment_id: UUID) -> ServiceView:
        """Return the service by which a treatment's sessions are booked."""
        if treatment_id not in self._sessions:
            self._sessions[treatment_id] = session_service(treatment_id)
        return self._sessions[treatment_id]

    @property
    def desk(self) -> Actor:
        """Return the front desk as who acts."""
        return self.premises.desk.actor


class Patient:
    """Somebody on the path: the person, the script, and what came of it so far."""

    def __init__(self, clinic: Clinic, person: Person, script: Script) -> None:
        self.clinic = clinic
        self.person = person
        self.script = script
        self.menu: Menu = script.menu
        self.place: Place = clinic.premises.places[script.place]
        self.rng = random.Random(person.email)  # noqa: S311 -- a demo's dice
        self.doctor: Doctor = self.rng.choice(self.place.doctors)
        self.treatment_id = clinic.treatment(self.menu.treatment_code).id
        self.id: UUID
        self.actor: Actor

    @property
    def zones(self) -> list[str]:
        """Return the zones of the course as codes."""
        return [zone.value for zone in self.menu.zones]

    def doctor_of(self, appointment: AppointmentView) -> Doctor:
        """Return the physician of an appointment."""
        return next(
            doctor
            for doctor in self.place.doctors
            if doctor.resource_id == appointment.practitioner_id
        )

    def book_consultation(self, *, around: date, actor: Actor, at: datetime) -> AppointmentView:
        """Book the consultation on a day, or as near as there is a start."""
        service = self.clinic.consultations[self.menu.procedure]

        def attempt(starts_at: datetime, practitioner_id: UUID | None) -> UUID:
            return book(
                patient_id=self.id,
                service_id=service.id,
                site_id=self.place.id,
                starts_at=starts_at,
                practitioner_id=practitioner_id,
                actor=actor,
                at=at,
            )

        return self._take(service, attempt, around=around, at=at)

    def book_session(self, plan_id: UUID, *, around: date, at: datetime) -> AppointmentView:
        """Book the next session of a plan on a day, or as soon after as there is a start."""
        service = self.clinic.session_service(self.treatment_id)

        def attempt(starts_at: datetime, practitioner_id: UUID | None) -> UUID:
            return book_session(
                patient_id=self.id,
                plan_id=plan_id,
                site_id=self.place.id,
                starts_at=starts_at,
                practitioner_id=practitioner_id,
                actor=self.actor,
                at=at,
            )

        return self._take(service, attempt, around=around, at=at)

    def _take(
        self, service: ServiceView, attempt: _Attempt, *, around: date, at: datetime
    ) -> AppointmentView:
        """Try a likely start, then those that the refusal names."""
        day = around
        for _ in range(_MOST_TRIES):
            wanted = self._likely_start(service, day)
            try:
                return get_appointment(attempt(wanted, self.doctor.resource_id))
            except SlotTaken as taken:
                later = [n for n in taken.nearest if n.local_date >= around and n.starts_at > at]
                for start in self.rng.sample(later, len(later)):
                    try:
                        return get_appointment(attempt(start.starts_at, None))
                    except (SlotTaken, PatientBusy):
                        continue
            except PatientBusy:
                pass  # another day, then
            day += timedelta(days=1)
        raise LookupError(f"no start for {service.code} around {around}")

    def _likely_start(self, service: ServiceView, day: date) -> datetime:
        """Return a start at which the doctor is there from the day on, on a quarter of an hour."""
        doctor_need = next(n.name for n in service.needs if n.kind is ResourceKind.PRACTITIONER)
        lead = length = 0
        for phase in service.phases:
            if doctor_need in phase.needs:
                length += phase.minutes
            elif not length:
                lead += phase.minutes
        hours_of = self.clinic.premises.hours_of
        while not (hours := hours_of(self.doctor, day)):
            day += timedelta(days=1)
        opens, closes = self.rng.choice(hours)
        minute = self.rng.randrange(opens, closes - length) - lead
        minute -= minute % _QUARTER
        if minute + lead < opens:
            minute += _QUARTER
        return datetime.combine(day, time(minute // 60, minute % 60), tzinfo=ZONE)
