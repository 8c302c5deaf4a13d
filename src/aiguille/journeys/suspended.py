"""What somebody sent while something had to be done elsewhere first: kept sealed in their session.

The page that comes first leads to the `resume` of its face, which takes what was kept out of the
session, once, and gives it back to the browser that sent it.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID, uuid4

from django.http import HttpRequest

from aiguille.plumbing.refusals import UNSIGNED
from aiguille.plumbing.sealing import SealBroken, seal, unseal

_KEY, _PURPOSE = "suspended-requests", "suspended request"
# Somebody at work has a form or two open; what is older was left.
_MOST = 3
_KEPT_FOR = timedelta(minutes=30)
_NOT_KEPT = frozenset({"csrfmiddlewaretoken"})


@dataclass(frozen=True, slots=True)
class Suspended:
    """A form as it was sent: its address and its fields, in order, repeated names included."""

    address: str
    fields: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """Return what a POST request sent, save its token."""
        return cls(
            address=request.get_full_path(),
            fields=tuple(
                (name, str(value))
                for name, values in request.POST.lists()
                if name not in _NOT_KEPT
                for value in values
            ),
        )


def suspend(request: HttpRequest, *, at: datetime) -> UUID:
    """Keep what was sent and return the key under which it goes on."""
    key, sent = uuid4(), Suspended.of(request)
    whole = json.dumps([at.isoformat(), sent.address, sent.fields], ensure_ascii=False)
    kept = list(request.session.get(_KEY, {}).items())[1 - _MOST :]
    kept.append((str(key), seal(whole, purpose=_purpose(request, key))))
    request.session[_KEY] = dict(kept)
    return key


def take(request: HttpRequest, key: UUID, *, at: datetime) -> Suspended | None:
    """Return what was kept and keep it no longer; None where there is nothing, or no more."""
    kept: dict[str, Any] = request.session.get(_KEY, {})
    sealed = kept.pop(str(key), None)
    if sealed is None:
        return None
    request.session[_KEY] = kept
    try:
        since, address, fields = json.loads(unseal(sealed, purpose=_purpose(request, key)))
    except SealBroken:
        return None
    if not timedelta() <= at - datetime.fromisoformat(since) <= _KEPT_FOR:
        return None
    return Suspended(address, tuple((name, value) for name, value in fields))


def given_back(sent: Suspended, *, goes_on: bool) -> dict[str, Any]:
    """Return what the page that sends a form again shows: signed, or else `UNSIGNED`."""
    fields = [(name, value) for name, value in sent.fields if name != UNSIGNED]
    return {
        "address": sent.address,
        "fields": fields if goes_on else [*fields, (UNSIGNED, "1")],
        "goes_on": goes_on,
    }


def _purpose(request: HttpRequest, key: UUID) -> str:
    return f"{_PURPOSE}:{request.user.pk}:{key}"
