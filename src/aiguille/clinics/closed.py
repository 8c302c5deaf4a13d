"""What is closed when and why, as an agenda shows it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Q

from aiguille.clinics.models import Closure
from aiguille.clinics.public_holidays import holiday_named
from aiguille.kernel.text import Text


@dataclass(frozen=True, slots=True)
class ClosureView:
    """A closure of a resource, or of a whole site (`resource_id` None).

    `start` and `end` are what the site's walls show, without zone; `said` is the reason as its
    reader has it.
    """

    id: UUID
    resource_id: UUID | None
    site_id: UUID | None
    start: datetime
    end: datetime
    reason: str
    said: Text


def closures_between(*, site_id: UUID, first_day: date, last_day: date) -> list[ClosureView]:
    """Return what is closed at a site on these local dates, in order (one query)."""
    rows = Closure.objects.filter(
        Q(site_id=site_id) | Q(site=None),
        from_date__lte=last_day,
        until_date__gte=first_day,
    ).order_by("from_date", "from_minute", "id")
    return [_view(row) for row in rows]


def get_closure(closure_id: UUID) -> ClosureView | None:
    """Return a closure, or None (one query)."""
    row = Closure.objects.filter(id=closure_id).first()
    return None if row is None else _view(row)


def _view(row: Closure) -> ClosureView:
    return ClosureView(
        id=row.id,
        resource_id=row.resource_id,
        site_id=row.site_id,
        start=_wall(row.from_date, row.from_minute),
        end=_wall(row.until_date, row.until_minute),
        reason=row.reason,
        said=said_of(row),
    )


def said_of(row: Closure) -> Text:
    """Return why something is closed: a holiday's name in each language, else what was typed."""
    name = holiday_named(row.holiday, row.from_date) if row.holiday else None
    return name or Text(fr=row.reason, en=row.reason)


def _wall(day: date, minute: int) -> datetime:
    if day == date.max:
        return datetime.combine(day, time())  # on the site’s own clock
    return datetime.combine(day, time()) + timedelta(minutes=minute)  # on the site’s own clock
