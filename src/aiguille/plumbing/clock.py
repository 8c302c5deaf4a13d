"""The one clock. Only faces and jobs read it; everything below receives the instant.

In a demo or a test the clock can be moved (`set_offset`), so that weeks of care are walked in
minutes; every process of the installation follows within a second. Production refuses.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import DatabaseError

REREAD_AFTER_SECONDS = 1.0


class ClockIsFixed(Exception):
    """The clock was to be moved where that is not allowed."""


@dataclass
class _Offset:
    seconds: int = 0
    read_at: float = float("-inf")


_offset = _Offset()


def now() -> datetime:
    """Return the present instant in UTC, with the demo's offset where one may be set."""
    real = datetime.now(UTC)
    if not settings.CLOCK_CAN_BE_SET:
        return real
    return real + timedelta(seconds=_current_offset())


def set_offset(offset: timedelta) -> None:
    """Move the clock of the whole installation to real time plus `offset`.

    Raises:
        ClockIsFixed: the settings do not allow it (production never does).
    """
    if not settings.CLOCK_CAN_BE_SET:
        raise ClockIsFixed("the clock cannot be set here")
    from aiguille.plumbing.models import ClockSetting

    seconds = int(offset.total_seconds())
    ClockSetting.objects.update_or_create(name="clock", defaults={"offset_seconds": seconds})
    _offset.seconds = seconds
    _offset.read_at = time.monotonic()


def forget() -> None:
    """Read the offset again at the next call."""
    _offset.read_at = float("-inf")


def _current_offset() -> int:
    if time.monotonic() - _offset.read_at > REREAD_AFTER_SECONDS:
        from aiguille.plumbing.models import ClockSetting

        try:
            row = ClockSetting.objects.filter(name="clock").values_list("offset_seconds").first()
        except DatabaseError:
            # A broken transaction or a database still being migrated: the last known offset
            # is the best answer, and the failure shows where the caller uses the database.
            return _offset.seconds
        _offset.seconds = row[0] if row else 0
        _offset.read_at = time.monotonic()
    return _offset.seconds
