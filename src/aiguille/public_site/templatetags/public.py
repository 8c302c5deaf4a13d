"""The tags of the public pages: languages for search engines, notes of sources, prices, days."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, time

import phonenumbers
from django import template
from django.conf import settings
from django.template import Context
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from aiguille.catalogue import facts
from aiguille.catalogue.guides import ComparisonBlock, ComparisonRow, Guide
from aiguille.catalogue.prices import price_of
from aiguille.catalogue.queries import ServiceView
from aiguille.clinics.queries import PractitionerView
from aiguille.journeys.reads.public_pages import Practice
from aiguille.kernel.codes import Language
from aiguille.kernel.text import Text
from aiguille.plumbing.components.shapes import Step
from aiguille.plumbing.templatetags.ui import language_links
from aiguille.rulebook.entries import Status

register = template.Library()

_DOI = re.compile(r"\bdoi (10\.\S+)")
_PMC = re.compile(r"\b(PMC\d+)\b")


@register.simple_tag(takes_context=True)
def alternates(context: Context) -> SafeString:
    """Link the page to itself in each language, without its query, for search engines."""
    links = [
        (link["code"], str(link["href"]).partition("?")[0]) for link in language_links(context)
    ]
    addresses = [(str(code), settings.BASE_URL + href) for code, href in links]
    canonical = next(href for code, href in addresses if code == get_language())
    alternate = '<link rel="alternate" hreflang="{}" href="{}">'
    return format_html(
        '<link rel="canonical" href="{}">{}{}',
        canonical,
        format_html_join("", alternate, addresses),
        format_html(alternate, "x-default", dict(addresses)[settings.LANGUAGE_CODE]),
    )


@register.simple_tag
def notes(guide: Guide, *cited: Iterable[str] | facts.Fact) -> SafeString:
    """Point at the numbered sources of what stands before."""
    tags = {tag for one in cited for tag in (one.sources if isinstance(one, facts.Fact) else one)}
    links = format_html_join(
        "",
        '<a href="#source-{0}" aria-label="{1}">{0}</a>',
        ((number, gettext("Source %s") % number) for number in guide.numbers(tags)),
    )
    return format_html('<sup class="notes">{}</sup>', links) if links else SafeString("")


@register.simple_tag
def notes_of_all(guide: Guide, together: Sequence[facts.Fact]) -> SafeString:
    """Point at the numbered sources of several facts at once."""
    return notes(guide, *together)


@register.filter
def is_unconfirmed(fact: facts.Fact | ComparisonBlock) -> bool:
    """Tell whether the medical director still has to confirm a fact."""
    return fact.status is Status.TO_CONFIRM


@register.filter
def all_unconfirmed(together: Iterable[facts.Fact]) -> bool:
    """Tell whether the medical director still has to confirm every one of these facts."""
    return all(fact.status is Status.TO_CONFIRM for fact in together)


@register.filter
def cities(person: PractitionerView, practice: Practice) -> str:
    """Return the cities where a practitioner works: "Lyon, Paris"."""
    return ", ".join(dict.fromkeys(site.city for site in practice.sites_of(person)))


@register.filter
def phone(number: str) -> str:
    """Return a telephone number as people write it; what is none stays as it is."""
    try:
        parsed = phonenumbers.parse(number, "FR")
    except phonenumbers.NumberParseException:
        return number
    form = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form).replace(" ", "\u00a0")


@register.filter
def as_timeline(steps: Iterable[facts.Step]) -> list[Step]:
    """Return a session's steps as the timeline shows them."""
    language = get_language() or Language.FR
    return [
        Step(
            label=step.title.in_language(language),
            detail=step.text.in_language(language),
            when=gettext("%s minutes") % step.minutes.text.in_language(language)
            if step.minutes
            else "",
        )
        for step in steps
    ]


@register.filter
def as_path(steps: Iterable[dict[str, Text]]) -> list[Step]:
    """Return the steps of the path of care as the timeline shows them."""
    language = get_language() or Language.FR
    return [
        Step(label=row["title"].in_language(language), detail=row["text"].in_language(language))
        for row in steps
    ]


@register.filter
def beside(row: ComparisonRow, columns: Sequence[Text]) -> list[tuple[Text, Text]]:
    """Return each cell of a comparison with its column's name, which a phone shows beside it."""
    return list(zip(columns, row.cells, strict=True))


@register.filter
def reference(text: str) -> SafeString:
    """Show a reference, linked where it has an address that will last."""
    if found := _DOI.search(text):
        address = f"https://doi.org/{found[1]}"
    elif found := _PMC.search(text):
        address = f"https://pmc.ncbi.nlm.nih.gov/articles/{found[1]}/"
    else:
        return format_html("{}", text)
    return format_html('<a href="{}" rel="noopener">{}</a>', address, text)


@register.filter
def price(service: ServiceView) -> str:
    """Return what the public reads of a service's price: "220 €", "€220" in English."""
    return price_of(service)


@register.filter
def minutes_long(minutes: int) -> str:
    """Return a length as people say it: "45 minutes", "1 h 50"."""
    hours, left = divmod(minutes, 60)
    if not hours:
        return ngettext("%s minute", "%s minutes", minutes) % minutes
    return f"{hours}\u00a0h" + (f"\u00a0{left:02}" if left else "")


@register.filter
def weekday(number: int) -> str:
    """Return the name of a weekday; 0 is Monday."""
    return str(WEEKDAYS[number]).capitalize()


@register.filter
def stretch(times: tuple[time, time]) -> str:
    """Return a stretch of the day: "9:00 – 18:00"."""
    return f"{times[0]:%H:%M}\u00a0–\u00a0{times[1]:%H:%M}"


@register.filter
def long_date(day: date) -> str:
    """Return a date in words, in the reader's language."""
    return date_format(day, "j F Y")
