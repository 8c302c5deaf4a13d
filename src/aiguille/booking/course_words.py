"""A course in words, the same for the patient and the desk: its sessions on a line, its notices."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext, ngettext

from aiguille.booking.course_forms import (
    CourseQuery,
    WishesForm,
    change_of,
    initial_of,
    part_name,
    written,
)
from aiguille.booking.course_terms import too_far_text
from aiguille.booking.courses import (
    Alternative,
    Change,
    Chosen,
    CourseProposal,
    CourseState,
    ProposedSession,
    Trouble,
)
from aiguille.booking.queries import AppointmentView, Start
from aiguille.kernel.ids import new_id
from aiguille.kernel.text import Text
from aiguille.plumbing.components.shapes import SlotChoice, SlotDay, Step, Tab


def story_of(
    proposal: CourseProposal, *, time_href: Callable[[int], str] | None = None
) -> list[Step]:
    """Return the sessions in order; `time_href` gives where another time is chosen for a change."""
    places = {id(session): place for place, session in enumerate(proposal.changes)}
    return [
        _step(
            session,
            proposal,
            time_href(places[id(session)]) if time_href and session.is_change else "",
        )
        for session in proposal.sessions
    ]


def alternatives_of(proposal: CourseProposal, query: CourseQuery, address: str) -> list[Tab]:
    """Return the links to the chains of other days and parts of the day than those wished for.

    None once a time was chosen: another chain would forget it.
    """
    if query.chosen:
        return []
    wishes = proposal.wishes
    return [
        Tab(label=_alternative(one), href=f"{address}{query.as_alternative(one).address()}")
        for one in proposal.alternatives()
        if one.weekday not in wishes.weekdays
        and (one.weekday is not None or one.part_of_day != wishes.part_of_day)
    ]


def notices_of(state: CourseState, *, most: int) -> list[str]:
    """Return what is to be known of a course that does not keep its intervals."""
    lines = []
    for view in state.lost:
        day = date_format(view.local, "l j F Y")
        if view.state == "NO_SHOW":
            lines.append(gettext("The session of %(day)s was missed.") % {"day": day})
        else:
            lines.append(gettext("The session of %(day)s was cancelled.") % {"day": day})
    for one in state.irregular:
        facts = {"day": date_format(one.session.local, "l j F Y"), "days": one.days, "most": most}
        if one.trouble is Trouble.TOO_FAR:
            lines.append(
                gettext(
                    "The session of %(day)s is now %(days)s days after the one before; the plan "
                    "allows %(most)s at most."
                )
                % facts
            )
        else:
            lines.append(
                gettext("The session of %(day)s is only %(days)s days after the one before.")
                % facts
            )
    return lines


def course_context(
    proposal: CourseProposal, query: CourseQuery, *, address: str, time_href: Callable[[int], str]
) -> dict[str, Any]:
    """Return what the template of a proposal shows; `address` is the page's own, without query."""
    return {
        "story": story_of(proposal, time_href=time_href),
        "rhythm": rhythm_of(proposal),
        "notices": notices_of(proposal.state, most=proposal.most_days)
        if proposal.state.needs_attention
        else [],
        "changes": [change_of(session) for session in proposal.changes],
        "has_dropped": bool(proposal.dropped),
        "why_not": _in_language(proposal.why_not) if proposal.why_not else "",
        "missing_title": missing_title_of(proposal),
        "confirm_label": confirm_label_of(proposal),
        "alternatives": alternatives_of(proposal, query, address),
        "form": WishesForm(initial=initial_of(query.wishes), proposal=proposal)
        if proposal.missing or proposal.changes
        else None,
        "clear_href": address if query.pairs() else "",
        "request_key": new_id(),
    }


def time_context(
    session: ProposedSession,
    days: Iterable[tuple[date, Sequence[Start]]],
    cities: Mapping[UUID, str],
) -> dict[str, Any]:
    """Return what the template shows that offers other times for one session of a proposal."""
    shown = list(days)
    several = len({start.site_id for _, starts in shown for start in starts}) > 1
    return {
        "title": gettext("Another time for session %(number)s") % {"number": session.number},
        "proposed": when_of(session),
        "first_day": session.not_before,
        "last_day": session.not_after,
        "days": [
            SlotDay(day, [_slot(one, session, cities if several else {}) for one in _once(starts)])
            for day, starts in shown
        ],
        "has_starts": any(starts for _, starts in shown),
    }


def move_context(
    moving: ProposedSession, view: AppointmentView, proposal: CourseProposal
) -> dict[str, Any]:
    """Return what the template shows of a session that moves, and of the others of its course."""
    return {
        "story": story_of(proposal),
        "rhythm": rhythm_of(proposal),
        "changes": [change_of(session) for session in proposal.changes],
        "others": len(proposal.moved) > 1,
        "is_sound": proposal.is_sound,
        "old": _when(view.local),
        "new": when_of(moving),
    }


def rhythm_of(proposal: CourseProposal) -> str:
    """Return how far apart the sessions of the course are, in words."""
    least, most = proposal.interval_days, proposal.most_days
    usual = min(max(proposal.plan.interval_default_days, least), most)
    facts = {"least": least, "usual": usual, "most": most}
    if least == most:
        return gettext("%(least)s days between two sessions.") % facts
    return (
        gettext(
            "%(usual)s days between two sessions as a rule; %(least)s to %(most)s are possible."
        )
        % facts
    )


def confirm_label_of(proposal: CourseProposal) -> str:
    """Return what the button says that books and moves what is proposed."""
    count = len(proposal.new)
    if proposal.moved:
        return gettext("Confirm these changes")
    return ngettext("Book this session", "Book these %(count)s sessions", count) % {"count": count}


def missing_title_of(proposal: CourseProposal) -> str:
    """Return how many sessions could not be proposed."""
    return ngettext(
        "%(count)s session cannot be proposed now",
        "%(count)s sessions cannot be proposed now",
        proposal.missing,
    ) % {"count": proposal.missing}


def start_words(starts: Iterable[Chosen], proposal: CourseProposal) -> list[str]:
    """Return the local dates and times of starts, on the clock of the course's sites."""
    zones = {session.site_id: session.local.tzinfo for session in proposal.sessions}
    zone = next(iter(zones.values()), None)
    return [_when(one.starts_at.astimezone(zones.get(one.site_id, zone))) for one in starts]


def when_of(session: ProposedSession) -> str:
    """Return a session's local date and time in words."""
    return _when(session.local)


def _when(local: datetime) -> str:
    return gettext("%(day)s at %(hour)s") % {
        "day": date_format(local, "l j F Y"),
        "hour": date_format(local, "H:i"),
    }


def _slot(start: Start, session: ProposedSession, cities: Mapping[UUID, str]) -> SlotChoice:
    who = session.practitioner_id if session.practitioner_id in start.practitioner_ids else None
    return SlotChoice(
        value=written(Chosen(start.site_id, start.starts_at, who)),
        label=date_format(start.local, "H:i"),
        hint=cities.get(start.site_id, ""),
    )


def _once(starts: Sequence[Start]) -> list[Start]:
    return list({(start.site_id, start.starts_at): start for start in starts}.values())


def _step(session: ProposedSession, proposal: CourseProposal, href: str) -> Step:
    where = [session.site_name, session.practitioner_name]
    return Step(
        label=when_of(session),
        state="done" if session.change is Change.PAST else "todo",
        when=" · ".join(_about(session)),
        detail=" · ".join(each for each in where if each),
        note=_note(session, proposal),
        more_label=gettext("Another time") if href else "",
        more_href=href,
    )


def _about(session: ProposedSession) -> list[str]:
    words = [gettext("Session %(number)s") % {"number": session.number}]
    if session.change is Change.KEPT:
        words.append(gettext("booked"))
    elif session.change is Change.MOVED:
        words.append(gettext("new time"))
    if session.days_since is not None:
        words.append(
            ngettext("%(days)s day after", "%(days)s days after", session.days_since)
            % {"days": session.days_since}
        )
    return words


def _note(session: ProposedSession, proposal: CourseProposal) -> str:
    said = []
    view = session.appointment
    if session.change is Change.MOVED and view is not None:
        said.append(gettext("Until now: %(when)s.") % {"when": _when(view.local)})
    if session.trouble is Trouble.TOO_FAR and session.days_since is not None:
        said.append(_in_language(too_far_text(session.days_since, proposal.most_days)))
    elif session.trouble is Trouble.TOO_CLOSE:
        facts = {"least": proposal.interval_days}
        said.append(gettext("Too close: %(least)s days at least.") % facts)
    elif session.because is not None:
        said.append(_in_language(session.because))
    return " ".join(said)


def _alternative(one: Alternative) -> str:
    facts = {"first": date_format(one.first, "j F"), "last": date_format(one.last, "j F")}
    if one.weekday is None:
        assert one.part_of_day is not None
        facts["name"] = str(part_name(one.part_of_day))
    else:
        facts["name"] = capfirst(str(WEEKDAYS[one.weekday]))
    if one.count == 1:
        return gettext("%(name)s, %(first)s") % facts
    return gettext("%(name)s, from %(first)s to %(last)s") % facts


def _in_language(text: Text) -> str:
    return text.in_language(get_language() or "fr")
