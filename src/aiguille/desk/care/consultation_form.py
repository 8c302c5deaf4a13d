"""What a physician writes in a consultation."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from aiguille.care.examination import examined_in, treated_zones, zone_sides_in
from aiguille.care.phototypes import Phototype, phototype_guide
from aiguille.care.queries import ConsultationView
from aiguille.desk.care.examined_field import ExaminedField, ExaminedInput, shown
from aiguille.desk.care.forms import Paragraph
from aiguille.desk.care.words import local
from aiguille.journeys.reads.consultation_sheet import ConsultationSheet
from aiguille.kernel.labels import label
from aiguille.kernel.zone_sides import zones_among
from aiguille.plumbing.components.zones import ZonesField, zone_sides_of

TEXTS = ("reason", "history", "treatments", "allergies", "examination", "advice")


class ConsultationForm(forms.Form):
    """What the physician heard, saw and advised."""

    reason = Paragraph(label=_("What brings the patient"))
    history = Paragraph(label=_("History"), required=False)
    treatments = Paragraph(label=_("Current treatments"), required=False)
    allergies = Paragraph(label=_("Allergies"), required=False)
    phototype = forms.TypedChoiceField(
        label=_("Phototype"),
        widget=forms.RadioSelect,
        coerce=int,
        choices=lambda: [(one.number, one.roman) for one in phototype_guide().types],
    )
    zones = ZonesField(
        label=_("Zones"),
        help_text=_("Touch the picture or tick the list; what you find on a zone stands below."),
        error_messages={"required": _("Choose at least one zone: the rule book judges by zone.")},
    )
    examined = ExaminedField(label=_("What the skin shows"), required=False)
    examination = Paragraph(label=_("Examination, in your words"), rows=3, required=False)
    advice = Paragraph(label=_("Advice given"), required=False)
    replaces = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def phototype_rows(self) -> list[tuple[Phototype, Any]]:
        """Return each phototype of the guide with its radio button."""
        buttons = self["phototype"].subwidgets
        for button in buttons:
            button.data["attrs"]["class"] = "radio"
        return list(zip(phototype_guide().types, buttons, strict=True))

    def clean(self) -> dict[str, Any]:
        """Refuse what was found on a zone that is not chosen, and a consultation that treats none."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if "zones" in given and "examined" in given:
            places = zone_sides_of(given["zones"])
            chosen = zones_among(places)
            for one in given["examined"]:
                if one.zone not in chosen:
                    self.add_error(
                        "zones",
                        _now("You noted something on a zone that is not chosen: %(zone)s.")
                        % {"zone": local(label(one.zone))},
                    )
            if not treated_zones(places, given["examined"]):
                self.add_error(
                    "zones",
                    _now("Leave at least one zone to be treated: the rule book judges by zone."),
                )
        return given

    def content(self) -> dict[str, Any]:
        """Return the consultation's content; the form is valid."""
        given = self.cleaned_data
        return {name: given[name] for name in (*TEXTS, "phototype")} | {
            "places": [one.stored for one in zone_sides_of(given["zones"])],
            "examined": [one.stored for one in given["examined"]],
        }

    @classmethod
    def initial_of(cls, page: ConsultationSheet) -> dict[str, Any]:
        """Return what the form shows at first: the draft, what is written, or what is known."""
        written, before = page.consultation, page.phototype_before
        known: dict[str, Any] = {
            "allergies": _joined(page, "ALLERGY"),
            "history": _joined(page, "HISTORY"),
            "treatments": _joined(page, "TREATMENT"),
            "phototype": before.content["phototype"] if before else None,
        }
        shown_first = {**known, **(typed_of(written) if written else {}), **(page.draft or {})}
        return shown_first | {"replaces": written.id if written else None}


def typed_of(written: ConsultationView) -> dict[str, Any]:
    """Return a written consultation as its form shows it."""
    content = dict(written.content)
    return {
        **{name: content.get(name, "") for name in (*TEXTS, "phototype")},
        "zones": [one.code for one in zone_sides_in(content)],
        "examined": shown(examined_in(content)),
    }


def draft_in(data: Any) -> Mapping[str, Any]:
    """Return what is being typed as a draft keeps it."""
    texts = {name: str(data.get(name, "")).replace("\x00", "") for name in TEXTS}
    return {
        **texts,
        "phototype": data.get("phototype", ""),
        "zones": data.getlist("zones"),
        "examined": ExaminedInput().value_from_datadict(data, {}, "examined"),
    }


def _joined(page: ConsultationSheet, topic: str) -> str:
    return "\n".join(note.text for note in page.notes if note.topic == topic)
