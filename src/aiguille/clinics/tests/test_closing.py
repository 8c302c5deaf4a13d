"""Who may close a calendar: practitioners their own, the front desk anybody's, not a whole site."""

from datetime import timedelta

import pytest

from aiguille.accounts.rights import NotAllowed
from aiguille.clinics.operations import add_closure
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("who", "what", "is_allowed"),
    [
        ("bruno", {"resource_id": "bruno_resource"}, True),
        ("bruno", {"resource_id": "lyon_room"}, False),
        ("bruno", {"resource_id": "paula_resource"}, False),
        ("diane", {"resource_id": "bruno_resource"}, True),
        ("diane", {"resource_id": "lyon_room"}, True),
        ("diane", {"site_id": "lyon"}, False),
        ("hugo", {"resource_id": "lyon_room"}, False),
        ("ines", {"site_id": "lyon"}, True),
        ("carla", {"resource_id": "bruno_resource"}, False),
        ("anna", {"resource_id": "bruno_resource"}, False),
    ],
)
def test_who_closes_what(world: World, who: str, what: dict[str, str], is_allowed: bool) -> None:
    named = {name: getattr(world, value) for name, value in what.items()}
    today = world.at.date()

    def close() -> None:
        add_closure(
            from_date=today,
            until_date=today + timedelta(days=1),
            actor=getattr(world, who).actor,
            at=world.at,
            **named,
        )

    if is_allowed:
        close()
    else:
        with pytest.raises(NotAllowed):
            close()
