"""The symptoms that a patient may choose from, gravest first, as the rule book judges them."""

from functools import lru_cache

from aiguille.catalogue.queries import RulesInForce, rules_in_force
from aiguille.kernel.codes import Procedure, Symptom, Triage

# After this many hours nothing is expected any more: what is left is how grave a symptom can be.
LONG_AFTER = 24 * 365


def symptoms_by_gravity(procedure: Procedure) -> dict[Triage, tuple[Symptom, ...]]:
    """Return each symptom under the triage that it comes to at the latest, gravest first."""
    return _by_gravity(procedure, rules_in_force())


@lru_cache(maxsize=8)
def _by_gravity(procedure: Procedure, rules: RulesInForce) -> dict[Triage, tuple[Symptom, ...]]:
    found: dict[Triage, list[Symptom]] = {triage: [] for triage in reversed(Triage)}
    for symptom in Symptom:
        ruling = rules.decide(
            {
                "kind": "symptom",
                "procedure": procedure.value,
                "symptom": symptom.value,
                "hours_since": LONG_AFTER,
            }
        )
        found[Triage(ruling["triage"])].append(symptom)
    return {triage: tuple(symptoms) for triage, symptoms in found.items() if symptoms}
