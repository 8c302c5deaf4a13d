"""A run under construction, for tests: what happens is accepted or the test says why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from aiguille.kernel.codes import Indication
from aiguille.protocols.accepting import Accepted, accept
from aiguille.protocols.events import Body, Event, SessionBegun
from aiguille.protocols.example import example_facts, example_run, facts_for
from aiguille.protocols.library import shipped_protocols
from aiguille.protocols.model import Protocol
from aiguille.protocols.references import Facts
from aiguille.protocols.refusals import Refused
from aiguille.protocols.state import RunState, fold

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
ROLLER = "needling-roller-ageing"
MESOLIFT = "mesotherapy-mesolift"


def protocol_of(name: str) -> Protocol:
    return shipped_protocols()[name].protocol


@cache
def whole_run(name: str, applied: str = "at_home") -> tuple[Event, ...]:
    return example_run(protocol_of(name), begins_at=NINE, choices={"applied": applied})


@dataclass
class Run:
    """A run that events are tried on; `at` moves only when told."""

    protocol: Protocol
    state: RunState
    facts: Facts = field(default_factory=lambda: example_facts(at=NINE))
    at: datetime = NINE
    by: str = "Dr Bruno"

    @classmethod
    def of(cls, name: str) -> "Run":
        protocol = protocol_of(name)
        return cls(protocol=protocol, state=fold(protocol, ()))

    @classmethod
    def begun(cls, name: str) -> "Run":
        run = cls.of(name)
        run.do(run.beginning())
        return run

    @classmethod
    def up_to(cls, name: str, step: str, *, applied: str = "at_home") -> "Run":
        """Return a run where `step` is the next thing to do, all before it as it should be."""
        protocol = protocol_of(name)
        log = whole_run(name, applied)
        for count, event in enumerate(log):
            if getattr(event.body, "step", "") == step:
                return cls(protocol=protocol, state=fold(protocol, log[:count]), at=event.at)
        raise AssertionError(step)

    def beginning(self, **changes: object) -> SessionBegun:
        plain: dict[str, object] = {
            "protocol": self.protocol.id,
            "version": self.protocol.version,
            "indication": self.protocol.indications[0],
        }
        return SessionBegun(**{**plain, **changes})  # type: ignore[arg-type]

    def attempt(
        self,
        body: Body,
        *,
        seq: int | None = None,
        acknowledged: Mapping[str, str] | None = None,
        **world: object,
    ) -> Accepted | Refused:
        event = Event(
            seq=len(self.state.log) + 1 if seq is None else seq,
            at=self.at,
            by=self.by,
            body=body,
            acknowledged=acknowledged or {},
        )
        facts = replace(facts_for(body, self.facts), **world)  # type: ignore[arg-type]
        return accept(self.protocol, self.state, event, facts)

    def do(self, body: Body, **how: object) -> Accepted:
        answer = self.attempt(body, **how)  # type: ignore[arg-type]
        assert isinstance(answer, Accepted), answer
        self.state = answer.state
        return answer

    def wait(self, **time: float) -> "Run":
        self.at += timedelta(**time)
        return self


def other_indication() -> Indication:
    return Indication.PAIN
