"""What holds for appointments, without a database: delays, who they bind, bounds on a date."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from aiguille.kernel.actor import Actor, ActorKind
from aiguille.kernel.decisions import Decision
from aiguille.kernel.text import Text

HOLD_LASTS = timedelta(minutes=10)
HOLDS_PER_ADDRESS = 5
"""How many times may be held at once from one network address (DEF, to confirm)."""
CHANGE_LIMIT = timedelta(hours=24)
"""Until how long before the start a patient may move or cancel (DEF, to confirm)."""
LINK_OUTLIVES = timedelta(days=1)
"""How long after its appointment a link to it still opens (DEF, to confirm)."""
OCCUPANCY_AT_HAND = timedelta(days=30)
"""How long after its end what was taken stays among what may not be taken twice."""
CREAM_NOTICE = timedelta(hours=2)


def is_bound_by_notice(actor: Actor) -> bool:
    """Tell whether notice, horizon, step and the limit for changes bind `actor`; staff they do not."""
    return actor.kind in {ActorKind.VISITOR, ActorKind.PATIENT}


def may_still_change(*, starts_at: datetime, actor: Actor, at: datetime) -> bool:
    """Tell whether `actor` may move or cancel an appointment that starts at `starts_at`."""
    return not is_bound_by_notice(actor) or at + CHANGE_LIMIT <= starts_at


@dataclass(frozen=True, slots=True)
class Earliest:
    """The first date on which something may happen, None for never as things are, and why."""

    date: date | None
    bound_by: Text


def latest_bound(bounds: Iterable[Earliest]) -> Earliest:
    """Return the bound that binds: one that never ends, else the latest, the first named of those.

    `bounds` is not empty.
    """
    found = list(bounds)
    for bound in found:
        if bound.date is None:
            return bound
    return max(found, key=lambda bound: bound.date or date.min)


def unsettled_findings(
    findings: Sequence[Mapping[str, Any]], settled: Collection[str]
) -> list[Mapping[str, Any]]:
    """Return the findings that stand in a session's way.

    Those are every BLOCK, and each DELAY and REVIEW that the physician did not settle with a
    reason when giving the verdict (`settled` holds the rules).
    """
    return [
        finding
        for finding in findings
        if finding["decision"] == Decision.BLOCK
        or (
            finding["decision"] in {Decision.DELAY, Decision.REVIEW}
            and finding["rule"] not in settled
        )
    ]


def screening_bound(
    findings: Sequence[Mapping[str, Any]], settled: Collection[str]
) -> Earliest | None:
    """Return what the answers say about a date: None for no objection on it.

    What was answered, and what it leads to, is between patient and physician: whoever books reads
    only that a doctor looks at it.
    """
    bounds = []
    for finding in unsettled_findings(findings, settled):
        ends = finding["earliest"] if finding["decision"] == Decision.DELAY else None
        bounds.append(
            Earliest(date.fromisoformat(ends), _ANSWERS_WAIT)
            if ends
            else Earliest(None, _DOCTOR_LOOKS)
        )
    return latest_bound(bounds) if bounds else None


_DOCTOR_LOOKS = Text(
    fr="Un médecin regarde d’abord les réponses au questionnaire.",
    en="A doctor first looks at the answers to the questionnaire.",
)
_ANSWERS_WAIT = Text(
    fr="C’est le premier jour possible d’après les réponses au questionnaire ; "
    "un médecin les regarde avec le patient.",
    en="It is the first day possible by the answers to the questionnaire; a doctor looks at them "
    "with the patient.",
)
