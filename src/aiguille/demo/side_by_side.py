"""Work that is done in several processes at once, because one Python process uses one core."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Sequence

from django.db import connections


class PartFailed(Exception):
    """A part did not come to its end; its reason is on standard error."""


def run_side_by_side(parts: Sequence[Callable[[], None]]) -> None:
    """Run the parts, each in a process of its own with a connection of its own.

    Raises:
        PartFailed: one of them failed.
    """
    connections.close_all()  # a connection must not be shared with a child
    context = multiprocessing.get_context("fork")
    parent = os.getpid()
    processes = [context.Process(target=_run, args=(part, parent), daemon=True) for part in parts]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise PartFailed


def _run(part: Callable[[], None], parent: int) -> None:
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        # Nobody waits for this work any more, and its successor may have begun.
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="follow-parent").start()
    try:
        part()
    finally:
        connections.close_all()
