"""The web server is killed after each page that confirmed something: nothing of it is lost.

The whole path is walked once, from the first booking to the answer to a symptom; after each
confirmation the server dies, and the page that a person would open next still says it.
"""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from aiguille.booking.queries import appointments_of_patient, get_appointment
from aiguille.demo.premises import staff_sign_ins
from aiguille.follow_up.queries import aftercare_of_session
from aiguille.journeys.run_session import begin_session
from aiguille.kernel.codes import Procedure, ServiceKind
from aiguille.patients.queries import latest_answers, search
from aiguille.protocols.events import UnitOpened
from aiguille.treatment_sessions.queries import run_state, sessions_of_appointments
from tests.faults.killing import Browser, Form, Page, Server, serving
from tests.journeys.clinic import next_session, open_clinic, wait, work
from tests.session_day import go_to, ready_for_session, run_to_the_end
from tests.world import confirm

pytestmark = [
    pytest.mark.faults,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
NAME = "Ferrand"


@pytest.fixture
def server():
    yield from serving()


def signed_in(server: Server, email: str) -> Browser:
    """Return a browser in which somebody has just signed in.

    Not by the password: the tests hash passwords in a way that a server does not accept.
    """
    client, browser = Client(), Browser(server.port)
    user = get_user_model().objects.get(email=email)
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    confirm(client, user.pk)
    browser.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[
        settings.SESSION_COOKIE_NAME
    ].value
    return browser


def link_to(page: Page, part: str, *, latest: bool = False) -> str:
    """Return the page's first link, or its latest, whose address holds `part`."""
    found = re.findall(rf'href="([^"]*{part}[^"]*)"', page.text)
    assert found, f"no link to {part} at {page.path}"
    return unescape(found[-1 if latest else 0])


def test_from_the_first_booking_to_the_booked_session(committed_db, server):
    open_clinic()
    visitor = Browser(server.port)
    book_a_consultation(visitor, server)
    open_the_space(visitor, server)
    answer_the_questionnaire(visitor, server)
    wait(timedelta(hours=3))
    judge_and_plan(signed_in(server, staff_sign_ins()[0].email), server)
    book_a_session_and_consent(visitor, server)
    assert server.deaths == 12


def book_a_consultation(visitor: Browser, server: Server) -> None:
    """Hold a time, then book it: the visitor reads so, and the message is on its way."""
    page = visitor.see("/fr/book/?procedure=mesotherapy")
    page = visitor.see(link_to(page, "/book/consult", latest=True))
    offered = page.form("start")
    page = visitor.see(visitor.confirm(offered, start=offered.buttons["start"][0]))
    server.kill_and_start()
    page = visitor.see(page.path)  # the time is still held
    visitor.confirm(
        page.form("birth_name"),
        first_names="Camille",
        birth_name=NAME,
        email="camille@example.org",
        phone="06 12 34 56 78",
    )
    server.kill_and_start()
    visitor.see("/fr/book/done/")
    assert len(appointments_of_patient(search(NAME)[0].id)) == 1
    work()


def open_the_space(visitor: Browser, server: Server) -> None:
    """Open the space by the link that was sent: it stays open."""
    page = visitor.see(urlsplit(link_to(visitor.see("/fr/demo/mail/"), "/s/")).path)
    identity = {"first_names": "Camille", "birth_name": NAME, "sex": "F"}
    born = {"birth_date_day": "7", "birth_date_month": "5", "birth_date_year": "1986"}
    visitor.confirm(page.form("birth_date_day"), **identity, **born)
    server.kill_and_start()
    visitor.see("/fr/space/")


def answer_the_questionnaire(visitor: Browser, server: Server) -> None:
    """Answer, and leave one to the doctor: each answer is kept as it is given, and all at the end."""
    page = visitor.see("/fr/space/questionnaire/mesotherapy/")
    answered = 0
    while "/review/" not in page.path:
        form = page.form(action="/questionnaire/")
        said = {"answer": "unknown" if "/S36/" in page.path else "no"}
        page = visitor.see(visitor.confirm(form, **(said if form.has("answer") else {})))
        answered += 1
        if answered == 3:
            server.kill_and_start()
            again = visitor.see("/fr/space/questionnaire/mesotherapy/")
            assert again.path == page.path, "it goes on where it was left"
    visitor.confirm(page.form(action="/questionnaire/"))
    server.kill_and_start()
    given = latest_answers(search(NAME)[0].id, Procedure.MESOTHERAPY)
    assert given is not None
    assert len(given.answers) >= 10


def judge_and_plan(doctor: Browser, server: Server) -> None:
    """Receive the patient, write the consultation, ask the rest, give the verdict, plan."""
    page = doctor.see("/fr/desk/")
    doctor.confirm(page.form(action="/arrived/"))
    server.kill_and_start()
    consultation = link_to(doctor.see("/fr/desk/"), "/consultations/")
    page = doctor.see(consultation)
    findings = {"reason": "Peau terne.", "examination": "Peau saine."}
    doctor.confirm(page.form("reason"), **findings, phototype="2", zones="CHEEK:left")
    server.kill_and_start()
    assert "Peau terne." in unescape(doctor.see(consultation).text)
    blank = doctor.see(consultation + "questions/").form("fill")
    filled = doctor.send(blank, fill=blank.buttons["fill"][0])
    doctor.confirm(filled.form(action="/questions/"))
    server.kill_and_start()
    form = doctor.see(consultation + "verdict/").form("outcome")
    treatment = form.choices["treatment"][0]
    plan = doctor.confirm(form, treatment=treatment, outcome="ELIGIBLE", reason="Peau saine.")
    server.kill_and_start()
    prescription = doctor.confirm(doctor.see(plan).form("sessions_planned"))
    server.kill_and_start()
    assert "/prescription/" in doctor.see(prescription).path


def book_a_session_and_consent(visitor: Browser, server: Server) -> None:
    """Book the first session under the verdict, and sign its consent."""
    page = visitor.see(link_to(visitor.see("/fr/space/"), "/sessions/"))
    while not any(form.has("start") for form in page.forms):
        page = visitor.see(link_to(page, "from="))
    offered = page.form("start")
    visitor.confirm(offered, start=offered.buttons["start"][0])
    server.kill_and_start()
    assert next_session(NAME).kind is ServiceKind.SESSION
    page = visitor.see("/fr/space/consent/mesotherapy-mesolift-ageing/")
    form = page.form("mention")
    ticks = {name: offered for name, offered in form.choices.items() if offered == ["on"]}
    mention = re.search(r"[«“]([^«»“”]+)[»”]", page.text)
    assert mention is not None
    words = unescape(mention[1]).strip("\u00a0 ")
    signed = visitor.confirm(form, **ticks, mention=words, signed_name=f"Camille {NAME}")
    server.kill_and_start()
    visitor.see(signed)


def test_from_the_treatment_rooms_door_through_the_first_steps(committed_db, world, server):
    day = ready_for_session(world)
    go_to(day.at + timedelta(minutes=5))
    doctor = signed_in(server, world.bruno.email)

    # Begun: the server answers with where the session is, and dies.
    agenda = doctor.see(reverse("desk:day") + f"?day={day.day}")
    run = doctor.confirm(agenda.form(action=reverse("desk:begin", args=[day.appointment])))
    server.kill_and_start()
    session_id = sessions_of_appointments([day.appointment])[day.appointment]
    assert run.startswith(reverse("desk:run", args=[session_id]))
    assert get_appointment(day.appointment).state == "IN_PROGRESS"

    # Steps done, then a unit opened; the page after each death stands where it stood.
    run = reverse("desk:run", args=[session_id])
    steps = (
        ("explain", {"action": "done", "explained": "on"}),
        ("prepare", {"action": "done", "emergency_kit": "on"}),
        ("drape", {"action": "unit", "field": "drape"}),
    )
    sent: list[tuple[Form, dict[str, str]]] = []
    for step, typed in steps:
        page = doctor.see(f"{run}?step={step}")
        form = next(form for form in page.forms if form.values["action"] == [typed["action"]])
        sent.append((form, typed))
        before = len(run_state(session_id).log)
        doctor.confirm(form, **typed)
        server.kill_and_start()
        assert len(run_state(session_id).log) == before + 1

    # The tablet did not hear the answer and sends its last entry again: it is there once.
    recorded = run_state(session_id).log
    form, typed = sent[-1]
    doctor.confirm(form, **typed)
    assert run_state(session_id).log == recorded
    report = doctor.see(reverse("desk:report", args=[session_id]))
    opened = recorded[-1].body
    assert isinstance(opened, UnitOpened)
    assert opened.lot in unescape(report.text)


def test_from_the_closing_of_the_session_to_the_answer_to_a_symptom(committed_db, world, server):
    day = ready_for_session(world)
    session_id = begin_session(appointment_id=day.appointment, actor=world.bruno.actor, at=day.at)
    go_to(run_to_the_end(world, day, session_id, until="session_closed"))
    doctor, patient = signed_in(server, world.bruno.email), Browser(server.port)
    session = world.space_client(world.anna).cookies[settings.SESSION_COOKIE_NAME]
    patient.cookies[session.key] = session.value

    page = doctor.see(reverse("desk:run", args=[session_id]))
    doctor.confirm(next(form for form in page.forms if form.values["action"] == ["close"]))
    server.kill_and_start()
    assert get_appointment(day.appointment).state == "DONE"
    assert aftercare_of_session(session_id) is not None
    patient.see(reverse("portal:aftercare"))

    page = patient.see(reverse("portal:symptom"))
    told = patient.confirm(page.form("symptom"), symptom="nodule", note="Une boule à gauche.")
    server.kill_and_start()
    assert "Une boule à gauche." in unescape(patient.see(told).text)

    page = doctor.see(link_to(doctor.see(reverse("desk:tasks")), "/symptoms/"))
    assert "Une boule à gauche." in unescape(page.text)
    doctor.confirm(page.form("note"), note="Rassurant.", closes="on")
    server.kill_and_start()
    assert "Rassurant." in unescape(patient.see(told).text)
