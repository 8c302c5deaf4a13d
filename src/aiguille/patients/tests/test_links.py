"""Links: hashed, scoped, expiring, never enough alone."""

import pytest


@pytest.mark.django_db
def test_world(world):
    assert world.anna
