"""What every signed act of care shares: checked zones, stored rulings."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from aiguille.care.models import StoredRuling
from aiguille.catalogue.queries import RulesInForce
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Zone
from aiguille.kernel.errors import DomainError
from aiguille.kernel.numbers import exact
from aiguille.kernel.text import Text
from aiguille.plumbing.models import authored_by


class InvalidContent(DomainError):
    """A field of a form holds what it cannot hold."""

    code = "invalid_content"


def checked_zones(zones: Sequence[str], *, field: str) -> list[str]:
    """Return the zones without repeats.

    Raises:
        InvalidContent: one does not exist.
    """
    known = {zone.value for zone in Zone}
    unknown = [zone for zone in zones if zone not in known]
    if unknown:
        raise InvalidContent(
            Text(fr=f"Zone inconnue : {unknown[0]}.", en=f"Unknown zone: {unknown[0]}."),
            field=field,
        )
    return list(dict.fromkeys(zones))


@transaction.atomic
def store_ruling(
    *,
    patient_id: UUID,
    asked: Mapping[str, Any],
    answer: Mapping[str, Any],
    rules: RulesInForce,
    actor: Actor,
    at: datetime,
) -> UUID:
    """Keep an answer with everything needed to replay it; `rules` are those that gave it."""
    (key,) = store_rulings(
        patient_id=patient_id, rulings=[(asked, answer)], rules=rules, actor=actor, at=at
    )
    return key


@transaction.atomic
def store_rulings(
    *,
    patient_id: UUID,
    rulings: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]],
    rules: RulesInForce,
    actor: Actor,
    at: datetime,
) -> list[UUID]:
    """Keep questions with their answers as `store_ruling` does, in one statement."""
    rows = [
        StoredRuling(
            patient_id=patient_id,
            kind=str(asked["kind"]),
            asked={
                name: exact(value) if isinstance(value, Decimal) else value
                for name, value in asked.items()
            },
            rulebook_version=rules.version,
            clinic_values=rules.stored_values(),
            answer=dict(answer),
            decision=str(answer["decision"]),
            **authored_by(actor, at=at),
        )
        for asked, answer in rulings
    ]
    return [row.id for row in StoredRuling.objects.bulk_create(rows)]
