"""Pages of the demo clinic: time over HTTP as in production, queries counted in process."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from bench import database
from bench.results import Figures, Results

HOST = "127.0.0.1"
WORKERS = "2"
PUBLIC_QUERIES, PUBLIC_MS = 6, 20.0
DAY_QUERIES = 15
DAY_SIZES = (5, 60)
READY_SECONDS = 60.0


def measure(results: Results, *, quick: bool) -> None:
    """Fill a demo, serve it as in production, and measure its pages."""
    from django.urls import reverse
    from django.utils.translation import override

    prepare_demo(results)
    from bench.days import prepare_days, staff_cookie

    days = prepare_days(DAY_SIZES)
    cookie = staff_cookie()
    with override("fr"):
        addresses = {
            "home": reverse("public:home"),
            "guide": reverse("public:guide", args=["needling"]),
            "choose what to book": reverse("public:book"),
            "booking times": reverse("public:book_times", args=["consultation-mesotherapy"]),
        }
        day_page = reverse("desk:day")
    times = 60 if quick else 300
    with served({}) as port:
        for name, address in addresses.items():
            _measure_public(results, port, name, address, times=times)
        for size, (site, day) in days.items():
            address = f"{day_page}?site={site}&day={day.isoformat()}"
            _measure_day(results, port, size, address, cookie=cookie, times=times)


def prepare_demo(results: Results) -> None:
    """Let Django use the demo clinic, filled today."""
    from aiguille.plumbing import postgres

    database.select(postgres.DATABASE)
    _command("migrate")
    _fill(results)


def _measure_public(results: Results, port: int, name: str, address: str, *, times: int) -> None:
    queries = queries_of(address)
    figures = requests_of(port, address, times=times)
    _note(results, f"public page: {name}", figures, queries)
    results.mark(f"public page: {name}, queries", queries, PUBLIC_QUERIES)
    results.mark(f"public page: {name}, ms median over HTTP", figures.median, PUBLIC_MS)


def _measure_day(
    results: Results, port: int, size: int, address: str, *, cookie: Mapping[str, str], times: int
) -> None:
    queries = queries_of(address, cookie=cookie)
    figures = requests_of(port, address, cookie=cookie, times=times)
    _note(results, f"day page, {size} appointments", figures, queries)
    results.mark(f"day page, {size} appointments, queries", queries, DAY_QUERIES)


def _note(results: Results, name: str, figures: Figures, queries: int) -> None:
    results.add_times(f"{name}, over HTTP", figures)
    results.add(f"{name}, queries in process", queries, "queries")


def _command(name: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "aiguille.cli", name], check=True, stdout=subprocess.DEVNULL
    )


def _fill(results: Results) -> None:
    """Fill the demo where the folder has none from today."""
    stamp = Path(os.environ["AIGUILLE_VAR"]) / "filled-on"
    today = f"{date.today():%Y-%m-%d}"  # noqa: DTZ011 -- only to fill once a day
    if stamp.is_file() and stamp.read_text() == today:
        return
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "aiguille.cli", "demo", "--reset"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    results.add("demo clinic filled", time.perf_counter() - started, "s")
    results.mark("demo clinic filled, s", time.perf_counter() - started, 30)
    stamp.write_text(today)


@contextmanager
def served(environment: Mapping[str, str]) -> Iterator[int]:
    """Serve by the product's own command: granian, two processes; give the port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "aiguille.cli", "serve"],
        env={
            **os.environ,
            **environment,
            "HOST": HOST,
            "PORT": str(port),
            "AIGUILLE_WEB_PROCESSES": WORKERS,
            "AIGUILLE_FOLLOW_PARENT": "1",
        },
    )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                _get(http.client.HTTPConnection(HOST, port, timeout=10), "/health", {})
                break
            except OSError:
                if time.monotonic() > deadline or server.poll() is not None:
                    raise
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def requests_of(
    port: int,
    address: str,
    *,
    times: int,
    cookie: Mapping[str, str] | None = None,
    warm_up: int = 10,
) -> Figures:
    """Return how long an address takes to answer over one kept-alive connection."""
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in (cookie or {}).items())}
    for _ in range(warm_up):  # both processes load what they load lazily
        _get(connection, address, headers)
    values = []
    for _ in range(times):
        started = time.perf_counter()
        _get(connection, address, headers)
        values.append((time.perf_counter() - started) * 1000)
    connection.close()
    return Figures(tuple(values))


def _get(connection: http.client.HTTPConnection, address: str, headers: Mapping[str, str]) -> None:
    connection.request("GET", address, headers=dict(headers))
    response = connection.getresponse()
    response.read()
    if response.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{address} answered {response.status}")


def queries_of(address: str, *, cookie: Mapping[str, str] | None = None) -> int:
    """Return the SQL queries of one request, asked of Django in this process."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    for name, value in (cookie or {}).items():
        client.cookies[name] = value
    client.get(address)  # what is cached for good is cached now
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured)
