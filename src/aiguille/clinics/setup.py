"""What can be booked, kept in the process: read once for each version of the set-up.

The database numbers the set-up anew with every change, whoever makes it and however (migration
0004), and never gives a number twice. So a search asks for the number and finds what it made
before; what was made inside a transaction that was undone is never asked for again.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar, cast

from django.db import connection

from aiguille.clinics.queries import ResourceHours, SiteView, list_sites, resources_with_hours
from aiguille.plumbing.statements import Statement

Made = TypeVar("Made")

# Versions kept at once: threads that began before an edit, an edit that is undone.
_MOST_VERSIONS = 4
_kept: "OrderedDict[tuple[str, int], Setup]" = OrderedDict()
_lock = Lock()
_READ = Statement("SELECT version FROM clinics_setup_version")


class Setup:
    """The set-up at one version, and what was made of it; of each sort, the latest asked for."""

    def __init__(self, version: int) -> None:
        self._version = version
        self._made: dict[str, OrderedDict[Hashable, Any]] = {}
        self._lock = Lock()

    def sites(self) -> tuple[SiteView, ...]:
        """Return the open sites by city."""
        return self.read("sites", None, lambda: tuple(list_sites()))

    def resources(self) -> tuple[ResourceHours, ...]:
        """Return every active resource with its openings and closures."""
        return self.read("resources", None, lambda: tuple(resources_with_hours()))

    def read(self, sort: str, key: Hashable, read: Callable[[], Made]) -> Made:
        """Return what `read` asks the database, kept where nobody changed the set-up meanwhile."""
        kept, found = self._find(sort, key)
        if kept:
            return cast(Made, found)
        made = read()
        if _number() == self._version:
            self._keep(sort, key, made, most=16)
        return made

    def make(self, sort: str, key: Hashable, make: Callable[[], Made], *, most: int = 64) -> Made:
        """Return what `make` computes from this set-up, without asking the database."""
        kept, found = self._find(sort, key)
        if kept:
            return cast(Made, found)
        made = make()
        self._keep(sort, key, made, most=most)
        return made

    def _find(self, sort: str, key: Hashable) -> tuple[bool, Any]:
        with self._lock:
            among = self._made.get(sort)
            if among is None or key not in among:
                return False, None
            among.move_to_end(key)
            return True, among[key]

    def _keep(self, sort: str, key: Hashable, made: object, *, most: int) -> None:
        with self._lock:
            among = self._made.setdefault(sort, OrderedDict())
            among[key] = made
            while len(among) > most:
                among.popitem(last=False)


def current_setup() -> Setup:
    """Return the set-up as this transaction sees it (one query)."""
    number = _number()
    key = (str(connection.settings_dict["NAME"]), number)
    with _lock:
        setup = _kept.setdefault(key, Setup(number))
        _kept.move_to_end(key)
        while len(_kept) > _MOST_VERSIONS:
            _kept.popitem(last=False)
        return setup


def _number() -> int:
    row = _READ.row()
    assert row is not None, "the migration wrote it"
    number: int = row[0]
    return number
