"""A Wednesday in Lyon: a session of Anna's at ten, and a consultation of Marc's at three."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.urls import reverse

from aiguille.booking.operations import book
from aiguille.catalogue.queries import consultation_service
from aiguille.kernel.codes import Procedure
from tests.course import open_catalogue
from tests.session_day import go_to, ready_for_session
from tests.world import World

NINE = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Wednesday:
    """What is booked, at a quarter past nine of that day."""

    world: World
    at: datetime
    nine: datetime
    session: UUID
    consultation: UUID

    def address(self, name: str, *args: object, **query: str) -> str:
        """Return an address of the agenda at this day."""
        from aiguille.desk.agenda.place import with_query

        return with_query(
            reverse(f"desk:{name}", args=args), **{"site": "lyon", "date": "2026-03-04", **query}
        )


def book_marc(world: World, starts_at: datetime) -> UUID:
    """Book a consultation of Marc's with Dr Bruno."""
    return book(
        patient_id=world.marc.patient_id,
        service_id=consultation_service(Procedure.NEEDLING).id,
        site_id=world.lyon,
        starts_at=starts_at,
        practitioner_id=world.bruno_resource,
        actor=world.diane.actor,
        at=world.at,
    )


@pytest.fixture
def book_for_marc() -> Callable[..., UUID]:
    """Book consultations of Marc's."""
    return book_marc


@pytest.fixture
def wednesday(world: World) -> Wednesday:
    """Be there at a quarter past nine."""
    open_catalogue(at=world.at)
    session = ready_for_session(world, Procedure.NEEDLING).appointment
    consultation = book_marc(world, NINE + timedelta(hours=6))
    at = NINE + timedelta(minutes=15)
    go_to(at)
    return Wednesday(world, at, NINE, session, consultation)


@pytest.fixture
def shown() -> Callable[[Any], dict[str, Any]]:
    """Return the columns of a page by their resource's code."""

    def columns(page: Any) -> dict[str, Any]:
        return {drawn.column.code: drawn for drawn in page.context["grid"].columns}

    return columns
