"""A patient in front of a questionnaire: the whole one, or what is asked again before a session."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from aiguille.booking.queries import AppointmentView
from aiguille.journeys import who
from aiguille.journeys.ask_again import askable, hand_in_again, is_on_its_day
from aiguille.journeys.record_answers import record_answers
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Procedure
from aiguille.patients.operations import discard_draft, save_draft_answer
from aiguille.patients.queries import (
    Draft,
    Identity,
    get_draft,
    get_draft_again,
    get_identity,
    latest_answers,
    surviving_id,
)
from aiguille.patients.questionnaire import Walk, walk, walk_again
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible
from aiguille.rulebook import Question, load_rulebook


@dataclass(frozen=True)
class Sitting:
    """Where the patient stands; `session` is the one before which questions are asked again."""

    actor: Actor
    identity: Identity
    procedure: Procedure
    draft: Draft
    walk: Walk
    earlier: Mapping[str, Mapping[str, Any]]
    session: AppointmentView | None = None

    @property
    def patient_id(self) -> UUID:
        """Return whose answers they are."""
        return self.identity.id

    @property
    def asked_for(self) -> UUID | None:
        """Return the appointment for which the draft is kept, None for the whole questionnaire."""
        return self.session.id if self.session else None

    def question(self, question_id: str) -> Question:
        """Return a question that the answers lead to; others are not there."""
        found = self.walk.find(question_id)
        if found is None:
            raise NotVisible
        return found

    def page(self, name: str = "", *arguments: str) -> str:
        """Return the address of a page of this questionnaire: `review`, `done`, `more`, or none."""
        family, key = (
            ("questions_again", str(self.session.id))
            if self.session
            else ("questionnaire", self.procedure.value)
        )
        return reverse(f"portal:{family}{name and '_'}{name}", args=[key, *arguments])

    def address(self, question: Question | None) -> str:
        """Return the address of a question; after the last one, of the review."""
        return self.page("review") if question is None else self.page("", question.id)

    def keep(self, question: Question, answer: Mapping[str, Any]) -> None:
        """Keep an answer. Raises what `save_draft_answer` does."""
        save_draft_answer(
            patient_id=self.patient_id,
            procedure=self.procedure,
            question_id=question.id,
            answer=answer,
            actor=self.actor,
            at=clock.now(),
            asked_for=self.asked_for,
        )

    def forget(self) -> None:
        """Forget what was typed since the answers were handed in."""
        discard_draft(
            patient_id=self.patient_id,
            procedure=self.procedure,
            actor=self.actor,
            at=clock.now(),
            asked_for=self.asked_for,
        )

    def hand_in(self) -> None:
        """Hand the answers in. Raises what the journeys do."""
        if self.session:
            hand_in_again(appointment_id=self.session.id, actor=self.actor, at=clock.now())
        else:
            record_answers(
                patient_id=self.patient_id,
                procedure=self.procedure,
                actor=self.actor,
                at=clock.now(),
            )


def sit(
    request: HttpRequest, *, procedure: str = "", appointment_id: UUID | None = None
) -> Sitting:
    """Return where the patient stands in the questionnaire of a procedure, or before a session.

    Raises:
        NotVisible: there is no such procedure or session.
        NotYet, StateRefuses: the session's questions are not asked now.
    """
    actor, patient_id = who.patient_of(request)
    if appointment_id is not None:
        return _sit_again(actor, patient_id, appointment_id)
    if procedure not in set(Procedure):
        raise NotVisible
    code = Procedure(procedure)
    identity, draft = get_identity(patient_id), get_draft(patient_id, code)
    latest = latest_answers(patient_id, code) if draft.is_started else None
    return Sitting(
        actor=actor,
        identity=identity,
        procedure=code,
        draft=draft,
        walk=walk(
            load_rulebook(),
            procedure=code,
            answers=draft.answers,
            is_birth_date_known=identity.birth_date is not None,
        ),
        earlier=latest.answers if latest else {},
    )


def _sit_again(actor: Actor, patient_id: UUID, appointment_id: UUID) -> Sitting:
    at = clock.now()
    session = askable(appointment_id=appointment_id, actor=actor, at=at)
    if surviving_id(session.patient_id) != patient_id:
        raise NotVisible
    latest = latest_answers(patient_id, session.procedure)
    if latest is None:
        raise NotVisible
    draft = get_draft_again(patient_id, session.procedure, asked_for=session.id)
    return Sitting(
        actor=actor,
        identity=get_identity(patient_id),
        procedure=session.procedure,
        draft=draft,
        walk=walk_again(
            load_rulebook(),
            procedure=session.procedure,
            earlier=latest.answers,
            answers=draft.answers,
            on_the_day=is_on_its_day(session, at=at),
        ),
        earlier=latest.answers,
        session=session,
    )
