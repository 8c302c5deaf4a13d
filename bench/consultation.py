"""The consultation page of a patient with ten years of history, in the demo clinic."""

from datetime import date, timedelta
from uuid import UUID

from bench import database, pages
from bench.history import ANSWER_SETS, CONSULTATIONS, SESSIONS, give_past
from bench.results import Results

QUERIES, MILLISECONDS = 20, 60.0
# One who was treated, and whom a physician saw and questioned.
_TREATED = """
    SELECT patient_id, min(number) FROM treatment_sessions_session
      JOIN patients_patient ON patients_patient.id = patient_id
     WHERE ended_at IS NOT NULL
       AND patient_id IN (SELECT patient_id FROM care_consultation)
       AND patient_id IN (SELECT patient_id FROM patients_answer_set)
     GROUP BY patient_id ORDER BY min(number) LIMIT 1
"""
# A day on which nobody else books.
_WEEKS_AHEAD = 40


def measure(results: Results, *, quick: bool) -> None:
    """Give a patient of the demo ten years, and measure the page over HTTP."""
    from django.urls import reverse
    from django.utils.translation import override

    pages.prepare_demo(results)
    from bench.days import staff_cookie

    appointment_id = _prepare()
    cookie = staff_cookie()
    with override("fr"):
        address = reverse("desk:consultation", args=[appointment_id])
    queries = pages.queries_of(address, cookie=cookie)
    with pages.served({}) as port:
        figures = pages.requests_of(port, address, cookie=cookie, times=60 if quick else 300)
    name = "consultation page after ten years"
    shape = {"consultations": CONSULTATIONS, "sessions": SESSIONS, "answer sets": ANSWER_SETS}
    results.add_times(f"{name}, over HTTP", figures, params=shape)
    results.add(f"{name}, queries in process", queries, "queries", params=shape)
    results.mark(f"{name}, queries", queries, QUERIES)
    results.mark(f"{name}, ms median over HTTP", figures.median, MILLISECONDS)


def _prepare() -> UUID:
    """Return the consultation booked for a patient with a long past; make both if needed."""
    with database.owner() as connection:
        found = connection.execute(_TREATED).fetchone()
        assert found is not None, "the demo has treated patients"
        patient_id: UUID = found[0]
        booked = _consultation_of(patient_id)
        if booked is not None:
            return booked
        with connection.transaction():
            give_past(connection, patient_id)
    return _book(patient_id)


def _consultation_of(patient_id: UUID) -> UUID | None:
    from aiguille.booking.queries import appointments_of_patient
    from aiguille.kernel.codes import ServiceKind

    return next(
        (
            one.id
            for one in appointments_of_patient(patient_id)
            if one.kind is ServiceKind.CONSULTATION and one.starts_at.date() >= _far_ahead()
        ),
        None,
    )


def _book(patient_id: UUID) -> UUID:
    from aiguille.booking.operations import book
    from aiguille.booking.queries import free_starts
    from aiguille.catalogue.queries import service_by_code
    from aiguille.clinics.queries import site_by_code
    from aiguille.kernel.actor import SYSTEM
    from aiguille.plumbing.clock import now
    from bench.days import SERVICE, SITE

    site = site_by_code(SITE)
    assert site is not None, "the demo has this site"
    service = service_by_code(SERVICE)
    first = free_starts(
        service_id=service.id,
        first_day=_far_ahead() + timedelta(days=1),
        last_day=_far_ahead() + timedelta(days=14),
        site_id=site.id,
        at=now(),
    )[0]
    return book(
        patient_id=patient_id,
        service_id=service.id,
        site_id=site.id,
        starts_at=first.starts_at,
        actor=SYSTEM,
        at=now(),
    )


def _far_ahead() -> date:
    from aiguille.plumbing.clock import now

    return now().date() + timedelta(weeks=_WEEKS_AHEAD)
