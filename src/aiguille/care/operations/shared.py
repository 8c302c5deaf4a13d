"""What every signed act of care shares: checked zones, stored rulings, the signature."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from aiguille.accounts.queries import physician_credentials
from aiguille.accounts.rights import NotAllowed
from aiguille.care.models import StoredRuling
from aiguille.catalogue.queries import RulesInForce
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Zone
from aiguille.kernel.errors import DomainError
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
    return StoredRuling.objects.create(
        patient_id=patient_id,
        kind=str(asked["kind"]),
        asked=dict(asked),
        rulebook_version=rules.version,
        clinic_values=rules.stored_values(),
        answer=dict(answer),
        decision=str(answer["decision"]),
        **authored_by(actor, at=at),
    ).id


def signature_of(actor: Actor, *, on: date) -> dict[str, Any]:
    """Return the `Signed` columns of a physician whose registration is in force.

    Raises:
        NotAllowed: there is no such registration.
    """
    credentials = physician_credentials(actor.id, on) if actor.id else None
    if actor.id is None or credentials is None:
        raise NotAllowed(
            Text(
                fr="Seul un médecin inscrit peut signer.",
                en="Only a registered physician may sign.",
            )
        )
    return {
        "signer_id": actor.id,
        "signer_name": actor.display_name,
        "signer_role": "physician",
        "signer_rpps": credentials.rpps,
    }
