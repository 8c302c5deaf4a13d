"""The questions of the day, each beside what was answered last time."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aiguille.desk.care.forms import ANSWERS, QuestionsForm
from aiguille.journeys.reads.findings import AnswerLine
from aiguille.kernel.codes import Answer


class DayQuestionsForm(QuestionsForm):
    """The questions of the day; `before` are the answers that the reader may see, by question."""

    def __init__(self, *args: Any, before: Mapping[str, AnswerLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = before
        for question in self.questions:
            if question.day_only:
                field: Any = self.fields[f"{question.id}_answer"]
                field.choices = [one for one in ANSWERS if one[0] != Answer.UNKNOWN.value]

    def rows(self) -> list[dict[str, Any]]:
        """Return each question with its fields and the answer of last time."""
        return [
            {
                **row,
                "before": None if row["question"].day_only else self.before.get(row["question"].id),
            }
            for row in super().rows()
        ]

    def ask_for_the_rest(self) -> None:
        """Say beside each question without an answer that it is asked too; the form is valid."""
        for question in self.questions:
            if not self.cleaned_data.get(f"{question.id}_answer"):
                self.add_error(f"{question.id}_answer", _("Ask this question too."))
