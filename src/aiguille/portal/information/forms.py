"""A box to tick for each text that was read."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from aiguille.care.informing import Information


class InformationForm(forms.Form):
    """One box for each text that waits; the digests of the texts shown come back with them."""

    def __init__(self, *args: Any, waiting: Iterable[Information], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting = tuple(waiting)
        for item in self.waiting:
            self.fields[tick_of(item.rule)] = forms.BooleanField(
                label=gettext("I have read and understood: %(title)s")
                % {"title": item.title.in_language(get_language() or "fr")},
                error_messages={
                    "required": _("Tick this box once you have read it, or ask your question.")
                },
            )

    def rows(self) -> list[tuple[Information, forms.BoundField]]:
        """Return each text with its box."""
        return [(item, self[tick_of(item.rule)]) for item in self.waiting]

    @property
    def ticked(self) -> set[str]:
        """Return the rules whose box was ticked; the form is valid."""
        return {item.rule for item in self.waiting if self.cleaned_data.get(tick_of(item.rule))}


def tick_of(rule: str) -> str:
    """Return the name of the field that acknowledges a text."""
    return f"read_{rule}"
