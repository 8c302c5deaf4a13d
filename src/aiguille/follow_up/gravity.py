"""The symptoms that a patient may choose from, gravest first, as the rule book judges them."""

from functools import cache

from aiguille.kernel.codes import Procedure, Symptom, Triage
from aiguille.rulebook import decide

# After this many hours nothing is expected any more: what is left is how grave a symptom can be.
LONG_AFTER = 24 * 365


@cache
def symptoms_by_gravity(procedure: Procedure) -> dict[Triage, tuple[Symptom, ...]]:
    """Return each symptom under the triage that it comes to at the latest, gravest first."""
    found: dict[Triage, list[Symptom]] = {triage: [] for triage in reversed(Triage)}
    for symptom in Symptom:
        ruling = decide(
            {
                "kind": "symptom",
                "procedure": procedure.value,
                "symptom": symptom.value,
                "hours_since": LONG_AFTER,
            }
        )
        found[Triage(ruling["triage"])].append(symptom)
    return {triage: tuple(symptoms) for triage, symptoms in found.items() if symptoms}
