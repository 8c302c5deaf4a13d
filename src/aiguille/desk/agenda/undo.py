"""What was just done in the agenda and may be put back for a few seconds."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest

LASTS = timedelta(seconds=20)
"""How long a page offers to put something back."""
TOLD_AFTER = timedelta(seconds=40)
"""How long after a move the patient is told of it: when nobody can put it back any more."""
_SLACK = timedelta(seconds=10)
_KEY = "agenda-undo"


@dataclass(frozen=True, slots=True)
class Undo:
    """What may be put back: its kind, what it needs to be, and until when."""

    kind: str
    given: dict[str, Any]
    until: datetime


def offer(request: HttpRequest, *, kind: str, at: datetime, **given: Any) -> None:
    """Let the next pages of this browser offer to put something back."""
    request.session[_KEY] = {
        "kind": kind,
        "given": {name: _plain(value) for name, value in given.items()},
        "until": (at + LASTS).isoformat(),
    }


def offered(request: HttpRequest, *, at: datetime) -> Undo | None:
    """Return what may be put back now, or None."""
    found = _read(request)
    return found if found is not None and at < found.until else None


def take(request: HttpRequest, *, kind: str, at: datetime) -> Undo | None:
    """Return what is to be put back, once; None where it is too late or there is nothing.

    A page may have been shown a moment before its time was over, so a little more is granted.
    """
    found = _read(request)
    request.session.pop(_KEY, None)
    is_good = found is not None and found.kind == kind and at < found.until + _SLACK
    return found if is_good else None


def _read(request: HttpRequest) -> Undo | None:
    kept = request.session.get(_KEY)
    if not kept:
        return None
    return Undo(kept["kind"], kept["given"], datetime.fromisoformat(kept["until"]))


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, int | bool) else str(value)
