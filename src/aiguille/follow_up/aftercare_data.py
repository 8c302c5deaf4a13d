"""What a patient is told after a session, and when the clinic asks how they are.

The advice itself is one of the catalogue's facts, so that the guide, the consent text and the
aftercare give the same hours; the contacts stand in `data/aftercare.toml`.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from aiguille.catalogue.facts import AdviceKind, facts_of
from aiguille.kernel.codes import Procedure, Symptom, Zone
from aiguille.kernel.text import Text
from aiguille.rulebook import RuleBook
from aiguille.rulebook.entries import Status


@dataclass(frozen=True, slots=True)
class AftercareItem:
    """A piece of advice. Hours count from the end of the session; `until_hours` None has no end.

    Empty `zones` means that it holds wherever the session was.
    """

    id: str
    procedure: Procedure
    kind: AdviceKind
    text: Text
    from_hours: int
    until_hours: int | None
    zones: frozenset[Zone]
    sources: tuple[str, ...]
    status: Status

    def dated(self, ended_at: datetime) -> dict[str, Any]:
        """Return the item as `Aftercare.items` keeps it, for a session that ended at `ended_at`.

        `from` and `until` are ISO instants in UTC; `until` is None where there is no end.
        """
        until = self.until_hours
        return {
            "id": self.id,
            "kind": self.kind.value,
            "text": self.text.as_dict(),
            "from": (ended_at + timedelta(hours=self.from_hours)).isoformat(),
            "until": None if until is None else (ended_at + timedelta(hours=until)).isoformat(),
            "sources": list(self.sources),
        }


@dataclass(frozen=True, slots=True)
class Contact:
    """A message by which the clinic asks how a patient is, `after_days` days after a session."""

    id: str
    procedure: Procedure
    after_days: int
    text: Text
    asks: tuple[Symptom, ...]
    sources: tuple[str, ...]
    status: Status


def aftercare_items(
    procedure: Procedure, zones: Iterable[Zone] = (), *, book: RuleBook | None = None
) -> tuple[AftercareItem, ...]:
    """Return the advice for a session on these zones, earliest first; without zones, all of it.

    The `book` gives the values told, else they are those shipped.
    """
    found = [
        AftercareItem(
            id=advice.id,
            procedure=procedure,
            kind=advice.kind,
            text=advice.text,
            from_hours=advice.from_hours,
            until_hours=advice.until_hours,
            zones=advice.zones,
            sources=advice.sources,
            status=advice.status,
        )
        for advice in facts_of(procedure, book).advice_after(frozenset(zones))
    ]
    return tuple(sorted(found, key=lambda item: item.from_hours))


def contacts(procedure: Procedure) -> tuple[Contact, ...]:
    """Return when the clinic asks after a session, earliest first."""
    return tuple(contact for contact in _contacts() if contact.procedure is procedure)


def data_version(procedure: Procedure, *, book: RuleBook | None = None) -> str:
    """Return the version of what `aftercare_items` gives; it changes with the facts."""
    return facts_of(procedure, book).version


@cache
def _contacts() -> tuple[Contact, ...]:
    path = files("aiguille.follow_up") / "data" / "aftercare.toml"
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["contact"]
    found = [
        Contact(
            id=row["id"],
            procedure=Procedure(row["procedure"]),
            after_days=row["after_days"],
            text=Text.from_mapping(row["text"]),
            asks=tuple(Symptom(code) for code in row["asks"]),
            sources=tuple(row["sources"]),
            status=Status(row["status"]),
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda contact: contact.after_days))
