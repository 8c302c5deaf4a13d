"""Words and colours of the desk's states."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.http import HttpRequest
from django.template import Context
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from aiguille.accounts.rights import Right, has_right
from aiguille.care.examination import Examined, examined_in, zone_sides_in
from aiguille.care.phototypes import phototype_guide
from aiguille.care.planning import PlannedPlace
from aiguille.desk.care.words import OUTCOMES, zone_name
from aiguille.journeys.reads.findings import AnswerLine
from aiguille.journeys.who import find_staff
from aiguille.kernel.codes import Technique, VerdictOutcome
from aiguille.kernel.labels import label
from aiguille.kernel.numbers import exact
from aiguille.kernel.text import Text
from aiguille.kernel.zone_sides import sides_in_words
from aiguille.patients.operations import ASKED_AGAIN, ASKED_IN_PERSON, ASKED_ON_THE_DAY

register = template.Library()

_STATES = {
    "BOOKED": (_("Booked"), "info"),
    "NEEDS_VERDICT": (_("Awaiting the doctor’s verdict"), "error"),
    "ARRIVED": (_("Has arrived"), "accent"),
    "IN_PROGRESS": (_("In progress"), "primary"),
    "DONE": (_("Done"), "success"),
    "CANCELLED": (_("Cancelled"), "plain"),
    "NO_SHOW": (_("Did not come"), "error"),
}
_DECISIONS = {
    "BLOCK": (_("Forbidden"), "error"),
    "DELAY": (_("Postpone"), "warning"),
    "REVIEW": (_("To decide"), "accent"),
    "WARN": (_("Warning"), "warning"),
    "INFORM": (_("To tell the patient"), "info"),
    "OK": (_("Nothing to report"), "success"),
}
_VERDICT_STATES = {
    "SUSPENDED": (_("Suspended"), "warning"),
    "REVOKED": (_("Revoked"), "error"),
    "SUPERSEDED": (_("Replaced"), "plain"),
}
_ANSWERS = {"yes": _("Yes"), "no": _("No"), "unknown": _("Unknown"), "": _("Not asked")}
_LIKENESSES = {
    "birth_date": _("same date of birth"),
    "name": _("similar name"),
    "phone": _("same telephone"),
    "email": _("same e-mail"),
}
_IDENTITIES = {
    "PROVISIONAL": (_("Identity not declared"), "warning"),
    "DECLARED": (_("Identity not checked"), "info"),
    "CHECKED": (_("Identity checked"), "success"),
}
_TOPICS = {"ALLERGY": _("Allergy"), "HISTORY": _("History"), "TREATMENT": _("Treatment")}
_SEXES = {"F": _("Female"), "M": _("Male"), "U": _("Not stated")}
_DOCUMENTS = {
    "PRESCRIPTION": _("Prescription"),
    "CONSENT": _("Consent"),
    "SESSION_REPORT": _("Session report"),
    "AFTERCARE": _("Aftercare"),
}
_OCCASIONS = {
    "": _("The whole questionnaire"),
    ASKED_IN_PERSON: _("Asked in person by a physician"),
    ASKED_AGAIN: _("Asked again before a session"),
    ASKED_ON_THE_DAY: _("Asked on the day of a session"),
}
_PROCEDURES = {"needling": _("Needling"), "mesotherapy": _("Mesotherapy")}


@register.simple_tag(takes_context=True)
def may(context: Context, right: str) -> bool:
    """Tell whether the reader has a right, so that no page links what would refuse them."""
    request = context.get("request")
    actor = find_staff(request) if isinstance(request, HttpRequest) else None
    return actor is not None and has_right(actor, Right(right))


@register.simple_tag
def appointment_state(state: str) -> SafeString:
    """Show where an appointment stands, in words and colour."""
    return _badge(*_STATES[state])


@register.simple_tag
def decision(code: str) -> SafeString:
    """Show how severe a finding is, in words and colour."""
    return _badge(*_DECISIONS[code])


@register.simple_tag
def verdict_state(status: str, outcome: str) -> SafeString:
    """Show what a verdict says, or what became of it."""
    if status in _VERDICT_STATES:
        return _badge(*_VERDICT_STATES[status])
    tones = {"ELIGIBLE": "success", "ELIGIBLE_IF": "accent", "NOT_BEFORE": "info"}
    return _badge(OUTCOMES[VerdictOutcome(outcome)][0], tones.get(outcome, "error"))


@register.simple_tag
def identity_state(status: str) -> SafeString:
    """Show how far an identity was checked."""
    return _badge(*_IDENTITIES[status])


@register.filter
def outcome_name(code: str) -> object:
    """Return a verdict's outcome in words."""
    return OUTCOMES[VerdictOutcome(code)][0]


@register.filter
def answer_name(answer: str) -> object:
    """Return an answer in words."""
    return _ANSWERS.get(answer, answer)


@register.filter
def occasion(reason: str) -> object:
    """Return on what occasion a version of the answers was written."""
    return _OCCASIONS.get(reason, reason)


@register.filter
def likeness_name(code: str) -> object:
    """Return why two records may be one person's."""
    return _LIKENESSES[code]


@register.filter
def topic_name(code: str) -> object:
    """Return what a note is about."""
    return _TOPICS.get(code, code)


@register.filter
def sex_name(code: str) -> object:
    """Return a sex in words."""
    return _SEXES[code]


@register.filter
def document_name(kind: str) -> object:
    """Return what a document is."""
    return _DOCUMENTS.get(kind, kind)


@register.filter
def procedure_name(code: str) -> object:
    """Return a procedure in words."""
    return _PROCEDURES[code]


@register.filter
def zone_names(zones: list[str]) -> str:
    """Return zones in words, after each other."""
    return ", ".join(zone_name(zone) for zone in zones)


@register.filter
def zones_examined(content: Mapping[str, Any]) -> str:
    """Return a consultation's zones with their sides; without, where it knows none."""
    if "places" not in content:
        return zone_names(content["zones"])
    return ", ".join(map(in_words, sides_in_words(zone_sides_in(content))))


@register.filter
def examined(content: Mapping[str, Any]) -> tuple[Examined, ...]:
    """Return what a consultation found, zone by zone."""
    return examined_in(content)


@register.filter
def zone(code: str) -> str:
    """Return a zone in words."""
    return zone_name(code)


@register.filter
def place_words(place: PlannedPlace) -> str:
    """Return where a plan treats, and how: "Cheek (left): 1.5 mm"."""
    (name,) = sides_in_words([place.zone_side])
    depths = [decimal_text(exact(mm)) for mm in (place.needle_mm, place.depth_mm) if mm]
    technique = label(Technique(place.technique)) if place.technique else None
    how = [
        *([in_words(technique)] if technique else []),
        *(f"{mm}\N{NO-BREAK SPACE}mm" for mm in depths),
    ]
    said = Text(fr=f"{name.fr} : {', '.join(how)}", en=f"{name.en}: {', '.join(how)}")
    return in_words(said if how else name)


@register.filter
def decimal_text(number: str) -> str:
    """Return a number kept as text, as the page's language writes it."""
    return str(number).replace(".", ",") if get_language() == "fr" else str(number)


@register.filter
def short_decimal(number: Decimal) -> str:
    """Return a number without needless zeros, as the page's language writes it."""
    return decimal_text(f"{number.normalize():f}")


@register.filter
def phototype_name(number: int | None) -> str:
    """Return a phototype with its description."""
    found = next((one for one in phototype_guide().types if one.number == number), None)
    return f"{found.roman} – {in_words(found.in_words)}" if found else "–"


@register.simple_tag
def answer_items(lines: Iterable[AnswerLine]) -> SafeString:
    """Draw answers as the items of a list: a record has many, and a template costs for each."""
    return format_html_join("", "<li>{}<strong>{}</strong>{}</li>", map(_answer, lines))


def _answer(line: AnswerLine) -> tuple[str, object, str]:
    term = _now("%(term)s: %(value)s") % {"term": in_words(line.title), "value": ""}
    more = [f", {in_words(line.type)}"] if line.type else []
    if line.ended:
        day = date_format(line.ended, "j F Y")
        more.append(", " + _now("ended on %(day)s") % {"day": day})
    if line.zones:
        more.append(" – " + ", ".join(map(in_words, line.zones)))
    return term, answer_name(line.answer), "".join(more)


@register.filter
def phototype_roman(number: int | None) -> str:
    """Return a phototype's numeral."""
    return next((one.roman for one in phototype_guide().types if one.number == number), "–")


@register.filter
def at_key(found: Mapping[Any, Any], key: object) -> Any:
    """Return what stands at a key."""
    return found[key]


@register.filter
def in_words(text: Text) -> str:
    """Return a text of the data in the page's language."""
    return text.in_language(get_language() or "fr")


def _badge(label: object, tone: str) -> SafeString:
    return render_to_string("components/badge.html", {"label": label, "tone": tone})
