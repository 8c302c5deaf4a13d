"""What a deadlock ended is done once more, and nothing else is."""

from collections.abc import Callable

import pytest
from django.db import OperationalError, transaction
from psycopg import errors

from aiguille.plumbing.deadlocks import once_more

pytestmark = pytest.mark.django_db(transaction=True)


def ended_by(*causes: Exception | None) -> tuple[list[int], Callable[[], str]]:
    """Return the attempts made, and an act that each of `causes` ends in turn; None lets it be."""
    attempts: list[int] = []

    @once_more
    def act() -> str:
        attempts.append(len(attempts))
        cause = causes[len(attempts) - 1]
        if cause is not None:
            raise OperationalError from cause
        return "done"

    return attempts, act


@pytest.mark.parametrize(
    ("causes", "count", "is_done"),
    [
        ([None], 1, True),
        ([errors.DeadlockDetected(), None], 2, True),
        ([errors.DeadlockDetected(), errors.DeadlockDetected()], 2, False),
        ([errors.LockNotAvailable(), None], 1, False),
    ],
)
def test_a_transaction_of_its_own(causes, count, is_done):
    attempts, act = ended_by(*causes)
    if is_done:
        assert act() == "done"
    else:
        with pytest.raises(OperationalError):
            act()
    assert len(attempts) == count


def test_inside_another_transaction_it_is_left_to_that_one():
    attempts, act = ended_by(errors.DeadlockDetected(), None)
    with pytest.raises(OperationalError), transaction.atomic():
        act()
    assert len(attempts) == 1
