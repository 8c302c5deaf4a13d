"""What the rule book answers: findings, and the ruling they add up to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text

# What a kind may add to its answer; a flag is an int to Python.
Plain = str | int | date | Decimal | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that has something to say. `earliest` is the end of a delay, where it is known."""

    rule: str
    decision: Decision
    message: Text
    sources: tuple[str, ...]
    earliest: date | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the finding as the contract writes it."""
        return {
            "rule": self.rule,
            "decision": self.decision.value,
            "earliest": self.earliest.isoformat() if self.earliest else None,
            "message": self.message.as_dict(),
            "sources": list(self.sources),
        }


@dataclass(frozen=True, slots=True)
class Ruling:
    """An answer: its most severe decision, every finding, and what its kind adds.

    `earliest` is the latest end of all the delays, whatever the decision; None where there is no
    delay, or where one of them has no known end.
    """

    decision: Decision
    earliest: date | None
    findings: tuple[Finding, ...]
    extra: Mapping[str, Plain] = field(default_factory=dict)

    @classmethod
    def of(cls, findings: Iterable[Finding], **extra: Plain) -> "Ruling":
        """Return the ruling that `findings` add up to, most severe first."""
        ranked = tuple(sorted(findings, key=_by_severity))
        delays = [found.earliest for found in ranked if found.decision is Decision.DELAY]
        known = [earliest for earliest in delays if earliest is not None]
        return cls(
            decision=ranked[0].decision if ranked else Decision.OK,
            earliest=max(known) if known and len(known) == len(delays) else None,
            findings=ranked,
            extra=extra,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the answer as the contract writes it, in values that JSON has."""
        return {
            "decision": self.decision.value,
            "earliest": self.earliest.isoformat() if self.earliest else None,
            "findings": [found.as_json() for found in self.findings],
        } | {key: _plain(value) for key, value in self.extra.items()}


def _by_severity(found: Finding) -> int:
    return -found.decision.severity


def _plain(value: Plain) -> str | float | None:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
