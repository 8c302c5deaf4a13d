"""Whatever a patient answers, no page of theirs says what a doctor has to decide."""

import random
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from aiguille.booking.queries import get_appointment
from aiguille.journeys.record_answers import record_answers
from aiguille.kernel.codes import Answer, Procedure
from aiguille.patients.operations import save_draft_answers
from aiguille.rulebook import QuestionInput, load_rulebook
from tests.session_day import go_to, ready_for_session
from tests.world import World

BOOK = load_rulebook()
# What a doctor says, and no page does. The questions' own words are taken out first.
DECIDING = re.compile(
    r"BLOCK|DELAY|REVIEW|INFORM\b|contre[- ]?indiqu|contraindicat|interdit|forbidden|not allowed|"
    r"éligible|eligible|inapte|\bunfit|risque|\brisk|refus[ée]e?s?\b|\brefused|déconseill|"
    r"ne pouvez pas|cannot be treated|pas d’(?:acte|aiguilletage)|pas de mésothérapie|no act\b|"
    r"avis médical (?:avant|suspendu|à revoir)|doctor must decide|délai à respecter|keep the delay|"
    r"favorable|dangere|danger",
    re.IGNORECASE,
)
HOW = ("yes", "unknown", "by chance 1", "by chance 2")


def reply(how: str, chance: random.Random) -> str:
    return how if how in set(Answer) else chance.choice(list(Answer)).value


def pages(client: Client, procedure: str, appointment: UUID, language: str) -> Iterator[str]:
    """Yield what each page of the space says that answers could reach."""
    with translation.override(language):
        addresses = [
            reverse("portal:home"),
            reverse("portal:appointments"),
            reverse("portal:questionnaire_review", args=[procedure]),
            reverse("portal:questionnaire_done", args=[procedure]),
            reverse("portal:questions_again", args=[appointment]),
            *(
                reverse("portal:questionnaire", args=[procedure, question.id])
                for question in BOOK.questions_for(Procedure(procedure))[::6]
            ),
        ]
    for address in addresses:
        shown = client.get(address, follow=True)
        assert shown.status_code in {200, 404}, address
        text = re.sub(r"<(script|style)\b.*?</\1>", " ", shown.content.decode(), flags=re.DOTALL)
        yield unescape(re.sub(r"<[^>]+>", " ", text))


def without_questions(text: str) -> str:
    for question in BOOK.questions.values():
        for own in (question.ask, question.help, *(option.label for option in question.types)):
            text = text.replace(own.fr, " ").replace(own.en, " ")
    return text


@pytest.mark.parametrize("procedure", list(Procedure))
@pytest.mark.parametrize("how", HOW)
def test_no_page_of_a_patient_says_what_a_doctor_decides(
    world: World, procedure: Procedure, how: str
) -> None:
    day = ready_for_session(world, procedure)
    chance, at = random.Random(how), day.at + timedelta(minutes=5)
    go_to(at)
    answers: dict[str, dict[str, object]] = {}
    for question in BOOK.questions_for(procedure):
        if question.input is QuestionInput.BIRTH_DATE:
            continue
        answers[question.id] = {"answer": reply(how, chance)}
        if question.types and chance.random() < 0.5:
            answers[question.id]["type"] = chance.choice(question.types).code
        if chance.random() < 0.5:
            answers[question.id]["ended"] = at.date() - timedelta(days=chance.randrange(200))
    save_draft_answers(
        patient_id=day.patient_id, procedure=procedure, answers=answers,
        actor=world.anna.actor, at=at,
    )  # fmt: skip
    client = world.space_client(world.anna)
    before = list(pages(client, procedure.value, day.appointment, "fr"))
    done = record_answers(
        patient_id=day.patient_id, procedure=procedure, actor=world.anna.actor, at=at
    )
    assert done.suspended == (day.verdict,), "there is something to be silent about"

    seen = before
    for language in ("fr", "en"):
        seen += pages(client, procedure.value, day.appointment, language)

    for text in map(without_questions, seen):
        for question in BOOK.questions.values():
            messages = {
                effect.message
                for action in question.actions.values()
                for effect in action.effects()
            }
            for message in {question.message, *messages}:
                if len(message.en) > 20:
                    assert message.fr not in text
                    assert message.en not in text
        found = DECIDING.search(text)
        assert found is None, text[max(0, found.start() - 120) : found.end() + 60]
    assert get_appointment(day.appointment).state in {"ARRIVED", "NEEDS_VERDICT"}
