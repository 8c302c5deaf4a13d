"""What a calendar feed says: clinic, site, time and link; never a treatment, a state of health, a verdict.

The same appointments give the same bytes, so that a program which has them already is told so.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from icalendar import Calendar, Event, Timezone, vText

from aiguille.accounts.queries import actor_of_patient_account
from aiguille.booking.calendar_file import uid_of
from aiguille.booking.feeds import hash_of_secret
from aiguille.booking.models import Appointment, AppointmentState, CalendarFeed
from aiguille.clinics.access import sites_at_work
from aiguille.clinics.external.queries import zones_of_resource
from aiguille.clinics.queries import the_group
from aiguille.clinics.timetable import closures_of_resource
from aiguille.kernel.text import Text
from aiguille.patients.access import is_related
from aiguille.patients.queries import record_ids, surviving_id
from aiguille.plumbing.access import NotVisible

BACK = timedelta(days=30)
# The longest horizon of a service is a year.
AHEAD = timedelta(days=400)
REFRESH = timedelta(hours=1)
_SUMMARY = Text(fr="Rendez-vous", en="Appointment")
_BLOCKED = Text(fr="Indisponible", en="Unavailable")
_SEE = Text(fr="Voir ou modifier : {link}", en="See or change: {link}")


@dataclass(frozen=True, slots=True)
class OpenFeed:
    """A feed that works: whose appointments it shows, and in what language."""

    id: UUID
    name: str
    language: str
    has_initials: bool
    resource_id: UUID | None
    site_ids: frozenset[UUID]
    patient_id: UUID | None


@dataclass(frozen=True, slots=True)
class _Entry:
    """One thing in the calendar; `start` and `end` are dates for whole days."""

    uid: str
    summary: str
    start: date
    end: date
    changed_at: datetime
    sequence: int = 0
    location: str = ""
    link: str = ""
    description: str = ""
    is_cancelled: bool = False


def open_feed(*, secret: str, at: datetime) -> OpenFeed:
    """Return the feed with this secret, as far as its maker may still see it (at most four queries).

    A practitioner's shows the sites where they have a role; a patient's ends with the login's
    relation to the patient.

    Raises:
        NotVisible: it is unknown, revoked or ended: it does not matter which.
    """
    row = CalendarFeed.objects.filter(secret_hash=hash_of_secret(secret), revoked_at=None).first()
    if row is None:
        raise NotVisible
    sites: frozenset[UUID] = frozenset()
    patient_id = None
    if row.patient_id is None:
        sites = sites_at_work(user_id=row.user_id, at=at)
        if not sites:
            raise NotVisible
    else:
        actor = actor_of_patient_account(row.user_id)
        if actor is None or not is_related(actor=actor, patient_id=row.patient_id, at=at):
            raise NotVisible
        patient_id = surviving_id(row.patient_id)
    return OpenFeed(
        id=row.id,
        name=row.name,
        language=row.language,
        has_initials=row.has_initials,
        resource_id=row.resource_id,
        site_ids=sites,
        patient_id=patient_id,
    )


def feed_file(
    feed: OpenFeed, *, at: datetime, day_link: Callable[[str, date], str], space_link: str
) -> bytes:
    """Return the feed as a calendar file (RFC 5545; at most five queries).

    `day_link` gives the address of a site's day at the desk; `space_link` is that of the patient's
    own appointments.
    """
    if feed.resource_id is not None:
        entries = [
            *_appointments_of_practitioner(feed, at=at, day_link=day_link),
            *_blocked(feed, at=at),
        ]
    else:
        entries = _appointments_of_patient(feed, at=at, link=space_link)
    return _file(feed.name, entries, at=at)


_COLUMNS = (
    "id",
    "version",
    "state",
    "starts_at",
    "ends_at",
    "time_zone",
    "local_date",
    "changed_at",
    "site__code",
    "site__name",
    "site__street",
    "site__postcode",
    "site__city",
    "patient__first_names",
    "patient__birth_name",
    "patient__used_name",
)


def _appointments_of_practitioner(
    feed: OpenFeed, *, at: datetime, day_link: Callable[[str, date], str]
) -> Iterable[_Entry]:
    rows = Appointment.objects.filter(practitioner_id=feed.resource_id, site_id__in=feed.site_ids)
    for row in _shown(rows, at=at):
        initials = ""
        if feed.has_initials:
            name = row["patient__used_name"] or row["patient__birth_name"]
            initials = _initials(row["patient__first_names"], name)
        summary = " ".join(filter(None, [_SUMMARY.in_language(feed.language), initials]))
        link = day_link(row["site__code"], row["local_date"])
        yield _entry(row, summary=summary, location=row["site__name"], link=link)


def _appointments_of_patient(feed: OpenFeed, *, at: datetime, link: str) -> list[_Entry]:
    assert feed.patient_id is not None
    rows = Appointment.objects.filter(patient_id__in=record_ids(feed.patient_id))
    summary = f"{_SUMMARY.in_language(feed.language)}, {the_group().name}"
    described = _SEE.in_language(feed.language).format(link=link)
    return [
        _entry(
            row,
            summary=summary,
            location=f"{row['site__name']}, {row['site__street']}, {row['site__postcode']}"
            f" {row['site__city']}",
            link=link,
            description=described,
        )
        for row in _shown(rows, at=at)
    ]


def _shown(rows: QuerySet[Appointment], *, at: datetime) -> Iterable[dict[str, Any]]:
    """Return the appointments from 30 days back on; cancelled ones while they are ahead."""
    found: Iterable[dict[str, Any]] = (
        rows.filter(starts_at__gte=at - BACK, starts_at__lt=at + AHEAD)
        .exclude(state=AppointmentState.CANCELLED, starts_at__lt=at)
        .order_by("starts_at", "id")
        .values(*_COLUMNS)
    )
    return found


def _entry(
    row: dict[str, Any], *, summary: str, location: str, link: str, description: str = ""
) -> _Entry:
    zone = ZoneInfo(row["time_zone"])
    return _Entry(
        uid=uid_of(row["id"]),
        summary=summary,
        start=row["starts_at"].astimezone(zone),
        end=row["ends_at"].astimezone(zone),
        changed_at=row["changed_at"],
        sequence=row["version"],
        location=location,
        link=link,
        description=description,
        is_cancelled=row["state"] == AppointmentState.CANCELLED,
    )


def _blocked(feed: OpenFeed, *, at: datetime) -> Iterable[_Entry]:
    """Yield when the practitioner is closed; never why."""
    assert feed.resource_id is not None
    zone = ZoneInfo(next(iter(zones_of_resource(feed.resource_id)), "UTC"))
    # A leave may be without end: programs are told as far as appointments go.
    furthest = (at + AHEAD).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for closure in closures_of_resource(feed.resource_id, from_day=(at - BACK).date()):
        if closure.start >= furthest:
            continue
        start = closure.start.replace(tzinfo=zone)
        end = min(closure.end, furthest).replace(tzinfo=zone)
        yield _Entry(
            uid=f"{closure.id}@closures",
            summary=_BLOCKED.in_language(feed.language),
            start=start.date() if closure.is_whole_days else start,
            end=end.date() if closure.is_whole_days else end,
            changed_at=_made_at(closure.id),
        )


def _file(name: str, entries: Iterable[_Entry], *, at: datetime) -> bytes:
    file = Calendar()
    file.add("prodid", "-//Clinic//Appointments//EN")
    file.add("version", "2.0")
    file.add("calscale", "GREGORIAN")
    file.add("method", "PUBLISH")
    file.add("name", vText(name))
    file.add("x-wr-calname", vText(name))
    file.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    file.add("x-published-ttl", "PT1H")
    entries = list(entries)
    zones = {
        entry.start.tzinfo.key
        for entry in entries
        if isinstance(entry.start, datetime) and isinstance(entry.start.tzinfo, ZoneInfo)
    }
    for zone in sorted(zones):
        file.add_component(
            Timezone.from_tzid(
                zone,
                first_date=date((at - BACK).year, 1, 1),
                last_date=date((at + AHEAD).year + 1, 1, 1),
            )
        )
    for entry in entries:
        file.add_component(_event(entry))
    return bytes(file.to_ical())


def _event(entry: _Entry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("dtstart", entry.start)
    event.add("dtend", entry.end)
    event.add("summary", entry.summary)
    if entry.location:
        event.add("location", entry.location)
    if entry.description:
        event.add("description", entry.description)
    if entry.link:
        event.add("url", entry.link)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if entry.is_cancelled else "OPAQUE")
    event.add("class", "PRIVATE")
    return event


def _initials(*names: str) -> str:
    return " ".join(f"{name.strip()[0].upper()}." for name in names if name.strip())


def _made_at(row_id: UUID) -> datetime:
    """Return when a row was made, as its UUIDv7 says: to the second, for a calendar file."""
    return datetime.fromtimestamp((row_id.int >> 80) // 1000, tz=UTC)
