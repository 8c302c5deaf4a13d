"""The web server is killed after each confirmed page: nothing that was confirmed is lost.

A real `aiguille serve` works on this run's own database; the browser is a plain HTTP client.
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode
from uuid import uuid4

import psutil
import pytest
from django.conf import settings
from django.db import connections
from django.urls import reverse

from aiguille.booking.queries import get_appointment
from aiguille.protocols.events import UnitOpened
from aiguille.treatment_sessions.queries import run_state, sessions_of_appointments
from tests.session_day import go_to, ready_for_session

pytestmark = [
    pytest.mark.faults,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
STARTS_WITHIN = 20.0


class Server:
    """`aiguille serve` as a process group of its own."""

    def __init__(self) -> None:
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "aiguille.cli", "serve"],
            env=os.environ
            | {"HOST": "127.0.0.1", "PORT": str(self.port), "DATABASE_URL": _address()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the server ended"
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """End every process of the server at once, as a power cut would."""
        assert self.process is not None
        workers = psutil.Process(self.process.pid).children(recursive=True)
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        psutil.wait_procs(workers, timeout=5)

    def kill_and_start(self) -> None:
        self.kill()
        self.start()


class Browser:
    """Follows no redirect and keeps its cookies, so that a test sees what was confirmed."""

    def __init__(self, port: int, session: str) -> None:
        self.port = port
        self.cookies = {settings.SESSION_COOKIE_NAME: session}

    def get(self, path: str) -> tuple[int, str]:
        status, _, page = self._ask("GET", path)
        return status, page

    def post(self, path: str, form_page: str, typed: dict[str, str]) -> tuple[int, str]:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form_page)
        assert token is not None
        status, where, page = self._ask(
            "POST", path, urlencode(typed | {"csrfmiddlewaretoken": token[1]})
        )
        return status, where or page

    def _ask(self, method: str, path: str, body: str = "") -> tuple[int, str, str]:
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        asking.request(method, path, body, headers)
        answer = asking.getresponse()
        page = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        asking.close()
        return answer.status, answer.headers.get("Location") or "", page


@pytest.fixture
def server():
    serving = Server()
    serving.start()
    yield serving
    serving.kill()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _address() -> str:
    """Return this run's database as the application's role reaches it."""
    of = connections["default"].settings_dict
    user = f"{of['USER']}:{of['PASSWORD']}" if of["PASSWORD"] else of["USER"]
    host = urlencode({"host": of["HOST"]} | ({"port": of["PORT"]} if of["PORT"] else {}))
    return f"postgresql://{user}@/{of['NAME']}?{host}"


def test_nothing_confirmed_is_lost(committed_db, world, server):
    day = ready_for_session(world)
    go_to(day.at + timedelta(minutes=5))
    signed_in = world.staff_client(world.bruno).cookies[settings.SESSION_COOKIE_NAME].value
    browser = Browser(server.port, signed_in)

    # Begun: the server answers with where the session is, and dies.
    status, agenda = browser.get(reverse("desk:day") + f"?day={day.day}")
    assert status == 200
    status, run = browser.post(reverse("desk:begin", args=[day.appointment]), agenda, {})
    assert status == 302
    server.kill_and_start()
    session_id = sessions_of_appointments([day.appointment])[day.appointment]
    assert run == reverse("desk:run", args=[session_id])
    assert get_appointment(day.appointment).state == "IN_PROGRESS"

    # Steps done, then a unit opened; the page after each death stands where it stood.
    sent = {}
    for step, typed in (
        ("explain", {"action": "done", "explained": "on"}),
        ("prepare", {"action": "done", "emergency_kit": "on"}),
        ("drape", {"action": "unit", "field": "drape"}),
    ):
        status, page = browser.get(f"{run}?step={step}")
        assert status == 200
        sent = typed | {"step": step, "key": str(uuid4())}
        if "field" in typed:
            choice = re.search(r'<option value="([0-9a-f-]{36})"', page)
            assert choice is not None
            sent["unit"] = choice[1]
        before = len(run_state(session_id).log)
        assert browser.post(run, page, sent)[0] == 302
        server.kill_and_start()
        assert len(run_state(session_id).log) == before + 1

    # The tablet did not hear the answer and sends its last entry again: it is there once.
    recorded = run_state(session_id).log
    status, page = browser.get(run)
    assert browser.post(run, page, sent)[0] == 302
    assert run_state(session_id).log == recorded
    status, report = browser.get(reverse("desk:report", args=[session_id]))
    assert status == 200
    opened = recorded[-1].body
    assert isinstance(opened, UnitOpened)
    assert opened.lot in unescape(report)
