"""How the group wants patients named on paper."""

from datetime import datetime

from django.db import transaction

from aiguille.accounts.rights import Right, require_unless_system
from aiguille.audit.operations import record
from aiguille.clinics import events
from aiguille.clinics.models import ClinicGroup, PrintedNames
from aiguille.kernel.actor import Actor

__all__ = ["PrintedNames", "choose_printed_names", "printed_names"]


def printed_names() -> PrintedNames:
    """Return how a printed agenda names the patients (one query)."""
    chosen = ClinicGroup.objects.order_by("id").values_list("printed_names", flat=True).first()
    return PrintedNames(chosen) if chosen else PrintedNames.SHORT


@transaction.atomic
def choose_printed_names(*, names: PrintedNames, actor: Actor, at: datetime) -> None:
    """Let the printed agendas of the whole group name patients so.

    Raises:
        NotAllowed.
    """
    require_unless_system(actor, Right.MANAGE_CLINIC)
    group = ClinicGroup.objects.select_for_update().get()
    group.printed_names = names
    group.save(update_fields=["printed_names"])
    record(
        action=events.PRINTED_NAMES_CHOSEN,
        actor=actor,
        at=at,
        subject_kind="group",
        subject_id=group.id,
        details={"names": names.value},
    )
