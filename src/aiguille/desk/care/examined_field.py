"""What was found on each zone: a row of small check boxes, a note, and whether it is only looked at.

The rows of all zones are in the page; a style shows those of the zones that are chosen on the map.
"""

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aiguille.care.examination import LONGEST_NOTE, Examined, findings_on
from aiguille.kernel.codes import Zone
from aiguille.kernel.labels import label
from aiguille.plumbing.zone_map import CHOOSABLE

Typed = Mapping[str, Mapping[str, Any]]


class ExaminedInput(forms.Widget):
    """The rows; its value is a zone's code to `{"seen": [...], "note": "", "is_treated": True}`."""

    use_fieldset = True

    def value_from_datadict(self, data: Any, _files: Any, name: str) -> dict[str, Any]:
        """Read what was ticked and noted, of the zones where something was."""
        given = data if isinstance(data, MultiValueDict) else MultiValueDict()
        found = {}
        for zone in CHOOSABLE:
            typed: dict[str, Any] = {
                "seen": given.getlist(f"{name}_{zone}_seen"),
                "note": str(given.get(f"{name}_{zone}_note") or "").replace("\x00", ""),
                "is_treated": not given.get(f"{name}_{zone}_aside"),
            }
            if typed["seen"] or typed["note"].strip() or not typed["is_treated"]:
                found[zone.value] = typed
        return found

    def render(self, name: str, value: Typed | None, *_: Any, **__: Any) -> SafeString:
        """Draw a row for each zone."""
        typed, language = value or {}, get_language() or "fr"
        return SafeString(
            "".join(_row(name, zone, typed.get(zone.value, {}), language) for zone in CHOOSABLE)
        )


class ExaminedField(forms.Field):
    """What was found by zone; its cleaned value is a list of `Examined`, for what was typed."""

    widget = ExaminedInput

    def clean(self, value: Any) -> list[Examined]:
        """Return what was typed.

        Raises:
            ValidationError: a finding does not exist on its zone, or a note is too long.
        """
        cleaned = []
        for code, typed in (value or {}).items():
            zone = Zone(code)
            possible = [finding.code for finding in findings_on(zone)]
            note = typed["note"].strip()
            name = label(zone).in_language(get_language() or "fr")
            if set(typed["seen"]) - set(possible):
                raise ValidationError(
                    _("%(zone)s: choose among what is listed.") % {"zone": name}, code="invalid"
                )
            if len(note) > LONGEST_NOTE:
                raise ValidationError(
                    _("%(zone)s: a note has %(most)d characters at most.")
                    % {"zone": name, "most": LONGEST_NOTE},
                    code="too_long",
                )
            seen = tuple(one for one in possible if one in typed["seen"])
            cleaned.append(Examined(zone, seen, note, is_treated=typed["is_treated"]))
        return cleaned


def shown(examined: tuple[Examined, ...]) -> dict[str, Any]:
    """Return what was found as the rows show it."""
    return {one.zone.value: one.stored for one in examined}


def _row(name: str, zone: Zone, typed: Mapping[str, Any], language: str) -> str:
    """Return a zone's row; a tick is put into what is drawn once."""
    row = _empty_row(name, zone, language)
    for code in typed.get("seen", ()):
        row = row.replace(f'value="{escape(str(code))}"', f'value="{escape(str(code))}" checked', 1)
    if not typed.get("is_treated", True):
        row = row.replace('value="aside"', 'value="aside" checked', 1)
    note = str(typed.get("note", ""))
    return row.replace("</textarea>", f"{escape(note)}</textarea>", 1) if note else row


@lru_cache(maxsize=64)
def _empty_row(name: str, zone: Zone, language: str) -> str:
    own, words = f"{name}_{zone}", escape(label(zone).in_language(language))
    chips = "".join(
        f'<label class="exam-chip"><input type="checkbox" name="{own}_seen" value="{one.code}">'
        f"<span>{escape(one.label.in_language(language))}</span></label>"
        for one in findings_on(zone)
    )
    return (
        f'<fieldset class="exam-row" data-exam="{zone}"><legend>{words}</legend>'
        f'<div class="exam-chips">{chips}</div>'
        f'<div class="exam-more"><textarea class="textarea min-h-11!" name="{own}_note" rows="1"'
        f' maxlength="{LONGEST_NOTE}" aria-label="{escape(_("Note"))} – {words}"'
        f' placeholder="{escape(_("Note"))}"></textarea>'
        f'<label class="exam-aside"><input type="checkbox" class="checkbox" name="{own}_aside"'
        f' value="aside"><span>{escape(_("Looked at only, not to be treated"))}</span></label>'
        "</div></fieldset>"
    )
