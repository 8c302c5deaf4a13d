"""A whole transaction, done once more where PostgreSQL ended it as a deadlock."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

Given = ParamSpec("Given")
Done = TypeVar("Done")
_DEADLOCK = "40P01"


def is_deadlock(error: OperationalError) -> bool:
    """Tell whether PostgreSQL ended the transaction so that another one could go on."""
    return getattr(error.__cause__, "sqlstate", None) == _DEADLOCK


def once_more(act: Callable[Given, Done]) -> Callable[Given, Done]:
    """Let `act`, which is one transaction of its own, be done again where it was a deadlock.

    What it did was undone, and the other one has gone on. Inside an outer transaction nothing is
    done again: that one has to begin anew as a whole.
    """

    @wraps(act)
    def done(*args: Given.args, **kwargs: Given.kwargs) -> Done:
        if connection.in_atomic_block:
            return act(*args, **kwargs)
        try:
            return act(*args, **kwargs)
        except OperationalError as error:
            if not is_deadlock(error):
                raise
        return act(*args, **kwargs)

    return done
