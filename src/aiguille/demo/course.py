"""The course: consent, sessions with every event, symptoms, the next session."""

from collections import deque
from datetime import date, datetime, timedelta
from uuid import UUID

from aiguille.booking.operations import check_in, mark_no_show
from aiguille.booking.queries import AppointmentView
from aiguille.care.operations import acknowledge_information
from aiguille.care.reflection import reflection_days
from aiguille.catalogue.queries import get_treatment
from aiguille.consent.operations import sign_consent
from aiguille.consent.queries import current_text
from aiguille.demo.outcomes import measure, photograph
from aiguille.demo.patients import Part, Patient, Report, Until
from aiguille.demo.premises import ZONE
from aiguille.demo.runs import as_json, happenings, lasts
from aiguille.journeys.ask_again import ask_on_the_day
from aiguille.journeys.change_appointment import cancel
from aiguille.journeys.documents import file_consent_document
from aiguille.journeys.read_information import read_information
from aiguille.journeys.record_answers import record_answers
from aiguille.journeys.report_symptom import answer_report, report_symptom
from aiguille.journeys.run_session import begin_session, record_session_event
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Answer, ScoreMoment
from aiguille.kernel.ids import new_id
from aiguille.outcomes.scales import follow_up_days
from aiguille.patients.operations import save_draft_answers
from aiguille.patients.queries import latest_answers
from aiguille.protocols.events import UnitOpened
from aiguille.rulebook import load_rulebook

# The reflection period; what a script begins is dated back by as much (`cohort`).
_FIRST_SESSION_AFTER_DAYS = reflection_days().usual
_MEASURED_AGAIN_AFTER = timedelta(days=follow_up_days()[0])
_ANSWERED_AFTER = timedelta(hours=3)


def go_through(patient: Patient, plan_id: UUID, at: datetime) -> Part:
    """Sign the consent, then go from session to session until the plan is done."""
    script = patient.script
    at = yield at + timedelta(hours=patient.rng.randrange(3, 50))
    _sign(patient, at)
    if script.until is Until.CONSENT:
        return
    course = _Course(patient, plan_id)
    at = yield at + timedelta(minutes=10)
    if script.is_photographed:
        measure(patient, plan_id=plan_id, moment=ScoreMoment.START, at=at)
    course.book_ahead(at)
    check_up = at.astimezone(ZONE).date() + timedelta(days=patient.rng.randrange(24, 40))
    patient.book_consultation(around=check_up, actor=patient.clinic.desk, at=at)
    for number in range(1, course.total + 1):
        appointment = course.booked.popleft()
        doctor = patient.doctor_of(appointment).actor
        if number == script.cancels:
            at = yield appointment.starts_at - timedelta(days=2)
            cancel(appointment_id=appointment.id, reason="Voyage.", actor=patient.actor, at=at)
            return
        if number == script.misses:
            at = yield appointment.starts_at + timedelta(minutes=25)
            mark_no_show(appointment_id=appointment.id, actor=patient.clinic.desk, at=at)
            return
        at = yield appointment.starts_at - timedelta(minutes=patient.rng.randrange(1, 9))
        _read(patient, at)
        check_in(appointment_id=appointment.id, actor=patient.clinic.desk, at=at)
        _ask_again(patient, appointment, at)
        if script.is_photographed:
            photograph(patient, progress=(number - 1) / course.total, at=at)
        at = yield appointment.starts_at + timedelta(minutes=patient.rng.randrange(2, 8))
        session_id = begin_session(appointment_id=appointment.id, actor=doctor, at=at)
        next_day = course.day_after(appointment.local_date, number)
        yield from _run(patient, session_id, doctor, begun_at=at, next_day=next_day)
        ended_at = at + lasts(patient.menu)
        at = yield ended_at + timedelta(hours=patient.rng.randrange(1, 5))
        course.book_ahead(at, done=number)
        for report in script.reports:
            if report.after_session == number:
                yield from _report(patient, report, session_id, doctor, ended_at=ended_at)
        if number == 1 and script.changes:
            at = yield ended_at + timedelta(days=3, hours=2)
            _change_answers(patient, at)
            return
    if script.is_photographed:
        at = yield at + _MEASURED_AGAIN_AFTER
        photograph(patient, progress=1, at=at)
        measure(patient, plan_id=plan_id, moment=ScoreMoment.FOLLOW_UP, at=at)


def _ask_again(patient: Patient, appointment: AppointmentView, at: datetime) -> None:
    """Ask the questions of the day: the skin is clean, and nothing else is so."""
    known = latest_answers(patient.id, appointment.procedure)
    asked = load_rulebook().questions_for(appointment.procedure, starred_only=True)
    ask_on_the_day(
        appointment_id=appointment.id,
        answers={
            question.id: {"answer": (Answer.YES if question.day_only else Answer.NO).value}
            for question in asked
        },
        seen_id=known.id if known else None,
        actor=patient.clinic.desk,
        at=at,
    )


class _Course:
    """The sessions of a plan that are booked, and when those after them are wanted."""

    def __init__(self, patient: Patient, plan_id: UUID) -> None:
        self.patient = patient
        self.plan_id = plan_id
        self.total = patient.script.sessions or patient.menu.course.sessions_default
        self.booked: deque[AppointmentView] = deque()
        self._last: AppointmentView | None = None

    def book_ahead(self, at: datetime, *, done: int = 0) -> None:
        """Book sessions until the script's number of them lies ahead, or the plan is full."""
        while len(self.booked) < self.patient.script.ahead and done + len(self.booked) < self.total:
            around = self._wanted(at, number=done + len(self.booked) + 1)
            self._last = self.patient.book_session(self.plan_id, around=around, at=at)
            self.booked.append(self._last)

    def day_after(self, day: date, number: int) -> date:
        """Return when the session after the session `number` is wanted."""
        course = self.patient.menu.course
        offsets = course.offsets_days
        if number < len(offsets):
            return day + timedelta(days=offsets[number] - offsets[number - 1])
        return day + timedelta(days=course.interval_default_days)

    def _wanted(self, at: datetime, *, number: int) -> date:
        today = at.astimezone(ZONE).date()
        if self._last is None:
            wait = max(_FIRST_SESSION_AFTER_DAYS, self.patient.script.not_before_days)
            return today + timedelta(days=wait + self.patient.rng.randrange(4))
        return max(self.day_after(self._last.local_date, number - 1), today + timedelta(days=2))


def _sign(patient: Patient, at: datetime) -> None:
    text = current_text(patient.treatment_id, patient.person.language)
    assert text is not None, "every text was published"
    consent_id = sign_consent(
        patient_id=patient.id,
        treatment_id=patient.treatment_id,
        text_id=text.id,
        answers={
            section["id"]: True
            for section in text.content["sections"]
            if section["acknowledgement"]
        },
        mention=text.content["mention"],
        signature_kind="TYPED",
        signature=patient.person.full_name,
        actor=patient.actor.confirmed(at),
        at=at,
    )
    file_consent_document(consent_id=consent_id)


def _read(patient: Patient, at: datetime) -> None:
    """Let the patient acknowledge what concerns them, where there is anything to read."""
    reading = read_information(
        patient_id=patient.id,
        treatment_code=get_treatment(patient.treatment_id).code,
        at=at,
    )
    acknowledge_information(
        verdict_id=reading.verdict.id,
        information=reading.information,
        ticked={item.rule for item in reading.information},
        seen={item.digest for item in reading.information},
        language=patient.person.language,
        actor=patient.actor,
        at=at,
    )


def _run(
    patient: Patient, session_id: UUID, doctor: Actor, *, begun_at: datetime, next_day: date
) -> Part:
    """Record what happens in a session, each event at its own minute."""
    menu = patient.menu
    today = begun_at.astimezone(ZONE).date()
    for happening in happenings(menu):
        at = yield begun_at + happening.after
        unit = ""
        if isinstance(happening.body, UnitOpened):
            product = menu.products[happening.body.kind]
            unit = str(patient.clinic.shelves.take(product, on=today))
        record_session_event(
            session_id=session_id,
            idempotency_key=new_id(),
            body=as_json(happening.body, menu, begun_at=begun_at, unit=unit, next_day=next_day),
            actor=doctor.confirmed(at),
            at=at,
        )


def _report(
    patient: Patient, report: Report, session_id: UUID, doctor: Actor, *, ended_at: datetime
) -> Part:
    at = yield ended_at + timedelta(hours=report.hours)
    view = report_symptom(
        session_id=session_id,
        symptom=report.symptom,
        note=report.note,
        pain=report.pain,
        actor=patient.actor,
        at=at,
    )
    if report.answer:
        at = yield at + _ANSWERED_AFTER
        answer_report(report_id=view.id, note=report.answer, closes=True, actor=doctor, at=at)


def _change_answers(patient: Patient, at: datetime) -> None:
    """Hand in changed answers, which may suspend the verdict."""
    procedure = patient.menu.procedure
    save_draft_answers(
        patient_id=patient.id,
        procedure=procedure,
        answers=patient.script.changes,
        actor=patient.actor,
        at=at,
    )
    record_answers(patient_id=patient.id, procedure=procedure, actor=patient.actor, at=at)
