"""Processes that fight: each forked from the test, on a connection of its own, all let go at once."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import TypeAlias

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

PATIENCE = 60.0
_processes = multiprocessing.get_context("fork")

Act: TypeAlias = Callable[[], object]
# What became of an act: its name and what it returned, or the name of the error that it raised.
Outcome: TypeAlias = tuple[str, object]


def fight(*fighters: Sequence[Act]) -> list[list[Outcome]]:
    """Let each fighter do its acts in turn, all beginning at the same moment, in a process each.

    Returns what became of each act of each.
    """
    # A connection that two processes share would mix their answers.
    connections.close_all()
    gate = _processes.Barrier(len(fighters))
    started = []
    for acts in fighters:
        mine, theirs = _processes.Pipe(duplex=False)
        process = _processes.Process(target=_work, args=(acts, gate, theirs))
        process.start()
        theirs.close()
        started.append((process, mine))
    outcomes = []
    for process, answers in started:
        assert answers.poll(PATIENCE), "a process neither answers nor ends"
        outcomes.append(answers.recv())
        answers.close()
        process.join(PATIENCE)
        assert process.exitcode == 0
        process.close()
    return outcomes


def kinds(outcomes: Sequence[Sequence[Outcome]]) -> Counter[str]:
    """Count what became of the acts."""
    return Counter(kind for acts in outcomes for kind, _ in acts)


def results(outcomes: Sequence[Sequence[Outcome]]) -> list[object]:
    """Return what those acts returned that were done."""
    return [result for acts in outcomes for kind, result in acts if kind == "done"]


def _work(acts: Sequence[Act], gate: Barrier, answers: Connection) -> None:
    # Whatever the test still holds is not for its copy to use, nor, by forgetting it, to end: a
    # connection that is collected says goodbye on the socket that the test shares.
    inherited = list(connections.all(initialized_only=True))
    for connection in inherited:
        del connections[connection.alias]
    try:
        # The application's alone: two fights at once, with the owner's too, would be too many.
        connections[DEFAULT_DB_ALIAS].ensure_connection()
        gate.wait(PATIENCE)
        answers.send([_outcome(act) for act in acts])
        answers.close()
    finally:
        connections.close_all()
        os._exit(0)  # what the test would do at its end is not for its copy to do


def _outcome(act: Act) -> Outcome:
    try:
        return "done", act()
    except OperationalError as error:  # never expected: say in the count what the server said
        return f"OperationalError: {str(error).partition(chr(10))[0]}", str(error)
    except Exception as error:  # noqa: BLE001 -- the tests look at it
        return type(error).__name__, str(error)
