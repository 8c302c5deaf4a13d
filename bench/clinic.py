"""The workload's clinic in the database: its people, rooms and pens, its services, its bookings.

The set-up is written row by row as the areas' models write it; the bookings, of which there may be
millions, by COPY and a few statements, while the constraints are away: putting them back proves
that no row breaks one.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from psycopg import sql

from bench.database import Connection, owner
from bench.workload import BUFFER, GRID, SUNDAY, ZONE, Json

SITE = "bench"
PROCEDURE = "MESOTHERAPY"
# The service searched for by default: the one of 45 minutes.
MINUTES = 45
CONSULT, ROOMLESS, PHASED, SESSION = "consult-45", "consult-45-no-room", "phased", "session"
# Where a nightly job moves what was held over 30 days ago.
HISTORY = "booking_occupancy_history"
TABLES = ("booking_occupancy", HISTORY, "booking_appointment")


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a clinic in the database, by the workload's own numbers where it has them."""

    site: UUID
    services: dict[str, UUID]
    practitioners: dict[int, UUID]
    rooms: dict[int, UUID]


def asked_at(start: date) -> datetime:
    """Return the instant at which the workload's calendar is searched: a week before it begins."""
    return datetime.combine(start - timedelta(days=7), time(8), UTC)


def read_keys() -> Keys:
    """Return the keys of the clinic that is there."""
    from aiguille.catalogue.queries import list_services
    from aiguille.clinics.queries import resources_with_hours, site_by_code

    site = site_by_code(SITE)
    assert site is not None, "the database was filled"
    numbered = {
        letter: {
            int(resource.code[1:]): resource.id
            for resource in resources_with_hours()
            if resource.code[0] == letter
        }
        for letter in "pr"
    }
    return Keys(
        site=site.id,
        services={service.code: service.id for service in list_services()},
        practitioners=numbered["p"],
        rooms=numbered["r"],
    )


def fill(calendar: Json, *, past: int = 0, patients: int = 0) -> None:
    """Write a workload's clinic and bookings, and `past` appointments before them.

    There are as many patients as the busiest day has bookings, or `patients` where more.
    """
    write_set_up(calendar, patients=max(patients, _busiest_day(calendar)))
    with owner() as connection, _without_constraints(connection):
        _write_bookings(connection, calendar)
        if past:
            _repeat_into_past(connection, calendar, past)
        connection.execute("DELETE FROM booking_busy_week")
        connection.execute(
            "INSERT INTO booking_busy_week (resource_id, week, bits)"
            " SELECT resource_id, week, bits FROM booking_expected_busy_weeks()"
        )


# --- The set-up -----------------------------------------------------------------------------------


def write_set_up(calendar: Json, *, patients: int) -> None:
    """Write the group, its site, everybody and everything there, the services and the patients."""
    from aiguille.clinics.operations import create_group, create_site
    from aiguille.kernel.actor import SYSTEM
    from aiguille.kernel.text import Text

    at = asked_at(date.fromisoformat(calendar["meta"]["start"]))
    create_group(
        name="Mesure",
        legal_name="Mesure",
        email="contact@example.org",
        phone="+33478000000",
        actor=SYSTEM,
        at=at,
    )
    site_id = create_site(
        code=SITE,
        name="Mesure",
        street="1 rue de la Mesure",
        postcode="69002",
        city="Lyon",
        phone="+33478000001",
        email="site@example.org",
        access=Text(fr="Au fond.", en="At the back."),
        actor=SYSTEM,
        at=at,
    )
    _write_resources(calendar, site_id, at=at)
    _write_services(at=at)
    _write_patients(patients, at=at)


def _write_resources(calendar: Json, site_id: UUID, *, at: datetime) -> None:
    from aiguille.accounts.models import User
    from aiguille.clinics.models import OpeningHours, Resource
    from aiguille.kernel.codes import ResourceKind

    people = [
        User(
            email=f"p{row['id']}@example.org",
            display_name=row["name"],
            kind="STAFF",
            password="!",
            created_at=at,
        )
        for row in calendar["practitioners"]
    ]
    User.objects.bulk_create(people)
    resources, hours = [], []

    def add(
        kind: ResourceKind, code: str, skill: str, openings: list[list[int]], user: User | None
    ) -> None:
        resource = Resource(
            kind=kind,
            code=code,
            name=code,
            skills=[skill],
            user=user,
            site_id=None if user else site_id,
        )
        resources.append(resource)
        hours.extend(
            OpeningHours(
                resource=resource,
                site_id=site_id,
                weekday=weekday,
                from_minute=opens,
                until_minute=closes,
            )
            for weekday in range(SUNDAY)
            for opens, closes in openings
        )

    for row, user in zip(calendar["practitioners"], people, strict=True):
        add(ResourceKind.PRACTITIONER, f"p{row['id']:04d}", "mesotherapy", row["open"], user)
    for row in calendar["rooms"]:
        add(ResourceKind.ROOM, f"r{row['id']:04d}", "treatment", [[0, 24 * 60]], None)
        add(ResourceKind.DEVICE, f"d{row['id']:04d}", "needling-pen", [[0, 24 * 60]], None)
    Resource.objects.bulk_create(resources)
    OpeningHours.objects.bulk_create(hours, batch_size=2000)


def _write_services(*, at: datetime) -> None:
    from aiguille.catalogue.operations import create_service, create_treatment
    from aiguille.catalogue.queries import NeedView, PhaseView
    from aiguille.kernel.actor import SYSTEM
    from aiguille.kernel.codes import Indication, Procedure, ResourceKind, ServiceKind
    from aiguille.kernel.money import Money
    from aiguille.kernel.text import Text

    treatment = create_treatment(
        code="bench",
        procedure=Procedure.MESOTHERAPY,
        indication=Indication.MESOLIFT_AGEING,
        name=Text(fr="Soin", en="Care"),
        summary=Text(fr="Soin", en="Care"),
        actor=SYSTEM,
        at=at,
    )
    doctor = NeedView("doctor", ResourceKind.PRACTITIONER, "mesotherapy", 0, BUFFER)
    room = NeedView("room", ResourceKind.ROOM, "treatment", 0, BUFFER)
    pen = NeedView("pen", ResourceKind.DEVICE, "needling-pen", 0, BUFFER)

    def add(
        code: str,
        kind: ServiceKind,
        needs: list[NeedView],
        phases: list[tuple[int, list[NeedView]]],
    ) -> None:
        create_service(
            code=code,
            kind=kind,
            procedure=Procedure.MESOTHERAPY,
            treatment_id=treatment if kind is ServiceKind.SESSION else None,
            name=Text(fr=code, en=code),
            description=Text(fr=code, en=code),
            needs=needs,
            phases=[
                PhaseView(Text(fr="Temps", en="Part"), minutes, tuple(need.name for need in held))
                for minutes, held in phases
            ],
            min_notice_minutes=0,
            max_horizon_days=365,
            price=Money(5000, "EUR"),
            slot_step_minutes=GRID,
            actor=SYSTEM,
            at=at,
        )

    both = [doctor, room]
    for minutes in (30, 45, 60):
        add(f"consult-{minutes}", ServiceKind.CONSULTATION, both, [(minutes, both)])
    add(ROOMLESS, ServiceKind.CONSULTATION, [doctor], [(MINUTES, [doctor])])
    # It numbs in a room, needles with the doctor and a pen, and lets rest in the room.
    phases = [(60, [room]), (30, [room, doctor, pen]), (15, [room])]
    add(PHASED, ServiceKind.CONSULTATION, [doctor, room, pen], phases)
    add(SESSION, ServiceKind.SESSION, both, [(MINUTES, both)])


def _write_patients(count: int, *, at: datetime) -> None:
    from aiguille.patients.models import Patient

    Patient.objects.bulk_create(
        [
            Patient(
                number=number,
                birth_name=f"Mesure{number}",
                first_names="Patiente",
                name_key=f" mesure{number} patiente",
                birth_date=date(1988, 4, 3),
                email=f"patiente{number}@example.net",
                created_at=at,
            )
            for number in range(1, count + 1)
        ],
        batch_size=1000,
    )


def _busiest_day(calendar: Json) -> int:
    return max(Counter(booking["date"] for booking in calendar["bookings"]).values(), default=1)


# --- The bookings ---------------------------------------------------------------------------------


def _write_bookings(connection: Connection, calendar: Json) -> None:
    """Copy the bookings in, each with another patient of its day, and make their rows."""
    keys = read_keys()
    patients = [
        row[0] for row in connection.execute("SELECT id FROM patients_patient ORDER BY number")
    ]
    services = [keys.services[f"consult-{row['min']}"] for row in calendar["services"]]
    connection.execute(
        "CREATE TEMP TABLE loaded (patient uuid, service uuid, practitioner uuid, room uuid,"
        " starts_at timestamptz, ends_at timestamptz)"
    )
    seen: Counter[str] = Counter()
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY loaded FROM STDIN") as copy,
    ):
        for booking in calendar["bookings"]:
            copy.write_row(
                (
                    patients[seen[booking["date"]]],
                    services[booking["svc"] - 1],
                    keys.practitioners[booking["p"]],
                    keys.rooms[booking["room"]],
                    booking["utc_s"],
                    booking["utc_e"],
                )
            )
            seen[booking["date"]] += 1
    _make_rows(connection, "loaded", table="booking_occupancy")
    connection.execute("DROP TABLE loaded")


def _repeat_into_past(connection: Connection, calendar: Json, past: int) -> None:
    """Write the same weeks again and again before the calendar's first, as past appointments."""
    weeks = -(-calendar["meta"]["days"] // 7)
    size = len(calendar["bookings"])
    for number in range(1, -(-past // size) + 1):
        connection.execute(
            "CREATE TEMP TABLE earlier AS SELECT made.patient_id AS patient, service_id AS service,"
            " practitioner_id AS practitioner, room.resource_id AS room,"
            " (starts_at AT TIME ZONE %(zone)s - %(back)s) AT TIME ZONE %(zone)s AS starts_at,"
            " (ends_at AT TIME ZONE %(zone)s - %(back)s) AT TIME ZONE %(zone)s AS ends_at"
            " FROM booking_appointment AS made JOIN booking_occupancy AS room"
            " ON room.appointment_id = made.id"
            " AND room.resource_id <> practitioner_id"
            " WHERE starts_at >= %(start)s LIMIT %(rows)s",
            {
                "zone": ZONE.key,
                "back": timedelta(weeks=weeks * number),
                "start": datetime.combine(
                    date.fromisoformat(calendar["meta"]["start"]), time(), UTC
                ),
                "rows": past - (number - 1) * size,
            },
        )
        # Of the latest past, the nightly job may not have moved anything yet.
        table = "booking_occupancy" if number == 1 else HISTORY
        _make_rows(connection, "earlier", table=table)
        connection.execute("DROP TABLE earlier")


def _make_rows(connection: Connection, source: str, *, table: str) -> None:
    """Make appointments of the rows of `source`, and in `table` what they hold."""
    connection.execute(
        sql.SQL(
            "CREATE TEMP TABLE made AS SELECT gen_random_uuid() AS id, * FROM {source};"
            "INSERT INTO booking_appointment (id, number, patient_id, service_id, kind, site_id,"
            " practitioner_id, starts_at, ends_at, local_start, time_zone, local_date, state,"
            " state_reason, version, created_at, changed_at)"
            " SELECT id, nextval('booking_appointment_number'), patient, service, 'CONSULTATION',"
            " {site}, practitioner, starts_at, ends_at,"
            " to_char(starts_at AT TIME ZONE {zone}, 'YYYY-MM-DD\"T\"HH24:MI'), {zone},"
            " (starts_at AT TIME ZONE {zone})::date, 'BOOKED', '', 1,"
            " starts_at - interval '30 days', starts_at - interval '30 days' FROM made;"
            "INSERT INTO {table} (id, resource_id, patient_id, appointment_id, need, period)"
            " SELECT gen_random_uuid(), held.resource, held.patient, made.id, '',"
            " tstzrange(made.starts_at, made.ends_at + held.buffer)"
            " FROM made CROSS JOIN LATERAL (VALUES"
            "  (made.practitioner, NULL::uuid, {buffer}), (made.room, NULL, {buffer}),"
            "  (NULL, made.patient, interval '0')) AS held (resource, patient, buffer);"
            "DROP TABLE made"
        ).format(
            source=sql.Identifier(source),
            table=sql.Identifier(table),
            site=sql.Literal(read_keys().site),
            zone=sql.Literal(ZONE.key),
            buffer=sql.Literal(timedelta(minutes=BUFFER)),
        )
    )


@contextmanager
def _without_constraints(connection: Connection) -> Iterator[None]:
    """Take triggers, constraints and indexes of the booking tables away, and put them back."""
    for table in TABLES:
        connection.execute(
            sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table))
        )
    rows = connection.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = ANY (%s::regclass[]) AND contype NOT IN ('p', 'n', 't')"
        " AND (contype <> 'u' OR conrelid = 'booking_occupancy'::regclass)"
        " ORDER BY contype",  # the checks first, then foreign keys, then exclusions
        [list(TABLES)],
    ).fetchall()
    for table, name, _definition in rows:
        connection.execute(
            sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(
                sql.Identifier(table), sql.Identifier(name)
            )
        )
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes LEFT JOIN pg_constraint ON conname = indexname"
        " WHERE tablename = ANY (%s) AND conname IS NULL",
        [list(TABLES)],
    ).fetchall()
    for name, _definition in indexes:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    yield
    connection.execute("SET maintenance_work_mem = '512MB'")
    for _name, definition in indexes:
        connection.execute(definition)
    for table, name, definition in rows:
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                sql.Identifier(table), sql.Identifier(name), sql.SQL(definition)
            )
        )
    for table in TABLES:
        connection.execute(
            sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table))
        )
