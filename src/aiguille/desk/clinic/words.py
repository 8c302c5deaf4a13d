"""Words and pictures of the set-up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from uuid import UUID

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aiguille.booking.displaced import Why
from aiguille.catalogue.queries import NeedView, PhaseView, engine_shape
from aiguille.clinics.queries import WeeklyOpening
from aiguille.clinics.timetable import ClosureView, OpenStretch
from aiguille.clinics.weeks import Week
from aiguille.journeys.reads.clinic import DayPicture, ResourceWeek
from aiguille.kernel.codes import ResourceKind
from aiguille.scheduling.timeline import TICK_MINUTES

DAY_MINUTES = 24 * 60
_A_MONDAY = date(2024, 1, 1)

KINDS: dict[ResourceKind, Promise] = {
    ResourceKind.PRACTITIONER: _("Practitioner"),
    ResourceKind.ROOM: _("Room"),
    ResourceKind.DEVICE: _("Device"),
}
# The skills and uses that a new clinic starts with; others are shown as the clinic wrote them.
SKILLS: dict[str, Promise] = {
    "needling": _("Needling"),
    "mesotherapy": _("Mesotherapy"),
    "consultation": _("Consultation"),
    "treatment": _("Treatment"),
    "needling-pen": _("Needling pen"),
}
WHYS: dict[Why, Promise] = {
    Why.INACTIVE: _("does not take part any more"),
    Why.UNSKILLED: _("does not do this any more"),
    Why.CLOSED: _("is not open at that time"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a picture: from `x`, `width` wide, in hundredths of the picture's width."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class DrawnDay:
    """A day of the strip: what is open, what would be but for a closure, and the same in words."""

    day: date
    open: tuple[Bar, ...]
    usual: tuple[Bar, ...]
    words: str


@dataclass(frozen=True, slots=True)
class DrawnWeek:
    """A week of one resource, drawn between the same hours as its neighbours."""

    week: ResourceWeek
    days: tuple[DrawnDay, ...]
    words: str


@dataclass(frozen=True, slots=True)
class DrawnNeed:
    """A need of a service on its line: when it is held, and the buffers around."""

    label: str
    held: tuple[Bar, ...]
    buffers: tuple[Bar, ...]
    words: str


def skill_name(skill: str) -> str:
    """Return a skill in words."""
    return str(SKILLS.get(skill, skill))


def kind_name(kind: ResourceKind) -> str:
    """Return the kind of a resource in words."""
    return str(KINDS[kind])


def need_name(need: NeedView) -> str:
    """Return what a service needs in words."""
    kind = kind_name(need.kind)
    return f"{kind} ({skill_name(need.skill).lower()})" if need.skill else kind


def clock_time(minute: int) -> str:
    """Return a minute of the day as the wall shows it; the end of the day is 24:00."""
    return f"{minute // 60:02}:{minute % 60:02}"


def as_time(minute: int) -> time:
    """Return a minute of the day for a time field; midnight at the end is 00:00."""
    return time(minute // 60 % 24, minute % 60)


def stretch_words(from_minute: int, until_minute: int) -> str:
    """Return "09:00–12:30"."""
    return f"{clock_time(from_minute)}–{clock_time(until_minute)}"


def week_lines(openings: Sequence[WeeklyOpening], site_names: Mapping[UUID, str]) -> list[str]:
    """Return a week in words, days with the same hours together: "Monday to Friday 09:00–18:00".

    Sites are named where `site_names` has several.
    """
    of_day = []
    for weekday in range(7):
        said = []
        for opening in openings:
            if opening.weekday != weekday:
                continue
            words = stretch_words(opening.from_minute, opening.until_minute)
            if len(site_names) > 1:
                words += f" ({site_names.get(opening.site_id, '?')})"
            said.append(words)
        of_day.append(", ".join(said))
    lines, first = [], 0
    for weekday in range(1, 8):
        if weekday < 7 and of_day[weekday] == of_day[first]:
            continue
        if of_day[first]:
            days = {"first": _weekday(first), "last": _weekday(weekday - 1)}
            if weekday - first == 1:
                said_days = days["first"]
            elif weekday - first == 2:
                said_days = gettext("%(first)s and %(last)s") % days
            else:
                said_days = gettext("%(first)s to %(last)s") % days
            lines.append(capfirst(f"{said_days}{_colon()}{of_day[first]}"))
        first = weekday
    return lines


def weekday_name(day: int) -> str:
    """Return a weekday in words; 0 is Monday."""
    return capfirst(_weekday(day))


def week_period(week: Week) -> str:
    """Return between which dates a week's hours hold, in words."""
    first = date_format(week.first_day, "j F Y") if week.first_day else ""
    last = date_format(week.last_day, "j F Y") if week.last_day else ""
    if first and last:
        return gettext("from %(first)s to %(last)s") % {"first": first, "last": last}
    if first:
        return gettext("from %(day)s on") % {"day": first}
    return gettext("until %(day)s") % {"day": last} if last else gettext("at any date")


def closure_words(closure: ClosureView) -> str:
    """Return when something is closed, in words."""
    first = date_format(closure.start, "j F Y")
    if closure.is_without_end:
        return gettext("from %(day)s, without return") % {"day": first}
    last = date_format(closure.last_day, "j F Y")
    if closure.is_whole_days:
        if first == last:
            return first
        return gettext("from %(first)s to %(last)s") % {"first": first, "last": last}
    hours = {"first": first, "from": f"{closure.start:%H:%M}", "until": f"{closure.end:%H:%M}"}
    if closure.start.date() == closure.end.date():
        return gettext("%(first)s, from %(from)s to %(until)s") % hours
    if closure.end.time() == time():
        if first == last:
            return gettext("%(first)s, from %(from)s") % hours
        return gettext("from %(first)s, %(from)s, to the end of %(last)s") % {**hours, "last": last}
    hours["last"] = date_format(closure.end, "j F Y")
    return gettext("from %(first)s, %(from)s, to %(last)s, %(until)s") % hours


def draw_weeks(weeks: Sequence[ResourceWeek]) -> list[DrawnWeek]:
    """Return the weeks drawn on one scale: from the first hour that anything is open to the last."""
    minutes = [
        minute
        for week in weeks
        for day in week.days
        for stretch in day.usual
        for minute in (stretch.from_minute, stretch.until_minute)
    ]
    first = min([*minutes, 8 * 60]) // 60 * 60
    last = -(-max([*minutes, 20 * 60]) // 60) * 60
    return [
        DrawnWeek(
            week=week,
            days=tuple(_drawn(day, first, last) for day in week.days),
            words=_week_words(week),
        )
        for week in weeks
    ]


def day_words(day: DayPicture) -> str:
    """Return a day's opening in words."""
    if not day.open:
        return gettext("closed")
    return ", ".join(stretch_words(each.from_minute, each.until_minute) for each in day.open)


def draw_service(needs: Sequence[NeedView], phases: Sequence[PhaseView]) -> list[DrawnNeed]:
    """Return each need's line of a service's picture; nothing where the parts do not fit."""
    try:
        service = engine_shape(
            code="", needs=needs, phases=phases, min_notice_minutes=0, max_horizon_days=1
        )
    except ValueError:
        return []
    first, end = service.reach.first, service.reach.end
    size = max(1, end - first)

    def bar(start: int, stop: int) -> Bar:
        return Bar(round(100 * (start - first) / size, 2), round(100 * (stop - start) / size, 2))

    drawn = []
    for need in needs:
        runs = service.stretches[need.name]
        before = [bar(r.busy_from, r.open_from) for r in runs if r.busy_from < r.open_from]
        after = [bar(r.open_to, r.busy_to) for r in runs if r.open_to < r.busy_to]
        held = ", ".join(
            gettext("minutes %(first)s to %(last)s")
            % {"first": run.open_from * TICK_MINUTES, "last": run.open_to * TICK_MINUTES}
            for run in runs
        )
        drawn.append(
            DrawnNeed(
                label=need_name(need),
                held=tuple(bar(run.open_from, run.open_to) for run in runs),
                buffers=(*before, *after),
                words=f"{need_name(need)}{_colon()}{held}",
            )
        )
    return drawn


def draw_phases(
    needs: Sequence[NeedView], phases: Sequence[PhaseView]
) -> list[tuple[PhaseView, Bar]]:
    """Return the phases with where each stands on the same scale as `draw_service`."""
    before = max((need.buffer_before_minutes for need in needs), default=0)
    try:
        service = engine_shape(
            code="", needs=needs, phases=phases, min_notice_minutes=0, max_horizon_days=1
        )
        before = -service.reach.first * TICK_MINUTES
        size = (service.reach.end - service.reach.first) * TICK_MINUTES
    except ValueError:
        size = before + sum(phase.minutes for phase in phases)
    size = max(1, size)
    placed, begin = [], before
    for phase in phases:
        placed.append(
            (phase, Bar(round(100 * begin / size, 2), round(100 * phase.minutes / size, 2)))
        )
        begin += phase.minutes
    return placed


def week_of(day: date) -> date:
    """Return the Monday of a date's week."""
    return day - timedelta(days=day.weekday())


def _drawn(day: DayPicture, first: int, last: int) -> DrawnDay:
    def bars(stretches: Sequence[OpenStretch]) -> tuple[Bar, ...]:
        scale = 100 / (last - first)
        return tuple(
            Bar(
                round((each.from_minute - first) * scale, 2),
                round((each.until_minute - each.from_minute) * scale, 2),
            )
            for each in stretches
        )

    return DrawnDay(
        day=day.day,
        open=bars(day.open),
        usual=bars(day.usual) if day.is_shortened else (),
        words=day_words(day),
    )


def _week_words(week: ResourceWeek) -> str:
    return "; ".join(f"{date_format(day.day, 'l')} {day_words(day)}" for day in week.days)


def _weekday(day: int) -> str:
    return date_format(_A_MONDAY + timedelta(days=day), "l")


def _colon() -> str:
    return gettext("%(term)s: %(value)s") % {"term": "", "value": ""}
