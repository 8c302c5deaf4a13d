"""What a patient reports after a session."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from aiguille.follow_up.gravity import symptoms_by_gravity
from aiguille.follow_up.operations import LONGEST_NOTE, WORST_PAIN
from aiguille.journeys.reads.aftercare import EndedSession
from aiguille.kernel.codes import Symptom, Triage
from aiguille.kernel.labels import label
from aiguille.plumbing.components.shapes import Label
from aiguille.plumbing.templatetags.ui import options

_ICONS: dict[Symptom, str] = {
    Symptom.REDNESS: "sun",
    Symptom.INCREASING_REDNESS: "sun",
    Symptom.SWELLING: "face",
    Symptom.LIP_OR_TONGUE_SWELLING: "face",
    Symptom.VISION_LOSS: "eye",
    Symptom.FEVER_38: "thermometer",
    Symptom.INCREASING_PAIN_WARMTH: "thermometer",
    Symptom.BREATHING_DIFFICULTY: "heart",
    Symptom.GENERALISED_URTICARIA: "body",
    Symptom.LOCAL_URTICARIA: "allergy",
    Symptom.GROUPED_VESICLES: "allergy",
    Symptom.PUS: "drop",
    Symptom.ABSCESS: "drop",
    Symptom.BLEEDING_OVER_30_MIN: "drop",
    Symptom.NODULE: "circle",
    Symptom.PAPULE: "circle",
    Symptom.DISPROPORTIONATE_PAIN: "alert",
    Symptom.NECROSIS: "alert",
    Symptom.SKIN_BLANCHING_OR_LIVEDO: "hand",
    Symptom.LINEAR_MARKS: "list",
    Symptom.TINGLING: "sparkle",
    Symptom.DESQUAMATION: "leaf",
}
_ANY_ICON = "flag"
_HEADINGS: dict[Triage, Label] = {
    Triage.EMERGENCY_15: _("An emergency: call first, report afterwards"),
    Triage.CALL_SAME_DAY: _("To be seen without waiting"),
    Triage.CALL_48H: _("On the skin or under it"),
    Triage.CALL_7D: _("Something slower"),
}


@dataclass(frozen=True, slots=True)
class SymptomCard:
    """A symptom to choose, with its picture."""

    control: BoundWidget
    label: str
    icon: str


@dataclass(frozen=True, slots=True)
class SymptomGroup:
    """Symptoms that are about as grave."""

    heading: Label
    cards: tuple[SymptomCard, ...]
    is_emergency: bool


class SymptomForm(forms.Form):
    """Which symptom, after which session, how much it hurts, and anything to add."""

    request_key = forms.UUIDField(widget=forms.HiddenInput)
    symptom = forms.ChoiceField(
        label=_("What do you feel or see?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what comes closest.")},
    )
    pain = forms.TypedChoiceField(
        label=_("How much does it hurt?"),
        required=False,
        coerce=int,
        empty_value=None,
    )
    note = forms.CharField(
        label=_("Anything to add?"),
        help_text=_("Since when, where exactly, what you have done about it."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=LONGEST_NOTE,
        required=False,
    )

    def __init__(self, *args: Any, sessions: Sequence[EndedSession], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        latest = sessions[0]
        self.gravities = symptoms_by_gravity(latest.session.procedure)
        self._choices("symptom").choices = [(code.value, _word(code)) for code in Symptom]
        self._choices("pain").choices = [("", _now("I do not know")), *_pains()]
        if len(sessions) > 1:
            self.fields["session"] = forms.ChoiceField(
                label=_("After which session?"),
                choices=[(str(each.session.id), _session_name(each)) for each in sessions],
                initial=str(latest.session.id),
            )

    @property
    def groups(self) -> list[SymptomGroup]:
        """Return the symptoms to choose from, gravest first."""
        controls = {widget.data["value"]: widget for widget in options(self["symptom"])}
        return [
            SymptomGroup(
                heading=_HEADINGS[triage],
                cards=tuple(
                    SymptomCard(
                        control=controls[code.value],
                        label=_word(code),
                        icon=_ICONS.get(code, _ANY_ICON),
                    )
                    for code in symptoms
                ),
                is_emergency=triage is Triage.EMERGENCY_15,
            )
            for triage, symptoms in self.gravities.items()
        ]

    def _choices(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field


def _pains() -> list[tuple[str, str]]:
    words = {
        0: _now("0, no pain"),
        5: _now("5, it bothers me"),
        WORST_PAIN: _now("10, the worst pain I can imagine"),
    }
    return [(str(pain), words.get(pain, str(pain))) for pain in range(WORST_PAIN + 1)]


def _session_name(each: EndedSession) -> str:
    day = date_format(each.ended_at.astimezone(each.zone), "j F Y")
    return f"{day} – {each.treatment.name.in_language(get_language() or 'fr')}"


def _word(code: Symptom) -> str:
    return label(code).in_language(get_language() or "fr")
