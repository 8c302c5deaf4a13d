"""Bookings a second, by several processes at once: through `booking.operations`, and the floors.

`own`: every client books slots of its own. `fight`: all clients want each slot at the same moment,
every other one of them a quarter of an hour later, so that starts are equal or overlap. Clients
are processes, each with a connection of its own; they begin together at a barrier.
"""

import multiprocessing
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from typing import Any
from uuid import UUID

from bench import clinic, database
from bench.results import Results
from bench.treated import prepare_plans
from bench.workload import SUNDAY, ZONE, Workload, generate

START = date(2026, 3, 2)
PEOPLE, CLIENTS = 20, 16
PATIENTS = 1200
PAST_DAYS = 28
# A slot of an hour holds a session of 45 minutes and its buffer.
HOURS = (9, 10, 11, 14, 15, 16, 17)
FIGHTS = 60
WARM_UP = 6
LATER = timedelta(minutes=15)

Outcomes = list[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Slot:
    """A start that a client wants: of which practitioner, for which patient."""

    starts_at: datetime
    practitioner: UUID
    patient: UUID


@dataclass(frozen=True, slots=True)
class Task:
    """What clients do: in which database, what of, and the slots of each."""

    database: str
    site: UUID
    service: UUID
    at: datetime
    slots: tuple[tuple[Slot, ...], ...]
    # How many of its slots a client books before the start: plans and caches are made once.
    warm_up: int = 0
    # Whether all clients begin each of their slots together.
    in_step: bool = False


Client = Callable[[Task, tuple[Any, ...]], Iterator[tuple[float, str]]]


def measure(results: Results, *, quick: bool) -> None:
    """Measure `own` with 1, 4 and 16 clients and `fight` with 16, and the floors beside them."""
    filled = database.use("bookings", fill)
    rounds = 1 if quick else 3
    best: dict[tuple[str, int], float] = {}
    for service in (clinic.CONSULT, clinic.SESSION):
        for clients in (1, CLIENTS) if quick else (1, 4, CLIENTS):
            share = 30 if quick else (60 if clients > 1 else 240)
            speeds = []
            for _ in range(rounds):
                database.copy_of(filled, to="own")
                speeds.append(_own(clients, share, service))
            best[service, clients] = statistics.median(speeds)
            params = {"service": service.partition("-")[0], "clients": clients}
            results.add("bookings, own slots", best[service, clients], "per s", params=params)
    floors = _floors(results)
    ours = best[clinic.SESSION, CLIENTS]
    results.add(
        "bookings of sessions, 16 clients",
        ours,
        "per s",
        ratio_to={name: ours / speed for name, speed in floors.items()},
    )
    results.mark("bookings a second, sessions, 16 clients", ours, 333, at_least=True)
    ratio = ours / floors["floor: occupancy rows only"]
    results.mark("bookings a second against the floor", ratio, 0.12, at_least=True)
    database.copy_of(filled, to="own")
    _fight(results)


def fill() -> None:
    """Write a clinic that has been open for four weeks and has nothing booked from now on.

    Without any past, PostgreSQL would plan each connection's first lookups for empty tables.
    """
    past = generate(Workload(PEOPLE, PAST_DAYS, START - timedelta(days=PAST_DAYS)))
    calendar = generate(Workload(PEOPLE, 7, START)) | {"bookings": past["bookings"]}
    clinic.fill(calendar, patients=PATIENTS)
    prepare_plans(at=clinic.asked_at(START))


def _own(clients: int, share: int, service: str) -> float:
    task = _task(clients, share, service)
    seconds, outcomes = run(book_each, task)
    share -= task.warm_up
    booked = Counter(outcome for _seconds, outcome in outcomes)
    if booked != {"booked": clients * share}:
        raise RuntimeError(f"own slots were not all booked: {booked}")
    return len(outcomes) / seconds


def _fight(results: Results) -> None:
    task = _task(CLIENTS, FIGHTS, clinic.CONSULT, is_shared=True)
    _seconds, outcomes = run(book_each, task)
    accepted = sum(1 for _seconds, outcome in outcomes if outcome == "booked")
    refused = [seconds for seconds, outcome in outcomes if outcome == "taken"]
    with database.owner() as connection:
        found = connection.execute(
            "SELECT count(*) FROM booking_occupancy a JOIN booking_occupancy b"
            " ON a.id < b.id AND a.resource_id = b.resource_id AND a.period && b.period"
        ).fetchone()
    doubles = found[0] if found else 0
    params = {"clients": CLIENTS, "slots": FIGHTS}
    results.add("booking fight, accepted", accepted, "bookings", params=params)
    results.add(
        "booking fight, answer to a loser",
        statistics.median(refused) * 1000,
        "ms median",
        params=params,
    )
    results.add(
        "booking fight, slowest answer to a loser", max(refused) * 1000, "ms", params=params
    )
    results.mark("booking fight, slots sold more than once", doubles, 0)
    results.mark("booking fight, slots sold", accepted, FIGHTS, at_least=True)
    results.mark("booking fight, slowest answer to a loser, s", max(refused), 1)


def _task(clients: int, share: int, service: str, *, is_shared: bool = False) -> Task:
    """Return slots that none of the clients wants but one, or all of them want at once."""
    from django.conf import settings

    keys = clinic.read_keys()
    patients = _patients()
    days = [START + timedelta(days=n) for n in range(200)]
    starts = [
        datetime.combine(day, wall_time(hour), ZONE).astimezone(UTC)
        for day in days
        if day.weekday() != SUNDAY
        for hour in HOURS
    ][:share]
    shares = []
    for client in range(clients):
        slots = [
            Slot(
                start + (LATER if is_shared and client % 2 else timedelta(0)),
                keys.practitioners[1 if is_shared else client + 1],
                patients[client if is_shared else client * share + number],
            )
            for number, start in enumerate(starts)
        ]
        if not is_shared:
            random.Random(client).shuffle(slots)
        shares.append(tuple(slots))
    return Task(
        database=settings.DATABASES["default"]["NAME"],
        site=keys.site,
        service=keys.services[service],
        at=clinic.asked_at(START),
        slots=tuple(shares),
        warm_up=0 if is_shared else min(WARM_UP, share - 1),
        in_step=is_shared,
    )


def _patients() -> list[UUID]:
    with database.owner() as connection:
        rows = connection.execute("SELECT id FROM patients_patient ORDER BY number").fetchall()
    return [row[0] for row in rows]


# --- Clients --------------------------------------------------------------------------------------


def run(
    client: Client, task: Task, shares: tuple[Any, ...] | None = None
) -> tuple[float, Outcomes]:
    """Let a process do each share of a task; return the seconds it took, and each outcome.

    An outcome is how many seconds an attempt took and how it ended. A client first yields once
    when it is connected and warm.
    """
    shares = shares or task.slots
    context = multiprocessing.get_context("fork")
    database.close()
    begin, step = context.Barrier(len(shares) + 1), context.Barrier(len(shares))
    results = context.SimpleQueue()
    processes = [
        context.Process(target=_one, args=(client, task, share, begin, step, results), daemon=True)
        for share in shares
    ]
    for process in processes:
        process.start()
    begin.wait(120)
    started = time.perf_counter()
    outcomes: Outcomes = []
    for _ in processes:
        found = results.get()
        if isinstance(found, str):
            raise RuntimeError(f"a client failed: {found}")  # noqa: TRY004 -- it says what failed
        outcomes += found
    seconds = time.perf_counter() - started
    for process in processes:
        process.join(20)
    return seconds, outcomes


def _one(
    client: Client, task: Task, share: tuple[Any, ...], begin: Any, step: Any, results: Any
) -> None:
    try:
        database.select(task.database)
        attempts = client(task, share)
        for _ in range(1 + task.warm_up):
            next(attempts)
        begin.wait(120)
        outcomes = []
        for _ in share[task.warm_up :]:
            if task.in_step:
                step.wait(60)
            outcomes.append(next(attempts))
        results.put(outcomes)
    except Exception as error:  # noqa: BLE001 -- the parent raises it
        begin.abort()
        results.put(f"{type(error).__name__}: {error}")


def book_each(task: Task, share: tuple[Slot, ...]) -> Iterator[tuple[float, str]]:
    """Book through `booking.operations`; what is kept in the process is there before the start."""
    from aiguille.booking.operations import book
    from aiguille.booking.placing import SlotTaken
    from aiguille.booking.queries import free_starts
    from aiguille.kernel.actor import SYSTEM

    free_starts(service_id=task.service, first_day=START, last_day=START, at=task.at)
    yield 0.0, "ready"
    for slot in share:
        started = time.perf_counter()
        try:
            book(
                patient_id=slot.patient,
                service_id=task.service,
                site_id=task.site,
                starts_at=slot.starts_at,
                practitioner_id=slot.practitioner,
                actor=SYSTEM,
                at=task.at,
            )
            outcome = "booked"
        except SlotTaken:
            outcome = "taken"
        yield time.perf_counter() - started, outcome


# --- Floors ---------------------------------------------------------------------------------------

# The rows that one booking wrote, by table, and how they are known by the appointment's key.
ROWS_OF_A_BOOKING = {
    "booking_occupancy": "appointment_id = %s",
    "booking_appointment": "id = %s",
    "booking_appointment_event": "appointment_id = %s",
    "audit_event": "subject_id = %s",
    "messaging_outbox": "subject_id = %s",
}


def _floors(results: Results) -> dict[str, float]:
    """Write again, without us, what the bookings just measured wrote: other tables, same indexes."""
    found = {}
    with database.owner() as connection:
        keys = [
            row[0]
            for row in connection.execute(
                "SELECT id FROM booking_appointment WHERE starts_at >= %s", [START]
            ).fetchall()
        ]
        for name, tables in (
            ("floor: occupancy rows only", ["booking_occupancy"]),
            ("floor: all the same rows", list(ROWS_OF_A_BOOKING)),
        ):
            written = []
            for table in tables:
                connection.execute(f"DROP TABLE IF EXISTS floor_{table}")
                connection.execute(
                    f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING INDEXES INCLUDING CONSTRAINTS)"
                )
            for key in keys:
                statements = []
                for table in tables:
                    cursor = connection.execute(
                        f"SELECT * FROM {table} WHERE {ROWS_OF_A_BOOKING[table]}", [key]
                    )
                    columns = [column.name for column in cursor.description or ()]
                    rows = connection.execute(
                        f"SELECT {', '.join(f'{c}::text' for c in columns)}"
                        f" FROM {table} WHERE {ROWS_OF_A_BOOKING[table]}",
                        [key],
                    ).fetchall()
                    one = f"({', '.join(['%s'] * len(columns))})"
                    statements.append(
                        (
                            (
                                f"INSERT INTO floor_{table} ({', '.join(columns)})"
                                f" VALUES {', '.join([one] * len(rows))}"
                            ),
                            [value for row in rows for value in row],
                        )
                    )
                written.append(tuple(statements))
            shares = tuple(tuple(written[n::CLIENTS]) for n in range(CLIENTS))
            task = _task(CLIENTS, WARM_UP + 1, clinic.CONSULT)
            seconds, outcomes = run(write_each, task, shares)
            found[name] = len(outcomes) / seconds
            results.add(name, found[name], "per s", params={"clients": CLIENTS})
    return found


def write_each(task: Task, share: tuple[Any, ...]) -> Iterator[tuple[float, str]]:
    """Write rows by psycopg alone, the statements of each booking in one transaction."""
    import psycopg

    address = database.address(task.database, owner=True)
    with psycopg.connect(address, autocommit=True, prepare_threshold=0) as connection:
        connection.execute("SELECT 1")
        yield 0.0, "ready"
        for statements in share:
            started = time.perf_counter()
            with connection.pipeline(), connection.transaction():
                for statement, values in statements:
                    connection.execute(statement, values)
            yield time.perf_counter() - started, "written"
