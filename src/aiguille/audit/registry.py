"""Every action that audit knows: its sentence, and what an erasure does to its details.

An area declares its actions in its `events.py`; an action that is not declared cannot be recorded.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from aiguille.kernel.text import Text

_SHAPE = re.compile(r"[a-z_]+:[a-z_]+:[a-z_]+")


class Erasure(StrEnum):
    """What happens to an event's details when a patient's data are erased."""

    KEEP = "keep"
    """The details hold no personal data beyond keys."""
    REDACT = "redact"
    """The details hold personal data: they are dropped from what is shown and exported."""


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of audit event: `area:subject:what_happened`."""

    code: str
    sentence: Text
    erasure: Erasure


_actions: dict[str, Action] = {}


def define(code: str, *, fr: str, en: str, erasure: Erasure = Erasure.KEEP) -> Action:
    """Declare an action and return it.

    Raises:
        ValueError: the code is malformed or declared twice.
    """
    if not _SHAPE.fullmatch(code):
        raise ValueError(f"an audit action reads area:subject:what_happened, not {code!r}")
    if code in _actions:
        raise ValueError(f"the audit action {code!r} is declared twice")
    _actions[code] = Action(code=code, sentence=Text(fr=fr, en=en), erasure=erasure)
    return _actions[code]


def action_for(code: str) -> Action | None:
    """Return the declared action, or None for one that no running area knows any more."""
    return _actions.get(code)


def all_actions() -> tuple[Action, ...]:
    """Return every declared action, by code."""
    return tuple(sorted(_actions.values(), key=lambda action: action.code))
