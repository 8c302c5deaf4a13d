"""How questions and answers are shown to a patient: in words, by theme, with a picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext

from aiguille.kernel.codes import Answer
from aiguille.portal.questionnaire.forms import shown_details, zone_choices
from aiguille.portal.questionnaire.sitting import Sitting
from aiguille.rulebook import Question, QuestionInput, load_rulebook

# The drawings beside questions whose words may not be known, by question.
PICTURES: Mapping[str, str] = {
    "S08": "cold_sore",
    "S09": "cold_sore",
    "S12": "acne",
    "S13": "rosacea",
    "S14": "plaque",
    "S15": "keloid",
    "S16": "mole",
    "S44": "skin_tones",
    "S45": "brown_patches",
    "S49": "permanent_make_up",
    "S55": "hair_loss",
    "S56": "clean_zone",
}


@dataclass(frozen=True)
class ReviewLine:
    """A question with what was answered; `before` is the answer handed in, where it changes."""

    question: str
    said: str
    before: str
    href: str
    is_no: bool


@dataclass(frozen=True)
class ReviewPart:
    """The questions of a theme."""

    title: str
    lines: list[ReviewLine]

    @property
    def is_quiet(self) -> bool:
        """Tell whether every answer is “no”, as it was before: it is folded up."""
        return all(line.is_no and not line.before for line in self.lines)


def picture_of(question: Question) -> str:
    """Return the template of a question's drawing, or nothing."""
    name = PICTURES.get(question.id)
    return f"portal/questionnaire/pictures/{name}.html" if name else ""


def review_of(sitting: Sitting, *, language: str) -> list[ReviewPart]:
    """Return the answers as they are, theme by theme."""
    parts = []
    for theme in load_rulebook().themes:
        lines = [
            _line(sitting, question, language)
            for question in sitting.walk.questions
            if question.theme == theme.code
        ]
        if lines:
            parts.append(ReviewPart(theme.title.in_language(language), lines))
    return parts


def _line(sitting: Sitting, question: Question, language: str) -> ReviewLine:
    before = ""
    if question.input is QuestionInput.BIRTH_DATE:
        born = sitting.identity.birth_date
        said = date_format(born, "DATE_FORMAT") if born else ""
    else:
        said = in_words(sitting.draft.answers[question.id], question, language)
        handed_in = sitting.earlier.get(question.id)
        was = in_words(handed_in, question, language) if handed_in else ""
        before = was if was != said and not question.day_only else ""
    return ReviewLine(
        question=question.ask.in_language(language),
        said=said,
        before=before,
        href=f"{sitting.address(question)}?from=review",
        is_no=sitting.draft.answers.get(question.id, {}).get("answer") == Answer.NO,
    )


def in_words(answer: Mapping[str, Any], question: Question, language: str) -> str:
    """Return an answer in the patient's words, details included."""
    words = {
        Answer.YES.value: gettext("Yes"),
        Answer.NO.value: gettext("No"),
        Answer.UNKNOWN.value: gettext("I don’t know"),
    }
    parts = [words[answer["answer"]]]
    if code := answer.get("type"):
        parts += [o.label.in_language(language) for o in question.types if o.code == code]
    if zones := answer.get("zones"):
        names = dict(zone_choices())
        parts.append(", ".join(names[zone] for zone in zones))
    if ended := shown_details(answer)["ended"]:
        parts.append(gettext("on %(date)s") % {"date": date_format(ended, "DATE_FORMAT")})
    return " – ".join(parts)
