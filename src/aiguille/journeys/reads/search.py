"""Looking for a patient; what was looked for is not kept, that somebody looked is."""

from datetime import datetime

from django.db import transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.kernel.actor import Actor
from aiguille.patients import events
from aiguille.patients.queries import Identity, list_recent, search


def search_patients(
    *, text: str, limit: int = 30, actor: Actor, at: datetime
) -> tuple[Identity, ...]:
    """Return whom `text` may mean, `limit` at most, or the latest patients where it is empty.

    Raises:
        NotAllowed: a role that sees no identities.
    """
    require(actor, Right.SEE_IDENTITY)
    if not text:
        return tuple(list_recent(limit=12))
    found = search(text, limit=limit)
    assert actor.id is not None, "only people have the right"
    with transaction.atomic():
        record(
            action=events.SEARCHED,
            actor=actor,
            at=at,
            subject_kind="user",
            subject_id=actor.id,
            details={"found": len(found)},
        )
    return tuple(found)
