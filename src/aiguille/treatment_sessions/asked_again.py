"""The starred questions before a session: when they were asked again, and whether on its day."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right
from aiguille.audit.operations import record
from aiguille.booking.access import get_appointment_for
from aiguille.booking.queries import AppointmentView
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ServiceKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.plumbing.models import authored_by
from aiguille.treatment_sessions import events
from aiguille.treatment_sessions.models import AskedAgain


class QuestionsNotAsked(DomainError):
    """The questions of the day were not asked, or not all of them answered."""

    code = "questions_not_asked"
    default_text = Text(
        fr="Les questions du jour n’ont pas encore été posées. Posez-les au patient et notez "
        "toutes ses réponses avant de commencer la séance.",
        en="The questions of the day have not been asked yet. Ask the patient and note every "
        "answer before the session begins.",
    )


@transaction.atomic
def note_asked_again(
    *, appointment_id: UUID, answer_set_id: UUID, actor: Actor, at: datetime
) -> None:
    """Note that a session's patient answered the starred questions again, and with which answers.

    Raises:
        NotVisible: no such appointment, somebody else's, or the actor receives no patients.
    """
    appointment = get_appointment_for(
        actor=actor, appointment_id=appointment_id, at=at, right=Right.ASK_AGAIN
    )
    AskedAgain.objects.create(
        appointment_id=appointment.id, answer_set_id=answer_set_id, **authored_by(actor, at=at)
    )
    record(
        action=events.ASKED_AGAIN,
        actor=actor,
        at=at,
        subject_kind="appointment",
        subject_id=appointment.id,
        patient_id=appointment.patient_id,
        site_id=appointment.site_id,
        details={"answer_set": str(answer_set_id)},
    )


def asked_again_at(appointment_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Return when the questions were last asked again, by session, where they were (one query)."""
    rows = AskedAgain.objects.filter(appointment_id__in=list(appointment_ids))
    return dict(rows.order_by("recorded_at").values_list("appointment_id", "recorded_at"))


def is_asked_on_its_day(appointment: AppointmentView, asked_at: datetime | None) -> bool:
    """Tell whether an appointment needs no questions any more: a session's were asked on its day."""
    if appointment.kind is not ServiceKind.SESSION:
        return True
    if asked_at is None:
        return False
    return asked_at.astimezone(appointment.local.tzinfo).date() == appointment.local_date
