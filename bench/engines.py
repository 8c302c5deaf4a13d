"""The other two engines: decisions a second, and the fold of a long session."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from aiguille.kernel.codes import Zone
from aiguille.protocols.events import Event, InjectionRecorded
from aiguille.protocols.example import example_run
from aiguille.protocols.library import shipped_protocols
from aiguille.protocols.state import fold
from aiguille.rulebook import decide, load_rulebook
from aiguille.rulebook.entries import QuestionInput
from bench.results import Results, timed

EVENTS = 500
PROTOCOL = "mesotherapy-mesolift"
BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def measure(results: Results, *, quick: bool) -> None:
    """Measure a whole screening, a small decision, and the fold of 500 events."""
    repeats = 200 if quick else 2000
    screening = _screening()
    for name, asked in (("screening", screening), ("depth", _depth())):

        def ask(question: dict[str, object] = asked) -> None:
            for _ in range(repeats):
                decide(question)

        figures = timed(ask, times=5)
        results.add(
            "decide",
            repeats / (figures.median / 1000),
            "per s",
            params={"kind": name},
        )
    events = _long_session()
    protocol = shipped_protocols()[PROTOCOL].protocol
    figures = timed(lambda: fold(protocol, events).totals, times=20)
    results.add_times("fold, with totals", figures, params={"events": len(events)})


def _screening() -> dict[str, object]:
    answers = {
        question.id: {"answer": "no"}
        for question in load_rulebook().questions.values()
        if question.input is QuestionInput.YES_NO
    }
    return {
        "kind": "screening",
        "procedure": "needling",
        "act_date": "2026-03-02",
        "born": "1988-04-03",
        "phototype": 3,
        "zones": [Zone.CHEEK.value],
        "actives": [],
        "answers": answers,
        "unanswered": "unknown",
    }


def _depth() -> dict[str, object]:
    return {
        "kind": "depth",
        "zone": Zone.CHEEK.value,
        "indication": "AGEING",
        "needle_mm": Decimal("0.5"),
        "phototype": 3,
    }


def _long_session() -> tuple[Event, ...]:
    """Return a whole run in which a zone was injected again and again, until there are 500."""
    run = list(example_run(shipped_protocols()[PROTOCOL].protocol, begins_at=BEGAN))
    place = next(n for n, event in enumerate(run) if isinstance(event.body, InjectionRecorded))
    run[place:place] = [run[place]] * (EVENTS - len(run))
    return tuple(replace(event, seq=seq) for seq, event in enumerate(run, start=1))
