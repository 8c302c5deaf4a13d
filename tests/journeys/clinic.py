"""The clinic of the browser's journeys: the demo's premises and shelves, and nobody in them yet."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from django.db import connections
from playwright.sync_api import Page
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from aiguille.booking.queries import AppointmentView, appointments_of_patient
from aiguille.consent.operations import publish_texts
from aiguille.demo.premises import PASSWORD, ZONE, open_premises
from aiguille.demo.shelves import receive_stock
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import ServiceKind
from aiguille.messaging.delivery import send_all_due
from aiguille.patients.queries import search
from aiguille.plumbing import clock

# A Tuesday morning in Lyon, with no change of clocks in the weeks that follow.
BEGINS = datetime(2027, 1, 12, 8, 0, tzinfo=UTC)

Shows = Callable[[Page, str], None]


def open_clinic() -> None:
    """Open the clinic and set the clock to `BEGINS`."""
    go_to(BEGINS)
    since = BEGINS - timedelta(days=30)
    premises = open_premises(since=since, today=BEGINS.astimezone(ZONE).date())
    for place in premises.places:
        receive_stock(place, manager=premises.manager.actor, since=since, today=BEGINS.date())
    publish_texts(actor=SYSTEM, at=since)


def go_to(at: datetime) -> None:
    """Set the one clock, for the pages and the jobs alike."""
    clock.set_offset(at - datetime.now(UTC))


def wait(length: timedelta) -> None:
    """Let time pass."""
    go_to(clock.now() + length)


def next_session(name: str) -> AppointmentView:
    """Return the next session of the patient of that name."""
    patient = search(name)[0]
    return next(
        each
        for each in sorted(appointments_of_patient(patient.id), key=lambda a: a.starts_at)
        if each.kind is ServiceKind.SESSION and each.starts_at > clock.now()
    )


def work() -> None:
    """Let the worker do what waits: messages that are due, documents to render.

    In a thread of its own, as in a process of its own: Playwright keeps a loop in ours.
    """
    with ThreadPoolExecutor(max_workers=1) as threads:
        threads.submit(_work).result()


def _work() -> None:
    try:
        send_all_due(at=clock.now())
        connector = app.connector
        assert isinstance(connector, DjangoConnector)
        with app.replace_connector(connector.get_worker_connector()) as worker:
            worker.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)
    finally:
        connections.close_all()


def confirm_identity(page: Page, shows: Shows, *, then: str) -> None:
    """Give the password again where a signature asks for it; what was sent then goes on.

    `then` is a part of the address that the signature leads to.
    """
    page.wait_for_url(lambda url: "/reauthenticate/" in url or then in url)
    if "/reauthenticate/" in page.url:
        shows(page, "confirm-identity")
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main form button[type=submit], main form button:not([type])").last.click()
        page.wait_for_url(lambda url: then in url)


def sign_in(page: Page, email: str, language: str) -> None:
    """Sign a member of staff in."""
    page.goto(f"/{language}/desk/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form button[type=submit]").last.click()
    page.wait_for_url(f"**/{language}/desk/**")
