"""Reading which other calendars practitioners have, and when those say they are taken."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from aiguille.clinics.external.faults import FAULTS
from aiguille.clinics.models import ExternalBusy, ExternalCalendar, OpeningHours, Site
from aiguille.kernel.text import Text


@dataclass(frozen=True, slots=True)
class ExternalCalendarView:
    """Another calendar as its page shows it: never its address, which is a secret.

    `read_at` is the instant of the latest good reading, `read_until` how far ahead it reached;
    `failure` says why the latest reading failed, None where it did not.
    """

    id: UUID
    resource_id: UUID
    name: str
    host: str
    time_zone: str
    failure: Text | None
    tried_at: datetime | None
    read_at: datetime | None
    read_until: datetime | None
    not_understood: int
    stretches: int

    @property
    def is_file(self) -> bool:
        """Tell whether it was handed in as a file, which is read once."""
        return not self.host


def calendars_of(resource_ids: Iterable[UUID]) -> dict[UUID, list[ExternalCalendarView]]:
    """Return the other calendars of each resource by name; none are left out (one query)."""
    rows = (
        ExternalCalendar.objects.filter(resource_id__in=list(resource_ids))
        .annotate(stretches=Count("busy"))
        .order_by("name", "id")
    )
    found: dict[UUID, list[ExternalCalendarView]] = defaultdict(list)
    for row in rows:
        found[row.resource_id].append(_view(row, stretches=row.stretches))
    return dict(found)


def get_calendar(calendar_id: UUID) -> ExternalCalendarView | None:
    """Return another calendar, or None (one query)."""
    row = ExternalCalendar.objects.filter(id=calendar_id).annotate(stretches=Count("busy")).first()
    return None if row is None else _view(row, stretches=row.stretches)


def busy_elsewhere(resource_id: UUID, *, after: datetime) -> list[tuple[datetime, datetime]]:
    """Return the stretches ending after an instant in which other calendars say taken, in order.

    One query; those of several calendars may overlap.
    """
    rows = ExternalBusy.objects.filter(resource_id=resource_id, period__endswith__gt=after)
    return sorted((row.period.lower, row.period.upper) for row in rows)


def zones_of_resource(resource_id: UUID) -> list[str]:
    """Return the time zones of the sites where a resource works, that of most hours first.

    Those of the open sites where it has no hours yet; at most two queries.
    """
    minutes: dict[str, int] = defaultdict(int)
    hours = OpeningHours.objects.filter(resource_id=resource_id).values_list(
        "site__time_zone", "from_minute", "until_minute"
    )
    for zone, start, end in hours:
        minutes[zone] += end - start
    if minutes:
        return sorted(minutes, key=lambda zone: (-minutes[zone], zone))
    zones = Site.objects.filter(is_open=True).order_by("city", "name")
    return list(dict.fromkeys(zones.values_list("time_zone", flat=True)))


def _view(row: ExternalCalendar, *, stretches: int) -> ExternalCalendarView:
    return ExternalCalendarView(
        id=row.id,
        resource_id=row.resource_id,
        name=row.name,
        host=row.host,
        time_zone=row.time_zone,
        failure=FAULTS[row.failure] if row.failure else None,
        tried_at=row.tried_at,
        read_at=row.read_at,
        read_until=row.read_until,
        not_understood=row.not_understood,
        stretches=stretches,
    )
