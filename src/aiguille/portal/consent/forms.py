"""What is ticked, copied and signed under a consent text, and why one is taken back."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aiguille.consent.operations import LONGEST_REASON
from aiguille.consent.rules import (
    LEAST_POINTS_OF_A_DRAWING,
    LONGEST_DRAWING,
    ConsentIncomplete,
    check_mention,
    points_of,
)
from aiguille.plumbing.refusals import explain

LONGEST_MENTION = 500
LONGEST_NAME = 200


class ConsentForm(forms.Form):
    """The acknowledgement of each section, the mention, and a signature drawn or typed."""

    text = forms.UUIDField(widget=forms.HiddenInput)
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, content: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.content = content
        for section in content["sections"]:
            if section["acknowledgement"]:
                self.fields[tick_of(section["id"])] = forms.BooleanField(
                    label=section["acknowledgement"],
                    error_messages={
                        "required": _(
                            "Tick this point once you have read it, or ask your question."
                        )
                    },
                )
        self.fields["mention"] = forms.CharField(
            label=_("Copy this sentence in full"),
            help_text=gettext("“%(sentence)s”") % {"sentence": content["mention"]},
            max_length=LONGEST_MENTION,
            error_messages={"required": _("Copy the sentence in full, word for word.")},
            widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "true"}),
        )
        # The signature's component shows these two.
        self.fields["drawn"] = forms.CharField(required=False, max_length=LONGEST_DRAWING)
        self.fields["signed_name"] = forms.CharField(
            label=_("Your signature"), required=False, max_length=LONGEST_NAME
        )

    def clean_mention(self) -> str:
        """Compare the mention with the sentence to copy."""
        try:
            return check_mention(self.content, self.cleaned_data["mention"])
        except ConsentIncomplete as refusal:
            raise forms.ValidationError(explain(refusal)) from refusal

    def clean(self) -> dict[str, Any]:
        """Ask for a signature, drawn or typed."""
        given = super().clean() or {}
        is_too_large = self.errors.pop("drawn", None) is not None
        if is_too_large:
            self.add_error("signed_name", _("The drawing is too large: clear it and sign again."))
        elif not (given.get("drawn") or given.get("signed_name") or "signed_name" in self.errors):
            self.add_error(
                "signed_name", _("Sign with your finger or type your first and last name.")
            )
        return given

    @property
    def answers(self) -> dict[str, bool]:
        """Return the acknowledgements by section."""
        return {
            section["id"]: self.cleaned_data.get(tick_of(section["id"]), False)
            for section in self.content["sections"]
        }

    @property
    def signature(self) -> tuple[str, str]:
        """Return the kind of signature and the signature: the drawing where it is one."""
        drawn, typed = self.cleaned_data["drawn"], self.cleaned_data["signed_name"]
        is_drawn = len(points_of(drawn)) >= LEAST_POINTS_OF_A_DRAWING
        return ("DRAWN", drawn) if is_drawn or not typed else ("TYPED", typed)

    def add_refusal(self, refusal: ConsentIncomplete) -> None:
        """Show what the rules refuse beside the field at fault."""
        fields = {"signature": "signed_name", "mention": "mention"}
        field = fields.get(refusal.field or "", tick_of(refusal.field or ""))
        self.add_error(field if field in self.fields else None, explain(refusal))


class WithdrawalForm(forms.Form):
    """Why, for those who want to say it."""

    reason = forms.CharField(
        label=_("Your reason"),
        help_text=_("You do not have to give one."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=LONGEST_REASON,
        required=False,
    )


def tick_of(section_id: str) -> str:
    """Return the name of the field that acknowledges a section."""
    return f"read_{section_id}"


def text_of(posted: Mapping[str, Any]) -> UUID | None:
    """Return the text that a form was made for, or None where that cannot be read."""
    try:
        return UUID(str(posted.get("text", "")))
    except ValueError:
        return None
