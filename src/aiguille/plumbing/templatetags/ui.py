"""The tags that pages are written with: components, icons, built assets, languages."""

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django import forms, template
from django.conf import settings
from django.forms.boundfield import BoundField, BoundWidget
from django.http import HttpRequest, QueryDict
from django.template import Context, NodeList, TemplateSyntaxError
from django.template.base import Parser, Token, token_kwargs
from django.urls import translate_url
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aiguille.kernel.labels import label
from aiguille.kernel.text import Text
from aiguille.kernel.zone_sides import ZoneSide, sides_in_words
from aiguille.plumbing.components import assets, drawn, icons
from aiguille.plumbing.components.node import ComponentNode, PartNode
from aiguille.plumbing.components.shapes import SlotChoice
from aiguille.plumbing.components.zones import boxes_for, picture_for, picture_of

register = template.Library()


@register.tag
def ui(parser: Parser, token: Token) -> ComponentNode:
    """Render a component: `{% ui "button" label=_("Save") %}`."""
    name, arguments = _read(parser, token)
    return ComponentNode(name, arguments, NodeList())


@register.tag
def wrap(parser: Parser, token: Token) -> ComponentNode:
    """Render a component around a body: `{% wrap "card" title=… %}…{% endwrap %}`."""
    name, arguments = _read(parser, token)
    nodelist = parser.parse(("endwrap",))
    parser.delete_first_token()
    return ComponentNode(name, arguments, nodelist)


@register.tag
def part(parser: Parser, token: Token) -> PartNode:
    """Name a piece of a wrap's body: `{% part "actions" %}…{% endpart %}`."""
    words = token.split_contents()
    if len(words) != 2:
        raise TemplateSyntaxError('a part has one name: {% part "actions" %}')
    nodelist = parser.parse(("endpart",))
    parser.delete_first_token()
    return PartNode(words[1].strip("\"'"), nodelist)


@register.simple_tag
def icon(name: str, size: str = "1.25em", label: str = "") -> SafeString:
    """Draw an icon; it is decoration, unless `label` names it for a screen reader."""
    return icons.draw(name, size=size, label=label)


@register.simple_tag
def styles(entry: str) -> SafeString:
    """Link a style sheet ("public" or "app") and preload the typefaces."""
    fonts = format_html_join(
        "\n",
        '<link rel="preload" href="{}" as="font" type="font/woff2" crossorigin>',
        ((font,) for font in assets.font_addresses()),
    )
    sheet = assets.address(f"frontend/styles/{entry}.css")
    return format_html('{}\n<link rel="stylesheet" href="{}">', fonts, sheet)


@register.simple_tag(takes_context=True)
def island(context: Context, name: str) -> SafeString:
    """Load an island's script, once per page however often it is asked for."""
    loaded = f"island:{name}"
    page = context.render_context.dicts[0]  # shared by the page and the components in it
    if loaded in page:
        return SafeString("")
    page[loaded] = name
    source = assets.address(f"frontend/islands/{name}/index.ts")
    if name == "theme":  # runs before the first paint, so that no page flashes in the wrong theme
        return format_html('<script src="{}"></script>', source)
    return format_html('<script type="module" src="{}"></script>', source)


@register.simple_tag
def build(file: str) -> str:
    """Return the address of a file that is built under its own name, e.g. "favicon.svg"."""
    return assets.plain_address(file)


@register.simple_tag
def home_address() -> str:
    """Return the address of the home page in the reader's language."""
    return f"/{get_language() or settings.LANGUAGE_CODE}/"


@register.simple_tag(takes_context=True)
def language_links(context: Context) -> list[dict[str, object]]:
    """Return `code`, `name`, `href`, `current` of each language: the same page in it."""
    request = context.get("request")
    current = get_language()
    return [
        {
            "code": code,
            "name": {"fr": "Français", "en": "English"}.get(code, str(name)),
            "href": page_in_language(request, code)
            if isinstance(request, HttpRequest)
            else f"/{code}/",
            "current": code == current,
        }
        for code, name in settings.LANGUAGES
    ]


def page_in_language(request: HttpRequest, code: str) -> str:
    """Return the address of the same page, query included, in another language.

    The language is in front, and nowhere else unless a part of the address is a word of it.
    """
    address = request.get_full_path()
    match = request.resolver_match
    if match and any(type(part) is not str for part in match.kwargs.values()):
        return translate_url(address, code)
    first, rest = (*address.lstrip("/").split("/", 1), "")[:2]
    known = {language for language, _name in settings.LANGUAGES}
    return f"/{code}/{rest}" if first in known else address


@register.simple_tag
def zone_picture(field: BoundField) -> SafeString:
    """Draw the zones that a field offers; tapping one ticks its check box."""
    return picture_for(field, get_language() or "fr")


@register.simple_tag
def zones_picture(zones: Iterable[ZoneSide]) -> SafeString:
    """Draw zones to be looked at."""
    return picture_of(zones, get_language() or "fr")


@register.simple_tag
def zone_boxes(field: BoundField) -> SafeString:
    """Draw the check boxes of a field of zones, by zone."""
    return boxes_for(field, get_language() or "fr")


@register.filter
def zone_words(zones: Iterable[ZoneSide]) -> tuple[Text, ...]:
    """Return each zone with its sides."""
    return sides_in_words(zones)


@register.filter
def control(field: BoundField) -> SafeString:
    """Render a form field's control with the classes of the design."""
    widget = field.field.widget
    css = next((css for kind, css in _CONTROLS if isinstance(widget, kind)), "input")
    own = str(widget.attrs.get("class", ""))
    attributes: dict[str, Any] = {"class": f"{css} {own}".strip()}
    if isinstance(widget, forms.Textarea) and str(widget.attrs.get("rows")) == "10":
        attributes["rows"] = 4  # Django's default; the box grows with what is typed
    if type(widget) is forms.Select:
        return drawn.select(field, attributes)
    return field.as_widget(attrs=attributes)


@register.simple_tag
def slot_starts(
    starts: Iterable[SlotChoice], name: str, spoken: str, chosen: str = ""
) -> SafeString:
    """Draw the buttons of a day's free starts; `spoken` is the day, for who cannot see it."""
    return drawn.slot_starts(starts, name=name, spoken=spoken, chosen=chosen)


@register.filter
def kind(field: BoundField) -> str:
    """Say how a field is laid out: "checkbox", "choices", "group", "hidden" or "line"."""
    widget = field.field.widget
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices"
    return "group" if widget.use_fieldset else "line"


@register.filter
def localized(text: Text) -> str:
    """Return a text of the data in the reader's language."""
    return text.in_language(get_language() or "fr")


@register.filter
def word(code: StrEnum) -> str:
    """Return the word of a code of the kernel in the reader's language."""
    return label(code).in_language(get_language() or "fr")


@register.simple_tag
def colon() -> str:
    """Return what stands between a term and its value, as the reader's language spaces it."""
    return _("%(term)s: %(value)s") % {"term": "", "value": ""}


@register.filter
def initials(name: str) -> str:
    """Return the first letters of the first and the last word."""
    words = [word for word in str(name).replace("-", " ").split() if word[0].isalpha()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.filter
def hue(name: str) -> int:
    """Return 0-5, always the same for a name: the tint of its avatar."""
    return hashlib.sha256(str(name).encode()).digest()[0] % 6


@register.filter
def options(field: BoundField) -> list[BoundWidget]:
    """Return the radio buttons or check boxes of a field, with the classes of the design."""
    css = "checkbox" if isinstance(field.field.widget, forms.CheckboxSelectMultiple) else "radio"
    found = list(field.subwidgets)
    for option in found:
        option.data["attrs"]["class"] = css
    return found


@register.filter
def anchor(field: BoundField) -> str:
    """Return the id of the first control of a field, which an error summary links to."""
    if kind(field) in {"choices", "group"}:
        return f"{field.auto_id}_0"
    return field.id_for_label or field.auto_id


@register.simple_tag(takes_context=True)
def here(context: Context, href: str, exact: object = "") -> SafeString:
    """Mark a link to the page that is shown, or (unless `exact`) to a page above it."""
    request = context.get("request")
    path = request.path if isinstance(request, HttpRequest) else ""
    inside = path == href or (not exact and href != "/" and path.startswith(href.rstrip("/") + "/"))
    return SafeString('aria-current="page"' if inside else "")


@register.simple_tag(takes_context=True)
def page_address(context: Context, parameter: str, number: int) -> str:
    """Return the address of another page of the list that is shown, its filters kept."""
    request = context.get("request")
    query = request.GET.copy() if isinstance(request, HttpRequest) else QueryDict(mutable=True)
    query[parameter] = str(number)
    return f"?{query.urlencode()}"


_CONTROLS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.Textarea, "textarea"),
    (forms.SelectMultiple, "select"),
    (forms.MultiWidget, "input"),
    (forms.RadioSelect, "radio"),
    (forms.CheckboxSelectMultiple, "checkbox"),
    (forms.CheckboxInput, "checkbox"),
    (forms.Select, "select"),
    (forms.FileInput, "file-input"),
)


def _read(parser: Parser, token: Token) -> tuple[str, dict[str, Any]]:
    words = token.split_contents()
    if len(words) < 2 or words[1][0] not in "\"'":
        raise TemplateSyntaxError(f'{words[0]} begins with a component\'s name: "button"')
    rest = words[2:]
    arguments = token_kwargs(rest, parser)
    if rest:
        raise TemplateSyntaxError(f"{words[0]} {words[1]} takes name=value, not {rest[0]!r}")
    return words[1].strip("\"'"), arguments
