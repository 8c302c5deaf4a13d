"""How dates of advice are said: for the page and the sheet alike."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import override

from aiguille.follow_up.queries import AdviceView
from aiguille.kernel.text import Text

_UNTIL = Text(fr="jusqu’au {until}", en="until {until}")
_FROM_TO = Text(fr="du {begin} au {until}", en="from {begin} to {until}")
_FROM = Text(fr="à partir du {begin}", en="from {begin} on")
_FROM_NOW = Text(fr="dès maintenant", en="from now on")
_AT = Text(fr="{day} à {hour}", en="{day} at {hour}")


def period(advice: AdviceView, *, at: datetime, zone: ZoneInfo, language: str) -> str:
    """Say when advice holds, seen from the instant `at`: "jusqu’au samedi 8 mars à 14:30"."""
    begin = instant(advice.begins_at, at=at, zone=zone, language=language)
    if advice.until is None:
        said = _FROM_NOW if advice.begins_at <= at else _FROM
        return said.in_language(language).format(begin=begin)
    until = instant(advice.until, at=at, zone=zone, language=language)
    said = _UNTIL if advice.begins_at <= at else _FROM_TO
    return said.in_language(language).format(begin=begin, until=until)


def instant(when: datetime, *, at: datetime, zone: ZoneInfo, language: str) -> str:
    """Say a day and an hour on the site's clock; the year only where it is not that of `at`."""
    local = when.astimezone(zone)
    with override(language):
        return _AT.in_language(language).format(
            day=day(when, at=at, zone=zone, language=language), hour=date_format(local, "H:i")
        )


def day(when: datetime, *, at: datetime, zone: ZoneInfo, language: str) -> str:
    """Say a day on the site's clock; the year only where it is not that of `at`."""
    local = when.astimezone(zone)
    with override(language):
        return date_format(local, "l j F" if local.year == at.astimezone(zone).year else "l j F Y")
