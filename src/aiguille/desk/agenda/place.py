"""Where somebody is in the agenda, kept in the address so that every action comes back to it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Self
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from aiguille.journeys.reads.agenda import View


@dataclass(frozen=True, slots=True)
class Place:
    """A site, a day, how much of it, of whom, and whether what was cancelled is shown."""

    site: str = ""
    day: date | None = None
    view: View = View.DAY
    who: str = ""
    gone: bool = False

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        """Return the place that an address names.

        Raises:
            Http404: it names no day or no view.
        """
        try:
            return cls(
                site=given.get("site", ""),
                day=date.fromisoformat(given["date"]) if given.get("date") else None,
                view=View(given.get("view") or View.DAY),
                who=given.get("who", ""),
                gone=given.get("gone") == "1",
            )
        except ValueError as error:
            raise Http404 from error

    def at(self, **changes: object) -> Self:
        """Return the place with something changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def query(self) -> str:
        """Return the place as an address's query."""
        named = {
            "site": self.site,
            "date": self.day.isoformat() if self.day else "",
            "view": "" if self.view is View.DAY else self.view.value,
            "who": self.who,
            "gone": "1" if self.gone else "",
        }
        return urlencode({name: value for name, value in named.items() if value})

    @property
    def href(self) -> str:
        """Return the address of the agenda at this place."""
        return with_query(reverse("desk:agenda"), self.query)

    def link(self, name: str, *args: object, **more: str) -> str:
        """Return the address of another page of the desk that comes back here."""
        return with_query(reverse(f"desk:{name}", args=args), self.query, **more)


def with_query(address: str, query: str = "", **more: str) -> str:
    """Return an address with a query and more of it."""
    joined = "&".join(filter(None, [query, urlencode(more)]))
    return f"{address}?{joined}" if joined else address


def back_of(request: HttpRequest, otherwise: str) -> str:
    """Return the page of ours that a form asks to go back to, else `otherwise`."""
    wanted = request.POST.get("back") or request.GET.get("back") or ""
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return otherwise


def key_of(value: str) -> UUID | None:
    """Return a key, None for anything else."""
    try:
        return UUID(value)
    except ValueError:
        return None


def number_of(value: str) -> int | None:
    """Return a small whole number, None for anything else."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
