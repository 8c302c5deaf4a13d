"""The one enum of decisions, most severe last, and how several are combined."""

from collections.abc import Iterable
from enum import StrEnum


class Decision(StrEnum):
    """What the rule book answers.

    `BLOCK` cannot be overridden by anybody. `DELAY` and `REVIEW` only by a physician
    with a reason, `WARN` is acknowledged by the operator, `INFORM` by the patient.
    """

    OK = "OK"
    INFORM = "INFORM"
    WARN = "WARN"
    REVIEW = "REVIEW"
    DELAY = "DELAY"
    BLOCK = "BLOCK"

    @property
    def severity(self) -> int:
        """Return a number that grows with severity, 0 for `OK`."""
        return _SEVERITY[self]


_SEVERITY = {decision: rank for rank, decision in enumerate(Decision)}


def most_severe(decisions: Iterable[Decision]) -> Decision:
    """Return the most severe of `decisions`, `OK` where there are none."""
    return max(decisions, key=lambda decision: decision.severity, default=Decision.OK)
