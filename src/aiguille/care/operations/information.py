"""A patient's own word that they read what concerns them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from aiguille.audit.operations import record
from aiguille.care import events
from aiguille.care.informing import Information
from aiguille.care.models import InformationRead, Verdict
from aiguille.kernel.actor import Actor, ActorKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.models import authored_by


class InformationNotTicked(DomainError):
    """Each thing to read is acknowledged by itself; `field` names the first that is not."""

    code = "information_not_ticked"
    default_text = Text(
        fr="Cochez la case une fois le texte lu.", en="Tick the box once you have read the text."
    )


class InformationChanged(DomainError):
    """The text is not the one that the patient had before them."""

    code = "information_changed"
    default_text = Text(
        fr="Ce texte a changé entre-temps. Relisez-le avant de cocher.",
        en="This text changed in the meantime. Read it again before you tick.",
    )


@transaction.atomic
def acknowledge_information(
    *,
    verdict_id: UUID,
    information: Collection[Information],
    ticked: Collection[str],
    seen: Collection[str],
    language: str,
    actor: Actor,
    at: datetime,
) -> int:
    """Keep that the patient read what concerns them under a verdict; return how many are new.

    `information` is all that there is to read, `ticked` the rules acknowledged and `seen` the
    digests of the texts that the page showed. What was read before stays as it is.

    Raises:
        NotVisible: the actor is not a patient.
        InformationNotTicked: something to read was not acknowledged.
        InformationChanged: a text is another one than the page showed.
    """
    if actor.kind is not ActorKind.PATIENT or actor.id is None:
        raise NotVisible
    patient_id = Verdict.objects.values_list("patient_id", flat=True).get(id=verdict_id)
    waiting = [item for item in information if not item.is_read]
    for item in waiting:
        if item.rule not in ticked:
            raise InformationNotTicked(field=f"read_{item.rule}")
    for item in waiting:
        if item.digest not in seen:
            raise InformationChanged(field=f"read_{item.rule}")
    rows = [
        InformationRead(
            patient_id=patient_id,
            verdict_id=verdict_id,
            rule=item.rule,
            language=language,
            shown=item.text.in_language(language),
            text_digest=item.digest,
            **authored_by(actor, at=at),
        )
        for item in waiting
    ]
    # The same page sent twice at once: the second finds them there.
    InformationRead.objects.bulk_create(rows, ignore_conflicts=True)
    for item in waiting:
        record(
            action=events.INFORMATION_READ,
            actor=actor,
            at=at,
            subject_kind="verdict",
            subject_id=verdict_id,
            patient_id=patient_id,
            details={"rule": item.rule, "digest": item.digest},
        )
    return len(rows)
