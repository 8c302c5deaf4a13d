"""What was promised to patients on their walls, against the time zone data of today.

An appointment is an instant, and keeps the local time and the zone that the patient was told. When
a country changes its clocks, the two part; which one is right, people decide.
"""

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aiguille.booking.models import AHEAD_STATES, Appointment

_SHAPE = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Shift:
    """An appointment ahead whose instant no longer shows the time that was promised.

    `promised` and `shown` are wall times without a zone; `shown` and `kept_at`, the instant that
    would keep the promise, are None where the zone does not exist any more.
    """

    appointment_id: UUID
    number: int
    site_name: str
    time_zone: str
    starts_at: datetime
    promised: datetime
    shown: datetime | None
    kept_at: datetime | None


def list_shifts(*, at: datetime) -> list[Shift]:
    """Return the appointments ahead that would shift, in order of their start (one query)."""
    rows = (
        Appointment.objects.filter(state__in=AHEAD_STATES, ends_at__gt=at)
        .order_by("starts_at", "id")
        .values_list("id", "number", "site__name", "time_zone", "starts_at", "local_start")
    )
    found = []
    for appointment_id, number, site_name, time_zone, starts_at, local_start in rows.iterator():
        zone = _zone(time_zone)
        shown = starts_at.astimezone(zone).replace(tzinfo=None) if zone else None
        if shown is not None and f"{shown:{_SHAPE}}" == local_start:
            continue
        promised = datetime.strptime(local_start, _SHAPE)  # noqa: DTZ007 -- a wall
        found.append(
            Shift(
                appointment_id=appointment_id,
                number=number,
                site_name=site_name,
                time_zone=time_zone,
                starts_at=starts_at,
                promised=promised,
                shown=shown,
                kept_at=promised.replace(tzinfo=zone).astimezone(UTC) if zone else None,
            )
        )
    return found


def zone_data() -> str:
    """Return the release of the time zone data in use and where they are from.

    Python reads the system's data where there are any, else those of the package tzdata.
    """
    for folder in map(Path, zoneinfo.TZPATH):
        if (folder / "Europe" / "Paris").is_file():
            return f"{_release(folder)}, of the system ({folder})"
    package = import_module("tzdata")
    return f"{package.IANA_VERSION}, of the package tzdata"


def _release(folder: Path) -> str:
    """Return the release that a folder of zone data names."""
    for name, prefix in (("tzdata.zi", "# version "), ("+VERSION", "")):
        if (folder / name).is_file():
            with (folder / name).open(encoding="utf-8") as file:
                line = file.readline().strip()
            if line.startswith(prefix):
                return line.removeprefix(prefix)
    return "unknown release"


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None
