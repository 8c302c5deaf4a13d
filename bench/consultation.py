"""The consultation page of a patient with ten years of history, in the demo clinic."""

import time
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from bench import database, pages
from bench.history import ANSWER_SETS, CONSULTATIONS, SESSIONS, give_past
from bench.results import Figures, Results

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
_PAST = "SELECT count(*) FROM care_consultation WHERE patient_id = %s"
_DAYS_AHEAD = 80


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
    busy = _processor_time(address, cookie, times=20 if quick else 60)
    with pages.served({}) as port:
        figures = pages.requests_of(port, address, cookie=cookie, times=60 if quick else 300)
    name = "consultation page after ten years"
    shape = {"consultations": CONSULTATIONS, "sessions": SESSIONS, "answer sets": ANSWER_SETS}
    results.add_times(f"{name}, over HTTP", figures, params=shape)
    results.add(f"{name}, queries in process", queries, "queries", params=shape)
    # What a busy machine does not stretch as it stretches the time over HTTP.
    results.add(f"{name}, processor time in process", busy.median, "ms median", params=shape)
    results.mark(f"{name}, queries", queries, QUERIES)
    results.mark(f"{name}, ms median over HTTP", figures.median, MILLISECONDS)


def _processor_time(address: str, cookie: Mapping[str, str], *, times: int) -> Figures:
    from django.test import Client

    client = Client()
    for name, value in cookie.items():
        client.cookies[name] = value
    values = []
    for _ in range(times):
        started = time.process_time()
        client.get(address)
        values.append((time.process_time() - started) * 1000)
    return Figures(tuple(values))


def _prepare() -> UUID:
    """Return the consultation booked for a patient with a long past; make both if needed."""
    with database.owner() as connection:
        found = connection.execute(_TREATED).fetchone()
        assert found is not None, "the demo has treated patients"
        patient_id: UUID = found[0]
        there = connection.execute(_PAST, [patient_id]).fetchone()
        if there is None or there[0] < CONSULTATIONS:
            with connection.transaction():
                give_past(connection, patient_id)
    return _next_consultation(patient_id) or _book(patient_id)


def _next_consultation(patient_id: UUID) -> UUID | None:
    from aiguille.booking.queries import appointments_of_patient
    from aiguille.kernel.codes import ServiceKind
    from aiguille.plumbing.clock import now

    return next(
        (
            one.id
            for one in appointments_of_patient(patient_id)
            if one.kind is ServiceKind.CONSULTATION
            and one.state == "BOOKED"
            and one.starts_at > now()
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

    at = now()
    site = site_by_code(SITE)
    assert site is not None, "the demo has this site"
    service = service_by_code(SERVICE)
    first = free_starts(
        service_id=service.id,
        first_day=at.date() + timedelta(days=1),
        last_day=at.date() + timedelta(days=_DAYS_AHEAD),
        site_id=site.id,
        at=at,
    )[0]
    return book(
        patient_id=patient_id,
        service_id=service.id,
        site_id=site.id,
        starts_at=first.starts_at,
        actor=SYSTEM,
        at=at,
    )
