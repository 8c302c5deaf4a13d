"""The `aiguille zones` command: which promises the time zone data of today would break."""

import json
from datetime import datetime
from typing import TextIO

from aiguille.booking.promises import Shift, list_shifts, zone_data

_COLUMNS = ("Appointment", "Site", "Zone", "Promised", "Would be", "Kept at (UTC)")
_WALL = "%Y-%m-%d %H:%M"
_NONE = "no such zone"


def check_zones(out: TextIO, *, as_json: bool, at: datetime) -> int:
    """List the appointments ahead whose instant no longer shows the time promised; move nothing.

    Returns 0 when there are none and 1 otherwise.
    """
    shifts = list_shifts(at=at)
    if as_json:
        json.dump(
            {"zone_data": zone_data(), "shifts": [_as_json(shift) for shift in shifts]},
            out,
            ensure_ascii=False,
            indent=2,
        )
        print(file=out)
    else:
        print(f"Time zone data: {zone_data()}.", file=out)
        if shifts:
            _print_table([_COLUMNS, *map(_as_row, shifts)], out)
            count = f"{len(shifts)} appointment{'s' if len(shifts) > 1 else ''} ahead"
            print(f"{count} would shift. Nothing was moved.", file=out)
        else:
            print("Every appointment ahead is at the time that was promised.", file=out)
    return 1 if shifts else 0


def _as_row(shift: Shift) -> tuple[str, ...]:
    return (
        str(shift.number),
        shift.site_name,
        shift.time_zone,
        f"{shift.promised:{_WALL}}",
        f"{shift.shown:{_WALL}}" if shift.shown else _NONE,
        f"{shift.kept_at:{_WALL}}" if shift.kept_at else _NONE,
    )


def _as_json(shift: Shift) -> dict[str, str | int | None]:
    return {
        "id": str(shift.appointment_id),
        "number": shift.number,
        "site": shift.site_name,
        "time_zone": shift.time_zone,
        "starts_at": shift.starts_at.isoformat(),
        "promised": shift.promised.isoformat(timespec="minutes"),
        "shown": shift.shown.isoformat(timespec="minutes") if shift.shown else None,
        "kept_at": shift.kept_at.isoformat() if shift.kept_at else None,
    }


def _print_table(rows: list[tuple[str, ...]], out: TextIO) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip(), file=out)
