"""The path of a patient, part by part, through the same journeys as the pages use."""

from collections.abc import Generator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from aiguille.accounts.queries import actor_of_patient_account
from aiguille.booking.operations import check_in, mark_no_show
from aiguille.booking.queries import AppointmentView
from aiguille.booking.waiting import join_waiting_list
from aiguille.care.operations import make_plan, plan_limits, prescribe, write_consultation
from aiguille.care.planning import Answer
from aiguille.care.prescribing import Cream
from aiguille.care.queries import screening
from aiguille.care.rules import Override
from aiguille.care.validity import add_months
from aiguille.catalogue.queries import protocol_versions
from aiguille.demo.course import go_through
from aiguille.demo.patients import Answers, Part, Patient, Until
from aiguille.demo.premises import ZONE, Doctor
from aiguille.journeys.become_patient import open_space
from aiguille.journeys.change_appointment import cancel
from aiguille.journeys.conclude_consultation import conclude_consultation
from aiguille.journeys.give_verdict import give_verdict
from aiguille.journeys.record_answers import record_answers
from aiguille.kernel.actor import VISITOR
from aiguille.kernel.codes import ProductKind
from aiguille.patients.operations import (
    IdentityTraits,
    check_identity,
    create_provisional,
    make_link,
    save_draft_answers,
)
from aiguille.rulebook import QuestionInput, load_rulebook

# Whence the demo's patients open their links; it counts only where a birth date is wrong.
_ADDRESS = "192.0.2.17"
_LINK_LASTS = timedelta(days=7)
_VERDICT_MONTHS = 9
_AFTER_WORK = 18 * 60
_CREAM = "Crème Démo Calmidol – lidocaïne 25 mg/g et prilocaïne 25 mg/g"


def tell(patient: Patient) -> Part:
    """Tell a patient's whole path."""
    script, person = patient.script, patient.person
    at = yield script.begins_at
    patient.id = create_provisional(
        birth_name=person.birth_name,
        first_names=person.first_names,
        email=person.email,
        phone=person.phone,
        language=person.language,
        actor=VISITOR,
        at=at,
    )
    around = at.astimezone(ZONE).date() + timedelta(days=script.waits_days)
    appointment = patient.book_consultation(around=around, actor=VISITOR, at=at)
    match script.until:
        case Until.BOOKED:
            return
        case Until.WAITS:
            at = yield at + timedelta(hours=2)
            join_waiting_list(
                patient_id=patient.id,
                instead_of=appointment.id,
                from_minute=_AFTER_WORK,
                first_day=at.astimezone(ZONE).date(),
                last_day=appointment.local_date,
                actor=patient.clinic.desk,
                at=at,
            )
            return
        case Until.CANCELLED:
            at = yield at + (appointment.starts_at - at) * 0.4
            cancel(
                appointment_id=appointment.id,
                reason="Empêchement, rappellera.",
                actor=patient.clinic.desk,
                at=at,
            )
            return
        case Until.NO_SHOW:
            at = yield appointment.starts_at + timedelta(minutes=20)
            mark_no_show(appointment_id=appointment.id, actor=patient.clinic.desk, at=at)
            return
    yield from _prepare(patient, appointment, at)
    if script.until in {Until.SPACE_OPENED, Until.ANSWERED_IN_PART}:
        return
    plan_id, at = yield from _consult(patient, appointment)
    if plan_id is not None and script.until is not Until.PLAN:
        yield from go_through(patient, plan_id, at)


# --- Before the consultation ----------------------------------------------------------------------


def _prepare(patient: Patient, appointment: AppointmentView, at: datetime) -> Part:
    """Open the space and hand in the questionnaire."""
    script = patient.script
    at = yield at + (appointment.starts_at - at) * patient.rng.uniform(0.02, 0.2)
    _open_space(patient, at)
    if script.until is Until.SPACE_OPENED:
        return
    at = yield at + (appointment.starts_at - at) * patient.rng.uniform(0.02, 0.3)
    answers = online_answers(patient, script.answers)
    if script.until is Until.ANSWERED_IN_PART:
        answers = dict(list(answers.items())[: patient.rng.randrange(4, 15)])
    save_draft_answers(
        patient_id=patient.id,
        procedure=patient.menu.procedure,
        answers=answers,
        actor=patient.actor,
        at=at,
    )
    if script.until is Until.ANSWERED_IN_PART:
        return
    at = yield at + timedelta(minutes=6)
    record_answers(
        patient_id=patient.id, procedure=patient.menu.procedure, actor=patient.actor, at=at
    )


def online_answers(patient: Patient, given: Answers) -> Answers:
    """Return an answer to each question that is asked online: `given`, else no."""
    asked = load_rulebook().questions_for(patient.menu.procedure)
    return {
        question.id: given.get(question.id, {"answer": "no"})
        for question in asked
        if question.input is not QuestionInput.BIRTH_DATE
    }


def _open_space(patient: Patient, at: datetime) -> None:
    person = patient.person
    token = make_link(patient_id=patient.id, scope="SPACE", expires_at=at + _LINK_LASTS, at=at)
    space = open_space(
        token=token,
        birth_date=person.born,
        address=_ADDRESS,
        at=at,
        traits=IdentityTraits(
            birth_name=person.birth_name,
            first_names=person.first_names,
            birth_date=person.born,
            sex=person.sex,
            birthplace=person.birthplace,
        ),
    )
    actor = actor_of_patient_account(space.user_id)
    assert actor is not None, "the space has just been opened"
    patient.actor = actor


# --- The consultation -----------------------------------------------------------------------------


def _consult(
    patient: Patient, appointment: AppointmentView
) -> Generator[datetime, datetime, tuple[UUID | None, datetime]]:
    """Hold the consultation; return the plan, None where there is none, and when it ended."""
    menu, starts_at, desk = patient.menu, appointment.starts_at, patient.clinic.desk
    doctor = patient.doctor_of(appointment)
    at = yield starts_at - timedelta(minutes=patient.rng.randrange(2, 12))
    check_in(appointment_id=appointment.id, actor=desk, at=at)
    check_identity(patient_id=patient.id, document="carte d’identité", actor=desk, at=at)
    at = yield starts_at + timedelta(minutes=22)
    consultation_id = write_consultation(
        patient_id=patient.id,
        procedure=menu.procedure,
        content={
            "reason": menu.reason,
            "history": "Voir le questionnaire." if patient.script.answers else "Sans antécédent.",
            "treatments": "Aucun traitement au long cours.",
            "allergies": "Aucune connue.",
            "examination": menu.examination,
            "advice": "Protection solaire tous les jours, pas d’exposition avant les séances.",
            "phototype": patient.person.phototype,
            "zones": patient.zones,
        },
        appointment_id=appointment.id,
        actor=doctor.actor,
        at=at,
    )
    at = yield at + timedelta(minutes=2)
    verdict_id = _judge(patient, consultation_id, doctor, at)
    plan_id = None
    if patient.script.until is not Until.VERDICT:
        at = yield at + timedelta(minutes=2)
        plan_id = _plan(patient, verdict_id, doctor, at)
        _prescribe(patient, consultation_id, plan_id, doctor, at)
    at = yield at + timedelta(minutes=2)
    conclude_consultation(appointment_id=appointment.id, actor=doctor.actor, at=at)
    return plan_id, at


def _judge(patient: Patient, consultation_id: UUID, doctor: Doctor, at: datetime) -> UUID:
    script = patient.script
    today = at.astimezone(ZONE).date()
    valid_from = today + timedelta(days=script.not_before_days)
    overrides: list[Override] = []
    if script.overrides:
        screened = screening(
            patient_id=patient.id,
            procedure=patient.menu.procedure,
            act_date=valid_from,
            zones=patient.zones,
        )
        overrides = [Override(found["rule"], script.overrides) for found in screened.findings]
    return give_verdict(
        patient_id=patient.id,
        treatment_id=patient.treatment_id,
        consultation_id=consultation_id,
        outcome=script.outcome,
        reason=script.verdict_reason,
        conditions=script.conditions,
        valid_from=valid_from,
        valid_until=add_months(valid_from, _VERDICT_MONTHS),
        overrides=overrides,
        today=today,
        actor=doctor.actor.confirmed(at),
        at=at,
    )


def _plan(patient: Patient, verdict_id: UUID, doctor: Doctor, at: datetime) -> UUID:
    menu, course = patient.menu, patient.menu.course
    version_id = next(
        version.id
        for version in protocol_versions(patient.treatment_id)
        if version.protocol_id == menu.protocol_id
    )
    injected = menu.products.get(ProductKind.INJECTABLE)
    planned: dict[str, Any] = {
        "verdict_id": verdict_id,
        "protocol_version_id": version_id,
        "sessions_planned": patient.script.sessions or course.sessions_default,
        "interval_min_days": course.interval_min_days,
        "places": menu.places,
        "product_id": patient.clinic.products[injected] if injected else None,
        "at": at,
    }
    limits = plan_limits(**planned)
    return make_plan(
        **planned,
        interval_default_days=course.interval_default_days,
        interval_max_days=course.interval_max_days or 2 * course.interval_default_days,
        acknowledged=[limit.key for limit in limits if limit.answer is Answer.TICK],
        actor=doctor.actor,
    )


def _prescribe(
    patient: Patient, consultation_id: UUID, plan_id: UUID, doctor: Doctor, at: datetime
) -> None:
    prescribe(
        patient_id=patient.id,
        consultation_id=consultation_id,
        plan_id=plan_id,
        site_id=patient.place.id,
        cream=Cream(
            product=_CREAM,
            area_cm2=Decimal(patient.menu.cream_area_cm2),
            minutes_before=120,
            zones=patient.zones,
        ),
        today=at.astimezone(ZONE).date(),
        language=patient.person.language,
        actor=doctor.actor.confirmed(at),
        at=at,
    )
