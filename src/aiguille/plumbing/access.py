"""Who may reach an address: every view says so, and an architecture test reads it.

This opens the door of a page and nothing more: which rows a person sees is decided by each
area's own `access.py`, and a stranger to a row gets 404.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import Any, TypeVar

from django.http import Http404
from django.urls import URLPattern, URLResolver

View = TypeVar("View", bound=Callable[..., Any])

_ATTRIBUTE = "reachable_by"


class Who(Enum):
    """Whom an address is for."""

    EVERYBODY = "everybody"
    PATIENT = "patient"
    STAFF = "staff"
    PROGRAM = "program"
    # Exists in a demo or in tests only; production has no such address.
    DEMO = "demo"


class NotVisible(Http404):
    """The row does not exist for this person: faces answer 404, whether it exists or not."""


def reachable_by(*who: Who) -> Callable[[View], View]:
    """Declare whom a view is for; the outermost decorator of the view.

    `journeys.doorkeeper` reads the declaration before each view and turns others away; a view
    that declares nothing is reached by nobody.
    """

    def declare(view: View) -> View:
        setattr(view, _ATTRIBUTE, frozenset(who))
        return view

    return declare


def all_reachable_by(
    included: tuple[Sequence[URLPattern | URLResolver], str | None, str | None], *who: Who
) -> tuple[Sequence[URLPattern | URLResolver], str | None, str | None]:
    """Declare whom the views of another library's included addresses are for."""
    module = included[0]
    for _, view in views_of(getattr(module, "urlpatterns", module)):
        reachable_by(*who)(view)
    return included


def audience_of(view: Callable[..., Any]) -> frozenset[Who]:
    """Return whom a view declares itself to be for; nobody when it declares nothing."""
    return getattr(view, _ATTRIBUTE, frozenset())


def views_of(
    patterns: Sequence[URLPattern | URLResolver], prefix: str = ""
) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every route under `patterns` with its view."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from views_of(pattern.url_patterns, route)
        else:
            yield route, pattern.callback
