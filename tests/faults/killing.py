"""A web server that can be killed, and a plain browser that keeps what it was told.

A real `aiguille serve` works on this run's own database. The browser is an HTTP client that fills
in the forms that it finds, follows no redirect and keeps its cookies: what it has seen confirmed,
a person has seen confirmed.
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

import psutil
from django.db import connections

STARTS_WITHIN = 60.0  # where many other things run
_Attributes = list[tuple[str, str | None]]


class Server:
    """`aiguille serve` as a process group of its own."""

    def __init__(self) -> None:
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths = 0

    def start(self) -> None:
        """Start it and wait until it answers."""
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
                time.sleep(0.05)
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
        """Kill it and start it again."""
        self.kill()
        self.start()
        self.deaths += 1


@dataclass(frozen=True)
class Form:
    """A form as the page shows it: where it goes, and what its fields hold.

    `choices` are the values that each field offers; `buttons` the values of named buttons.
    """

    action: str
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: dict[str, list[str]] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Tell whether there is a field or a button of that name."""
        return any(name in known for known in (self.values, self.choices, self.buttons))


@dataclass(frozen=True)
class Page:
    """What the server answered."""

    status: int
    path: str
    text: str
    goes_to: str

    @property
    def forms(self) -> list[Form]:
        """Return the page's forms that are sent by post."""
        reader = _FormReader(self.path)
        reader.feed(self.text)
        return reader.forms

    @property
    def refusals(self) -> str:
        """Return what the page says is wrong, roughly."""
        found = re.findall(
            r'class="(?:error-list|field-error)[^>]*>(.*?)</(?:ul|p)', self.text, re.DOTALL
        )
        return " ".join(re.sub(r"<[^>]+>", " ", " ".join(found)).split())

    def form(self, *names: str, action: str = "") -> Form:
        """Return the first form with fields or buttons of these names that goes to `action`."""
        for each in self.forms:
            if all(each.has(name) for name in names) and action in each.action:
                return each
        raise AssertionError(f"no form with {names} to {action!r} at {self.path}")


class Browser:
    """Follows no redirect and keeps its cookies."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Page:
        """Ask for a page."""
        return self._ask("GET", path)

    def see(self, path: str) -> Page:
        """Ask for a page that must be there, through redirects."""
        page = self.get(path)
        for _ in range(5):
            if page.status in {301, 302, 303}:
                page = self.get(page.goes_to)
        assert page.status == 200, f"{page.path}: {page.status}"
        return page

    def send(self, form: Form, **typed: str | list[str]) -> Page:
        """Send a form with what it holds, and what is typed into it."""
        values = form.values | {
            name: [value] if isinstance(value, str) else value for name, value in typed.items()
        }
        pairs = [(name, value) for name, held in values.items() for value in held]
        return self._ask("POST", form.action, urlencode(pairs))

    def confirm(self, form: Form, **typed: str | list[str]) -> str:
        """Send a form that must be accepted; return where the server then leads."""
        page = self.send(form, **typed)
        assert page.status == 302, f"{form} {page.status} {page.refusals}"
        return page.goes_to

    def _ask(self, method: str, path: str, body: str | None = None) -> Page:
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        asking.request(method, path, body, headers)
        answer = asking.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        asking.close()
        where = urljoin(path, answer.headers.get("Location") or "")
        return Page(
            answer.status, path, text, urlsplit(where)._replace(scheme="", netloc="").geturl()
        )


class _FormReader(HTMLParser):
    """Reads the forms that are posted, as a browser would fill them before anybody types."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.forms: list[Form] = []
        self._inside: Form | None = None
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: _Attributes) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form" and has.get("method", "").lower() == "post":
            address = urljoin(self.path, has.get("action", ""))
            self._inside = Form(
                urlsplit(address)._replace(scheme="", netloc="", fragment="").geturl()
            )
            self.forms.append(self._inside)
        if self._inside is None or "disabled" in has:
            return
        name, value = has.get("name", ""), has.get("value", "")
        if tag == "input" and name:
            self._read_input(name, value, has)
        elif tag == "button" and name:
            self._inside.buttons.setdefault(name, []).append(value)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._inside.choices.setdefault(self._select, []).append(value)
            if "selected" in has or self._select not in self._inside.values:
                self._inside.values[self._select] = [value]
        elif tag == "textarea":
            self._textarea = name
            self._inside.values[name] = [""]

    def _read_input(self, name: str, value: str, has: dict[str, str]) -> None:
        assert self._inside is not None
        if has.get("type") in {"radio", "checkbox"}:
            value = has.get("value", "on")
            self._inside.choices.setdefault(name, []).append(value)
            if "checked" in has:
                self._inside.values.setdefault(name, []).append(value)
        elif has.get("type") != "submit":
            self._inside.values.setdefault(name, []).append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._inside is not None and self._textarea:
            self._inside.values[self._textarea][0] += data.removeprefix("\n")


def serving() -> Iterator[Server]:
    """Start a server; kill it at the end."""
    started = Server()
    started.start()
    yield started
    started.kill()


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
