"""What a physician types in a consultation."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aiguille.desk.care.words import (
    local,
    outcome_choices,
    zone_name,
)
from aiguille.journeys.reads.consultation import ConsultationPage
from aiguille.kernel.codes import Answer, Procedure, VerdictOutcome
from aiguille.patients.questionnaire import ASKED_ZONES
from aiguille.plumbing.components.widgets import DateInput, DecimalInput
from aiguille.rulebook import Question

LONGEST_TEXT = 10_000
LONGEST_REASON = 2_000


class Paragraph(forms.CharField):
    """A text of several lines that grows with what is typed."""

    def __init__(self, *, rows: int = 2, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST_TEXT)
        super().__init__(widget=forms.Textarea({"rows": rows}), **kwargs)


class Quantity(forms.DecimalField):
    """A number typed with a comma or a point, shown as the page's language writes it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=DecimalInput(), **kwargs)

    def to_python(self, value: Any) -> Any:
        """Return the number that was typed."""
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        """Write the number that the form proposes; what was typed stays as it is."""
        if not isinstance(value, Decimal):
            return value
        return f"{value:f}".replace(".", "," if get_language() == "fr" else ".")


ANSWERS = [
    (Answer.NO.value, _("No")),
    (Answer.YES.value, _("Yes")),
    (Answer.UNKNOWN.value, _("Unknown")),
]


class QuestionsForm(forms.Form):
    """Questions that the physician asks: each yes, no or not known, with the details of a yes."""

    seen = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        questions: Iterable[Question],
        procedure: Procedure,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.questions = tuple(questions)
        self.procedure = procedure
        for question in self.questions:
            self.fields[f"{question.id}_answer"] = forms.ChoiceField(
                label=local(question.title),
                help_text=local(question.ask),
                choices=ANSWERS,
                widget=forms.RadioSelect,
                required=False,
            )
            self._add_details(question)

    def _add_details(self, question: Question) -> None:
        if question.asks_end(self.procedure):
            self.fields[f"{question.id}_ended"] = forms.DateField(
                label=_("Ended on (leave empty if it goes on)"),
                widget=DateInput(),
                required=False,
            )
        if question.asks_type(self.procedure):
            self.fields[f"{question.id}_type"] = forms.ChoiceField(
                label=_("Which"),
                choices=[
                    ("", _("Not stated")),
                    *((option.code, local(option.label)) for option in question.types),
                ],
                required=False,
            )
        if question.asks_zones:
            self.fields[f"{question.id}_zones"] = forms.MultipleChoiceField(
                label=_("Zones concerned (none ticked: all)"),
                choices=[(zone.value, zone_name(zone)) for zone in ASKED_ZONES],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )

    def rows(self) -> list[dict[str, Any]]:
        """Return each question with its fields, as the page lays them out."""
        return [
            {
                "question": question,
                "answer": self[f"{question.id}_answer"],
                "details": [
                    self[name]
                    for part in ("ended", "type", "zones")
                    if (name := f"{question.id}_{part}") in self.fields
                ],
            }
            for question in self.questions
        ]

    def given(self) -> dict[str, dict[str, Any]]:
        """Return the answers that were given; the form is valid."""
        answers = {}
        for question in self.questions:
            answer = self.cleaned_data.get(f"{question.id}_answer")
            if not answer:
                continue
            details = {
                part: value
                for part in ("ended", "type", "zones")
                if (value := self.cleaned_data.get(f"{question.id}_{part}"))
            }
            answers[question.id] = {"answer": answer, **details}
        return answers


class VerdictForm(forms.Form):
    """A verdict on one treatment; the findings that may be overridden each have their reason."""

    treatment = forms.ChoiceField(label=_("Treatment"), widget=forms.RadioSelect)
    outcome = forms.ChoiceField(
        label=_("Verdict"), widget=forms.RadioSelect, choices=outcome_choices
    )
    reason = Paragraph(label=_("Reason"), max_length=LONGEST_REASON)
    conditions = Paragraph(
        label=_("Conditions"),
        help_text=_("Needed for “eligible under conditions”."),
        max_length=LONGEST_REASON,
        required=False,
    )
    valid_from = forms.DateField(label=_("First day"), widget=DateInput())
    valid_until = forms.DateField(
        label=_("Last day"), widget=DateInput(), help_text=_("Twelve months at most.")
    )

    def __init__(self, *args: Any, page: ConsultationPage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = self.fields["treatment"]
        assert isinstance(choices, forms.ChoiceField)
        choices.choices = [(str(one.id), local(one.name)) for one in page.treatments]
        self.overridable = [finding for finding in page.findings if finding.is_overridable]
        for finding in self.overridable:
            self.fields[f"override_{finding.rule}"] = Paragraph(
                label=_("Reason for going on"), max_length=LONGEST_REASON, rows=1, required=False
            )

    def override_rows(self) -> list[dict[str, Any]]:
        """Return each finding that may be overridden with the field of its reason."""
        return [
            {"finding": finding, "field": self[f"override_{finding.rule}"]}
            for finding in self.overridable
        ]

    def overrides(self) -> dict[str, str]:
        """Return the reasons given, by rule; the form is valid."""
        return {
            finding.rule: reason
            for finding in self.overridable
            if (reason := self.cleaned_data[f"override_{finding.rule}"].strip())
        }

    def outcome_code(self) -> VerdictOutcome:
        """Return the outcome; the form is valid."""
        return VerdictOutcome(self.cleaned_data["outcome"])


class EndForm(forms.Form):
    """Suspending or revoking a verdict."""

    how = forms.ChoiceField(
        label=_("What happens to the verdict"),
        widget=forms.RadioSelect,
        choices=[("suspend", _("Suspend it")), ("revoke", _("Revoke it"))],
    )
    reason = Paragraph(label=_("Reason"), max_length=LONGEST_REASON)
    version = forms.IntegerField(widget=forms.HiddenInput)


def as_decimal(value: object) -> Decimal | None:
    """Return a typed number with a comma or a point, None for what is none."""
    text = str(value).strip().replace(",", ".")
    try:
        number = Decimal(text)
    except ArithmeticError:
        return None
    return number if number.is_finite() and 0 < number < 10_000 else None
