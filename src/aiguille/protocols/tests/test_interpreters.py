"""The tablet's interpreter answers every event as this engine does, refusals included."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text
from aiguille.protocols.events import (
    Corrected,
    Event,
    InjectionRecorded,
    StepDone,
    StepSkipped,
    Stopped,
    StopReason,
    UnitOpened,
    ZonePassed,
    event_as_json,
)
from aiguille.protocols.library import shipped_protocols
from aiguille.protocols.model import Protocol
from aiguille.protocols.references import RuleAnswer
from aiguille.protocols.rehearsal import Rehearsed, as_json, rehearsed
from aiguille.protocols.sources import SHIPPED
from aiguille.protocols.tests.runs import protocol_of, whole_run

ROOT = Path(__file__).resolve().parents[4]
REHEARSALS = sorted((ROOT / "tests" / "contracts" / "rehearsals").glob("*.jsonl"))
NAMES = sorted(shipped_protocols())
RUNS_OF_EACH = 5

Line = tuple[int, Mapping[str, object]]


def answers_of_the_tablet(rehearsals: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return what the interpreter of the front end says to each event of each rehearsal."""
    done = subprocess.run(
        [sys.executable, "tools/node.py", "node", "frontend/tools/rehearse.ts"],
        input="".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rehearsals),
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def moody(seed: int) -> Any:
    """Return a rule book of moods: the same question always gets the same answer."""

    def decide(question: Mapping[str, object]) -> RuleAnswer:
        mood = Random(f"{seed} {sorted(question.items(), key=str)}")
        decision = mood.choices(
            list(Decision), weights=[1 + 40 * (d is Decision.OK) for d in Decision]
        )
        return RuleAnswer(
            decision=decision[0],
            messages=(Text(fr="Écoutez la règle.", en="Heed the rule."),),
            rules=("X01",),
        )

    return decide


def troubled(protocol: Protocol, log: tuple[Event, ...], chance: Random) -> Iterator[Line]:
    """Yield a run as a file of lines, with what goes wrong on some days put in between."""
    number = 0
    reasons = (
        "limits",
        "density",
        "depth",
        "interval",
        "cream",
        "product",
        "mix",
        "unit",
        "lidocaine",
    )
    for event in with_more_cycles(protocol, log, chance.randint(0, 3)):
        often = 0.8 if isinstance(event.body, ZonePassed | InjectionRecorded) else 0.4
        while chance.random() < often:
            number += 1
            yield number, trouble(protocol, event, chance)
        number += 1
        raw = {key: value for key, value in event_as_json(event).items() if key != "seq"}
        yield number, {**raw, "acknowledged": dict.fromkeys(reasons, "Motif")}


def with_more_cycles(protocol: Protocol, log: tuple[Event, ...], count: int) -> Iterator[Event]:
    """Yield a run whose last cycle is done `count` times more, past the most that may be."""
    for repeat in protocol.repeats:
        steps = [getattr(event.body, "step", "") for event in log]
        last = max(at for at, step in enumerate(steps) if step == repeat.steps[-1])
        first = max(at for at, step in enumerate(steps[:last]) if step not in repeat.steps) + 1
        cycle = [replace(event, at=log[last].at) for event in log[first : last + 1]]
        log = (*log[: last + 1], *cycle * count, *log[last + 1 :])
    yield from log


def trouble(protocol: Protocol, event: Event, chance: Random) -> Mapping[str, object]:
    """Return one line that may be refused: an event bent out of shape, or another world."""
    if chance.random() < 0.3:
        return {"facts": another_world(chance)}
    bent = replace(event, body=bent_body(protocol, event, chance))
    if chance.random() < 0.1:
        bent = replace(bent, at=event.at + timedelta(seconds=chance.choice([-9000, 30, 0.5])))
    if chance.random() < 0.05:
        bent = replace(bent, by=" ")
    raw = event_as_json(bent)
    if chance.random() < 0.9:
        del raw["seq"]
    return raw


def another_world(chance: Random) -> Mapping[str, object]:
    return {
        "roles": chance.choice([["physician"], ["physician"], ["nurse"], ["front_desk"], []]),
        "consent_current": chance.random() < 0.9,
        "verdict_valid": chance.random() < 0.9,
        "phototype": chance.choice([None, 2, 6]),
        "weight_kg": chance.choice([None, "61.50"]),
        "plan": chance.choice([{}, {"needle_mm": "0.50", "cycles": 1, "volume_ml": "0.30"}]),
        "unit": chance.choice(
            [{}, {}, {"lot_status": "recalled"}, {"used_for_other_patient": True}]
        ),
    }


def bent_body(protocol: Protocol, event: Event, chance: Random) -> Any:
    body = event.body
    step = chance.choice(protocol.steps)
    everywhere = [
        body,
        StepSkipped(step=step.id, reason=chance.choice([" ", "Refus"])),
        StepDone(step=step.id, values={"end_point": "FRANK_BLEEDING"} if chance.random() < 0.3 else {}),
        Corrected(replaces=max(1, event.seq - chance.randint(0, 6)), reason=chance.choice([" ", "Erreur"])),
        Corrected(replaces=event.seq - 1, reason="Erreur", body=body),
    ]  # fmt: skip
    if chance.random() < 0.1:
        everywhere.append(Stopped(reason=chance.choice(list(StopReason)), note="—"))
    here: list[Any] = []
    match body:
        case ZonePassed():
            here = [
                replace(body, needle_mm=Decimal(chance.choice(["0", "0.50", "2.5", "3"]))),
                replace(body, zone=chance.choice(list(type(body.zone)))),
                replace(body, passes={d: chance.randint(0, 9) for d in body.passes}),
                replace(body, seconds=61, area_cm2=Decimal("7.30"), frequency_hz=90),
            ]
        case InjectionRecorded():
            cap = chance.choice(protocol.volume_caps)
            limits = chance.choice(protocol.techniques)
            here = [
                # Exactly at a limit: it holds, and so does its other half.
                replace(
                    body,
                    technique=limits.technique,
                    volume_ml=limits.volume_max_ml,
                    points=int(cap.maximum_ml / limits.volume_max_ml),
                ),
                replace(body, points=int(cap.maximum_ml / body.volume_ml)),
                replace(body, technique=limits.technique, volume_ml=limits.volume_max_ml),
                replace(body, angle=90, inserted_mm=limits.depth_max_mm),
                replace(body, angle=chance.randint(-1, 95)),
                replace(body, volume_ml=Decimal(chance.choice(["0.0050", "0.4", "0"]))),
                replace(body, points=chance.choice([0, 7, 900])),
                replace(body, inserted_mm=chance.choice([None, Decimal("3.30"), Decimal(9)])),
                replace(body, spacing_mm=chance.choice([1, 40])),
                replace(body, technique=chance.choice(list(type(body.technique)))),
            ]
        case UnitOpened():
            here = [
                replace(body, kind=chance.choice(list(type(body.kind)))),
                replace(body, field="other"),
                replace(body, lidocaine_mg_per_ml=Decimal("3.0")),
                replace(body, needle_mm=Decimal("1.50")),
            ]
        case StepDone(values=values) if values:
            name = chance.choice(sorted(values))
            odd = chance.choice(
                [True, False, None, "", 3, -3, 10**6, "12.50", "x", "x" * 3000, ["x"]]
            )
            here = [
                replace(body, values={**values, name: odd}),
                replace(body, values={**values, "other": odd}),
            ]
    return chance.choice(here if here and chance.random() < 0.6 else everywhere)


@pytest.mark.parametrize("name", NAMES)
def test_it_answers_whatever_happens_as_the_server_does(name: str) -> None:
    protocol = protocol_of(name)
    wholes: list[list[Rehearsed]] = []
    for seed in range(RUNS_OF_EACH):
        log = whole_run(name, "at_home" if seed % 2 else "none")
        lines = list(troubled(protocol, log, Random(f"{name} {seed}")))
        wholes.append(list(rehearsed(protocol, lines, moody(seed))))
    ours: list[dict[str, Any]] = [as_json(protocol, iter(rows)) for rows in wholes]
    theirs = answers_of_the_tablet(ours)
    said = {guard for one in ours for guard in refusals(one)}
    assert len(said) > 12, said  # the runs are troubled enough to compare refusals
    for one, answers in zip(ours, theirs, strict=True):
        for row, answer in zip(one["rows"], answers, strict=True):
            assert answer == json.loads(json.dumps(row["answer"])), row["event"]


def refusals(rehearsal: Mapping[str, Any]) -> list[str]:
    answers = [row["answer"] for row in rehearsal["rows"]]
    return [answer["refused"]["guard"] for answer in answers if "refused" in answer]


@pytest.mark.parametrize("path", REHEARSALS, ids=lambda path: path.stem)
def test_the_rehearsals_of_the_contract_go_as_they_say(path: Path) -> None:
    command = ["protocols", "rehearse", str(SHIPPED / f"{path.stem}.toml"), "--events", str(path)]
    program = "import sys; from aiguille.cli import main; main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", program, *command, "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    rehearsal = json.loads(done.stdout)
    answers = [row["answer"] for row in rehearsal["rows"]]
    said = [each["refused"]["guard"] if "refused" in each else "accepted" for each in answers]
    states = [each["accepted"] for each in answers if "accepted" in each]
    assert {"answers": said, "state": states[-1]} == json.loads(
        path.with_suffix(".json").read_text()
    )
    assert answers_of_the_tablet([rehearsal]) == [answers]
