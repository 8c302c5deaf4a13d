"""Reading other calendars again and again, outside any transaction.

A calendar is claimed, fetched and parsed, and only then written, in one short transaction that
looks whether it is still there. A reading that fails leaves the busy time of the last good one and
comes later and later. Nothing is ever written to the other calendar.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from aiguille.clinics.external.faults import NOT_A_CALENDAR, SEALED, TOO_MUCH
from aiguille.clinics.external.reading import (
    BusyTime,
    NotACalendar,
    Stretch,
    TooMuch,
    read_busy_time,
)
from aiguille.clinics.models import ExternalBusy, ExternalCalendar
from aiguille.plumbing import sealing
from aiguille.plumbing.fetching import Fetched, FetchFailed, fetch

PURPOSE = "external calendar"
# Further than the longest horizon of a service, a year; less than that, and all is read anew, for
# the repetitions of a calendar that never changes move on too.
READ_AHEAD = timedelta(days=400)
READ_AGAIN_BELOW = timedelta(days=370)
# A file is read once, so it is read further.
FILE_AHEAD = timedelta(days=800)
INTERVAL = timedelta(minutes=30)
FIRST_DELAY = timedelta(minutes=5)
LONGEST_DELAY = timedelta(hours=12)
CLAIM_LASTS = timedelta(minutes=10)
_MOST_TAG, _MOST_DATE = 200, 60

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A calendar as it was when its reading began."""

    id: UUID
    sealed_address: str
    time_zone: str
    etag: str
    modified: str


def read_all_due(*, at: datetime, limit: int = 200) -> int:
    """Read every calendar that is due at the instant `at`; return how many were read or tried."""
    due = ExternalCalendar.objects.filter(next_try_at__lte=at, resource__is_active=True)
    tried = 0
    for calendar_id in list(due.order_by("next_try_at", "id").values_list("id", flat=True)[:limit]):
        claimed = _claim(calendar_id, at=at)
        if claimed is not None:
            _read(claimed, at=at)
            tried += 1
    return tried


def busy_time_of(
    content: bytes, *, time_zone: str, at: datetime, ahead: timedelta
) -> tuple[BusyTime, datetime]:
    """Return the busy time that a file tells from yesterday on, and how far ahead it was read.

    Raises:
        NotACalendar, TooMuch.
    """
    first = at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    end = first + ahead
    return read_busy_time(content, zone=ZoneInfo(time_zone), first=first, end=end), end


def replace_busy(row: ExternalCalendar, stretches: tuple[Stretch, ...]) -> None:
    """Let a calendar's busy time be exactly `stretches`; what stays the same is left alone."""
    wanted = set(stretches)
    kept = {(busy.period.lower, busy.period.upper): busy.id for busy in row.busy.all()}
    if gone := [key for stretch, key in kept.items() if stretch not in wanted]:
        ExternalBusy.objects.filter(id__in=gone).delete()
    if new := sorted(wanted - kept.keys()):
        ExternalBusy.objects.bulk_create(
            ExternalBusy(
                calendar=row, resource_id=row.resource_id, period=DateTimeTZRange(start, end)
            )
            for start, end in new
        )


def _claim(calendar_id: UUID, *, at: datetime) -> _Claimed | None:
    """Take a due calendar for this worker; None where another one was faster."""
    rows = ExternalCalendar.objects.filter(id=calendar_id, next_try_at__lte=at)
    if not rows.update(next_try_at=at + CLAIM_LASTS, tried_at=at):
        return None
    row = ExternalCalendar.objects.filter(id=calendar_id).first()
    if row is None:
        return None
    knows_enough = row.read_until is not None and row.read_until >= at + READ_AGAIN_BELOW
    return _Claimed(
        id=row.id,
        sealed_address=row.sealed_address,
        time_zone=row.time_zone,
        etag=row.etag if knows_enough else "",
        modified=row.modified if knows_enough else "",
    )


def _read(claimed: _Claimed, *, at: datetime) -> None:
    try:
        address = sealing.unseal(claimed.sealed_address, purpose=PURPOSE)
        fetched = fetch(
            address, etag=claimed.etag, modified=claimed.modified, accept="text/calendar, */*;q=0.1"
        )
        found = None
        if fetched.content is not None:
            found = busy_time_of(
                fetched.content, time_zone=claimed.time_zone, at=at, ahead=READ_AHEAD
            )
    except sealing.SealBroken:
        _fail(claimed, SEALED, at=at)
    except FetchFailed as failure:
        _fail(claimed, failure.fault, at=at)
    except NotACalendar:
        _fail(claimed, NOT_A_CALENDAR, at=at)
    except TooMuch:
        _fail(claimed, TOO_MUCH, at=at)
    except Exception:  # noqa: BLE001 -- one calendar that cannot be read must not hold up the others
        # Without the exception: its words may be words of the calendar.
        logger.error("external calendar %s could not be read", claimed.id)  # noqa: TRY400
        _fail(claimed, NOT_A_CALENDAR, at=at)
    else:
        _keep(claimed, address, fetched, found, at=at)


@transaction.atomic
def _keep(
    claimed: _Claimed,
    address: str,
    fetched: Fetched,
    found: tuple[BusyTime, datetime] | None,
    *,
    at: datetime,
) -> None:
    row = _still_there(claimed)
    if row is None:
        return
    if found is not None:
        busy, row.read_until = found
        replace_busy(row, busy.stretches)
        row.not_understood = busy.not_understood
        # A tag that does not fit is none: the next reading asks for everything.
        row.etag = fetched.etag if len(fetched.etag) <= _MOST_TAG else ""
        row.modified = fetched.modified if len(fetched.modified) <= _MOST_DATE else ""
    if not sealing.is_current(row.sealed_address):
        row.sealed_address = sealing.seal(address, purpose=PURPOSE)
    row.failure, row.failures = "", 0
    row.read_at, row.next_try_at = at, at + INTERVAL
    row.save()


@transaction.atomic
def _fail(claimed: _Claimed, failure: str, *, at: datetime) -> None:
    row = _still_there(claimed)
    if row is None:
        return
    row.failure = str(failure)
    row.failures = min(row.failures + 1, 30)
    row.next_try_at = at + min(LONGEST_DELAY, FIRST_DELAY * 2 ** (row.failures - 1))
    row.save(update_fields=["failure", "failures", "next_try_at"])


def _still_there(claimed: _Claimed) -> ExternalCalendar | None:
    """Return the calendar, locked, unless it was removed or replaced during the reading."""
    return (
        ExternalCalendar.objects.select_for_update()
        .filter(id=claimed.id, sealed_address=claimed.sealed_address)
        .first()
    )
