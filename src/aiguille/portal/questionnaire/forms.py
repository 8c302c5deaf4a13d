"""One question's form, made from the rule book's data."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aiguille.kernel.codes import Answer, Procedure
from aiguille.kernel.text import Text
from aiguille.patients.questionnaire import ASKED_ZONES
from aiguille.plumbing.components.widgets import DayMonthYearField
from aiguille.rulebook import Question, load_rulebook

_SAID = {
    Answer.YES: _("Yes"),
    Answer.NO: _("No"),
    Answer.UNKNOWN: _("I don’t know"),
}


class AnswerForm(forms.Form):
    """Yes, no, or not known; what is not known goes to a doctor. Each is a button of its own."""

    answer = forms.ChoiceField(label=_("Your answer"))

    def __init__(self, *args: Any, question: Question, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answers = [one for one in Answer if not (question.day_only and one is Answer.UNKNOWN)]
        field = self.fields["answer"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.value, _SAID[one]) for one in answers]
        refusal = (
            _("Choose an answer.")
            if question.day_only
            else _("Choose an answer. “I don’t know” is one.")
        )
        field.error_messages |= {"required": refusal, "invalid_choice": refusal}

    def buttons(self) -> list[dict[str, Any]]:
        """Return the answers to choose from, the one that was given marked."""
        given = self.initial.get("answer")
        return [
            {"value": value, "label": label, "is_given": value == given}
            for value, label in self.fields["answer"].choices  # type: ignore[attr-defined]
        ]


class BirthDateForm(forms.Form):
    """The birth date, which is part of the identity."""

    birth_date = DayMonthYearField(label=_("Date of birth"), birthday=True)


class DetailsForm(forms.Form):
    """What a “yes” needs to be understood: when it ended, which kind, where; all optional."""

    def __init__(self, *args: Any, question: Question, procedure: Procedure, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if question.asks_end(procedure):
            self.fields["ended"] = DayMonthYearField(
                label=_("When was it, or when did it end?"),
                help_text=_(
                    "Even roughly. Leave it empty if it still goes on, or if you don’t know."
                ),
                required=False,
            )
        if question.asks_type(procedure):
            self.fields["type"] = forms.ChoiceField(
                label=_("Which of these is it?"),
                choices=[
                    *((option.code, _local(option.label)) for option in question.types),
                    ("", _("None of these, or I don’t know")),
                ],
                required=False,
                widget=forms.RadioSelect,
            )
        if question.asks_zones:
            self.fields["zones"] = forms.MultipleChoiceField(
                label=_("Where is it?"),
                help_text=_("Tick every area concerned. Leave all empty if you don’t know."),
                choices=zone_choices(),
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def details(self) -> dict[str, Any]:
        """Return the details in the words of the record; the form is valid."""
        return {name: value for name, value in self.cleaned_data.items() if value}


def needs_details(question: Question, procedure: Procedure) -> bool:
    """Tell whether a “yes” asks for more."""
    return question.asks_end(procedure) or question.asks_type(procedure) or question.asks_zones


def shown_details(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a kept answer as the details' form shows it."""
    ended = answer.get("ended")
    return {
        "ended": date.fromisoformat(ended) if ended else None,
        "type": answer.get("type", ""),
        "zones": answer.get("zones", []),
    }


def zone_choices() -> list[tuple[str, str]]:
    """Return the areas that can be treated, with the rule book's names for them."""
    cases = load_rulebook().rules["R16"].cases
    return [
        (zone.value, _local(label))
        for zone in ASKED_ZONES
        if (label := cases[zone.value].label) is not None
    ]


def _local(text: Text) -> str:
    return text.in_language(get_language() or "fr")
