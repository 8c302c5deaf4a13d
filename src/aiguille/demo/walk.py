"""Walking forward in time: each patient's story says when it goes on, and is told up to now."""

import heapq
from collections.abc import Generator, Iterable
from datetime import datetime

Story = Generator[datetime, datetime, None]
"""Yields the instant at which it goes on and is sent that instant back when it has come."""


def walk(stories: Iterable[Story], *, until: datetime) -> None:
    """Tell the stories side by side in the order of time; what comes after `until` is not told."""
    waiting: list[tuple[datetime, int, Story]] = []
    for number, story in enumerate(stories):
        waiting.append((next(story), number, story))
    heapq.heapify(waiting)
    while waiting and waiting[0][0] <= until:
        at, number, story = heapq.heappop(waiting)
        try:
            goes_on = story.send(at)
        except StopIteration:
            continue
        # Nothing happens before what it follows from.
        heapq.heappush(waiting, (max(goes_on, at), number, story))
