"""Several connections that contend, and a look at who waits for whom."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection, connections

PATIENCE = 20.0


def at_once(tasks: Sequence[Callable[[], object]]) -> list[object]:
    """Start every task at the same moment, each on its own connection.

    Returns what each returned, or the exception that it raised.
    """
    gate = threading.Barrier(len(tasks))

    def run(task: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            gate.wait(PATIENCE)
            return task()
        except Exception as error:  # noqa: BLE001 -- the tests look at it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


class Beside:
    """A task on a connection of its own, which stops at `pause` until it is told to go on."""

    def __init__(self, pool: ThreadPoolExecutor, task: "Callable[[Beside], object]") -> None:
        self._reached, self._told = threading.Event(), threading.Event()
        self.pid = 0
        self._future: Future[object] = pool.submit(self._run, task)

    def _run(self, task: "Callable[[Beside], object]") -> object:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self.pid = cursor.fetchone()[0]
            return task(self)
        except Exception as error:  # noqa: BLE001 -- the tests look at it
            return error
        finally:
            self._reached.set()
            connections.close_all()

    def pause(self) -> None:
        """Called by the task: say that it got here, and wait."""
        self._reached.set()
        assert self._told.wait(PATIENCE), "nobody told the task to go on"

    def wait_until_paused(self) -> None:
        """Wait until the task paused, or ended."""
        assert self._reached.wait(PATIENCE), "the task never got there"

    def wait_until_blocked_or_done(self) -> bool:
        """Wait until the task waits for another connection's lock (True), or ended (False)."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self._future.done():
                return False
            with connection.cursor() as cursor:
                cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [self.pid])
                if cursor.fetchone()[0]:
                    return True
            time.sleep(0.01)
        raise AssertionError("the task neither waits nor ends")

    def go_on(self) -> None:
        """Tell the task to go on."""
        self._told.set()

    @property
    def outcome(self) -> object:
        """Return what the task returned, or the exception that it raised."""
        return self._future.result(PATIENCE)


@contextmanager
def beside() -> "Iterator[Callable[[Callable[[Beside], object]], Beside]]":
    """Give a function that starts tasks beside the test; all have ended afterwards."""
    with ThreadPoolExecutor(8) as pool:
        yield lambda task: Beside(pool, task)


@contextmanager
def without_constraint(table: str, name: str) -> Iterator[None]:
    """Take a constraint away, as the owner; afterwards empty the tables and put it back.

    The test's mark names the owner's database, or Django closes it to the test.
    """
    from aiguille.plumbing import schema

    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name]
        )
        definition = cursor.fetchone()[0]
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    try:
        yield
    finally:
        schema.empty_tables(owner)
        with owner.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
