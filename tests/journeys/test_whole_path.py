"""From the first question to the follow-up, in a browser, as the patient and the doctor walk it."""

from datetime import timedelta

import pytest

from aiguille.demo.premises import staff_sign_ins
from tests.journeys.clinic import go_to, next_session, open_clinic, wait, work
from tests.journeys.walk import Doctor, Patient

pytestmark = pytest.mark.browser


MESOTHERAPY_STEPS = {
    "photo": {"views": "3"},
    "cream_on": {"applied": "at_home", "grams": "15", "area_cm2": "100"},
    "antisepsis": {"method": "four_step", "antiseptic": "Chlorhexidine alcoolique"},
    "injections": {
        "zone": "CHEEK",
        "side": "both",
        "technique": "IED",
        "needle_mm": "4",
        "inserted_mm": "1.5",
        "angle": "15",
        "volume_ml": "0.01",
        "points": "40",
        "spacing_mm": "3",
    },
    "pain": {"pain_vas": "2", "erythema_cea": "1"},
}


NEEDLING_STEPS = {
    "photo": {"views": "3"},
    "cream_on": {"applied": "at_home", "grams": "15", "area_cm2": "100"},
    "antisepsis": {"method": "four_step", "antiseptic": "Alcoholic chlorhexidine"},
    "passes": {
        "zone": "CHEEK",
        "side": "both",
        "needle_mm": "0.5",
        "pressure": "light",
        "end_point": "ERYTHEMA",
        "passes_horizontal": "2",
        "passes_vertical": "2",
        "passes_oblique_right": "2",
        "passes_oblique_left": "2",
    },
    "end_point": {"end_point": "ERYTHEMA"},
    "pain": {"pain_vas": "3", "erythema_cea": "2"},
}


def test_mesotherapy_in_french_from_the_guide_to_the_follow_up(open_page, shows):
    open_clinic()
    patient = Patient(open_page(language="fr", device="phone"), shows, "fr")
    doctor = Doctor(open_page(language="fr", device="tablet"), shows, "fr")
    lead_to_consultation(patient, doctor, "mesotherapy", first="Camille", last="Ferrand")
    lead_through_session(
        patient,
        doctor,
        "Ferrand",
        treatment="mesotherapy-mesolift-ageing",
        signature="Camille Ferrand",
        steps=MESOTHERAPY_STEPS,
        next_in_days=15,
    )
    wait(timedelta(days=2))
    patient.report("nodule", "Une petite boule sur la joue gauche.")
    doctor.answer_symptom("Rassurant ; revoyons-nous si elle persiste.")
    patient.book_session()


def test_needling_in_english_from_the_guide_to_the_follow_up(open_page, shows):
    open_clinic()
    patient = Patient(open_page(language="en", device="phone"), shows, "en")
    doctor = Doctor(open_page(language="en", device="tablet"), shows, "en")
    lead_to_consultation(patient, doctor, "needling", first="Alice", last="Harcourt")
    lead_through_session(
        patient,
        doctor,
        "Harcourt",
        treatment="needling-ageing",
        signature="Alice Harcourt",
        steps=NEEDLING_STEPS,
        next_in_days=30,
    )
    patient.report("redness", "Like a sunburn.")
    wait(timedelta(days=3))
    patient.report("pus", "A yellow spot on the left cheek.")
    patient.book_session_refused()
    doctor.answer_symptom("Seen today: treated and healing.")
    patient.book_session()


def lead_to_consultation(
    patient: Patient, doctor: Doctor, procedure: str, *, first: str, last: str
) -> None:
    """Lead a visitor from the guide to the doctor's verdict, plan and prescription."""
    patient.book_consultation(procedure, first=first, last=last, email=f"{last}@example.org")
    patient.open_space(first=first, last=last, born=("7", "5", "1986"))
    patient.answer_questionnaire(procedure)
    doctor.sign_in(staff_sign_ins()[0].email)
    wait(timedelta(hours=3))
    doctor.receive(last)
    doctor.consult(last, zone="CHEEK")
    doctor.ask_the_rest()
    doctor.judge("ELIGIBLE")
    doctor.plan_and_prescribe()
    work()


def lead_through_session(
    patient: Patient,
    doctor: Doctor,
    last: str,
    *,
    treatment: str,
    signature: str,
    steps: dict[str, dict[str, str]],
    next_in_days: int,
) -> None:
    """Book the first session, fail to begin it without the consent, sign, and lead it to its end."""
    patient.book_session()
    session = next_session(last)
    work()
    go_to(session.starts_at - timedelta(days=2))
    patient.answer_again()
    go_to(session.starts_at - timedelta(hours=2) + timedelta(seconds=5))
    work()
    patient.read_mail()
    go_to(session.starts_at - timedelta(minutes=10))
    doctor.receive(last, day=str(session.local_date))
    doctor.begin_refused(last)
    patient.sign_consent(treatment, signature)
    doctor.begin(last, day=str(session.local_date))
    applied_at = session.local - timedelta(hours=2)
    doctor.run_session(
        steps=steps
        | {
            "cream_on": steps["cream_on"] | {"applied_at": applied_at.strftime("%Y-%m-%dT%H:%M")},
            "next_date": {"next_date": str(session.local_date + timedelta(days=next_in_days))},
        }
    )
    work()
    patient.read_aftercare()
    patient.read_documents()
