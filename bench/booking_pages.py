"""The booking page and its times as JSON over HTTP, for a small clinic and a large one."""

from datetime import UTC, datetime

from bench import clinic, database
from bench.pages import requests_of, served
from bench.results import Figures, Results
from bench.search import open_clinic

SMALL, LARGE, QUICK_LARGE = 5, 100, 20
PAGE, TIMES = "public:book_times", "public:book_next_days"


def measure(results: Results, *, quick: bool) -> None:
    """Serve each clinic as in production, at the instant of its workload, and ask for its times."""
    sizes = (SMALL, QUICK_LARGE) if quick else (SMALL, LARGE)
    times = 60 if quick else 300
    page: dict[int, Figures] = {}
    for people in sizes:
        params = {"practitioners": people}
        for name, figures in _measure_clinic(people, times=times).items():
            results.add_times(f"{name}, over HTTP", figures, params=params)
            if name == "booking page":
                page[people] = figures
            elif people == LARGE:
                results.mark("times as JSON, 100 practitioners, ms median", figures.median, 15)
                results.mark("times as JSON, 100 practitioners, ms p95", figures.p95, 30)
    small, large = (page[people] for people in sizes)
    ratio = large.median / small.median
    results.mark(f"booking page, {sizes[1]} practitioners, ms median", large.median, 15)
    results.mark(f"booking page, {sizes[1]} practitioners against {SMALL}", ratio, 1.3)


def _measure_clinic(people: int, *, times: int) -> dict[str, Figures]:
    from django.conf import settings
    from django.urls import reverse
    from django.utils.translation import override

    from aiguille.plumbing import clock, postgres

    place = open_clinic(people)
    clock.set_offset(place.at - datetime.now(UTC))
    name = settings.DATABASES["default"]["NAME"]
    folder = postgres.socket_folder(database.VAR)
    database.close()
    with override("fr"):
        addresses = {
            "booking page": reverse(PAGE, args=[clinic.CONSULT]),
            "times as JSON": reverse(TIMES, args=[clinic.CONSULT]),
        }
    address = f"postgresql:///{name}?host={folder}&user={postgres.APPLICATION_ROLE}"
    with served({"DATABASE_URL": address}) as port:
        return {
            what: requests_of(port, where, times=times, warm_up=20)
            for what, where in addresses.items()
        }
