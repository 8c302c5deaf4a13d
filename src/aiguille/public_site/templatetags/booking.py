"""What a page of free times draws day by day."""

from collections.abc import Iterable
from html import escape

from django import template
from django.utils.dates import MONTHS
from django.utils.safestring import SafeString

from aiguille.public_site.booking.times import GlanceDay

register = template.Library()


@register.simple_tag
def glance_days(days: Iterable[GlanceDay]) -> SafeString:
    """Draw a week of the calendar: a cell for each day, a link where something is free."""
    return SafeString("".join(map(_cell, days)))


def _cell(day: GlanceDay) -> str:
    spoken = (
        f'{day.day.day}<span class="sr-only"> {MONTHS[day.day.month]}, {escape(day.label)}</span>'
    )
    if not day.href:
        return f'<td class="p-0.5"><span class="muted block py-2.5">{spoken}</span></td>'
    look = "btn-primary" if day.is_chosen else "btn-soft"
    current = ' aria-current="date"' if day.is_chosen else ""
    return (
        f'<td class="p-0.5"><a class="btn btn-block min-h-11 px-0 {look}"'
        f' href="{escape(day.href)}"{current}>{spoken}</a></td>'
    )
