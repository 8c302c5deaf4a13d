"""Occupancy long past, put where it stands in nobody's way."""

from datetime import datetime

from django.db import connection, transaction

from aiguille.booking.rules import OCCUPANCY_AT_HAND

_BATCH = 5000


def move_past_to_history(*, at: datetime) -> int:
    """Move what appointments took and what ended long before `at`; return how many stretches.

    A batch in each transaction. The bits of a past week go with the last of its stretches.
    """
    moved = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT booking_move_to_history(%s, %s)", [at - OCCUPANCY_AT_HAND, _BATCH]
            )
            batch: int = cursor.fetchone()[0]
        moved += batch
        if batch < _BATCH:
            return moved
