"""The other two engines: decisions a second, and the fold of a long session."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from aiguille.kernel.codes import Zone
from aiguille.protocols.events import Event, InjectionRecorded
from aiguille.protocols.example import example_run
from aiguille.protocols.library import shipped_protocols
from aiguille.protocols.state import fold
from aiguille.rulebook import RuleBook, decide_by, load_rulebook
from aiguille.rulebook.entries import QuestionInput
from bench.results import Results, timed

VECTORS = Path(__file__).parents[1] / "tests" / "contracts" / "decisions" / "vectors.jsonl"
CLINIC_VALUES = {
    "S06.days": Decimal(200),
    "S39.superficial_days": Decimal(30),
    "R11.max_grams": Decimal(50),
    "R15.max_mg": Decimal(150),
    "R16.CHEEK.max_mm": Decimal("1.2"),
}
EVENTS = 500
PROTOCOL = "mesotherapy-mesolift"
BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def measure(results: Results, *, quick: bool) -> None:
    """Measure screenings, a small decision, and the fold of 500 events.

    The contract's screenings are asked by the shipped values and by a clinic's own.
    """
    repeats = 200 if quick else 2000
    contract = _contract_screenings()
    shipped = load_rulebook()
    own = shipped.with_values(CLINIC_VALUES)
    for name, asked, book in (
        ("screening", [_screening()], shipped),
        ("depth", [_depth()], shipped),
        ("contract's screenings", contract, shipped),
        ("contract's screenings, clinic's values", contract, own),
        ("screening, every question unanswered", [_screening() | {"answers": {}}], shipped),
    ):

        def ask(questions: Sequence[Mapping[str, Any]] = asked, book: RuleBook = book) -> None:
            for question in islice(cycle(questions), repeats):
                decide_by(book, question)

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


def _contract_screenings() -> list[dict[str, Any]]:
    """Return the screenings of the contract, as the command reads them."""
    lines = (json.loads(line, parse_float=Decimal) for line in VECTORS.read_text().splitlines())
    return [line["ask"] for line in lines if line["ask"]["kind"] == "screening"]


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
