"""The agenda itself, and an appointment chosen in it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from aiguille.accounts.rights import Right, has_right, require
from aiguille.desk.agenda import undo
from aiguille.desk.agenda.grid import by_kind, draw, kind_word
from aiguille.desk.agenda.place import Place, with_query
from aiguille.journeys.reads.agenda import (
    DAYS_A_WEEK,
    MINE,
    PLACES,
    PRACTITIONERS,
    Agenda,
    Piece,
    View,
    read_agenda,
)
from aiguille.journeys.reads.agenda_card import read_card
from aiguille.journeys.who import staff_of
from aiguille.kernel.actor import Actor
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.components.shapes import Tab

FRAGMENT = "X-Agenda-Fragment"
SHADES = ("BOOKED", "LATE", "NEEDS_VERDICT", "ARRIVED", "IN_PROGRESS", "DONE", "NO_SHOW")


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def agenda(request: HttpRequest) -> HttpResponse:
    """Show a site's agenda: `site`, `date`, `view` (day, week), `who`, `gone` choose."""
    actor = staff_of(request)
    require(actor, Right.SEE_AGENDA)
    return show_board(request, Place.of(request.GET), actor=actor, at=clock.now())


def show_board(
    request: HttpRequest,
    place: Place,
    *,
    actor: Actor,
    at: datetime,
    more: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the agenda at a place, with what a refused action has to say (`more`)."""
    shown = read_agenda(
        actor=actor,
        at=at,
        site_code=place.site,
        view=place.view,
        day=place.day,
        who=place.who,
        with_gone=place.gone,
    )
    here = place.at(site=shown.site.code, day=shown.day)
    grid = draw(shown, place=here, name_of=full_name)
    return render(
        request,
        "desk/agenda/agenda.html",
        {
            "shown": shown,
            "grid": grid,
            "kinds": by_kind(grid),
            "place": here,
            "heading": _heading(shown),
            "sites": [
                Tab(site.name, here.at(site=site.code, who="").href, current=site == shown.site)
                for site in shown.sites
            ],
            "views": _views(here),
            "before": here.at(day=_turned(shown, -1)).href,
            "after": here.at(day=_turned(shown, 1)).href,
            "today": here.at(day=None).href,
            "whose": _whose(shown),
            "gone_href": here.at(gone=not here.gone).href,
            "print_href": here.link("agenda_print"),
            "block_href": here.link("agenda_block"),
            "days_href": [(day, here.at(day=day, view=View.DAY).href) for day in shown.days],
            "matrix": [
                (
                    name,
                    here.at(who=code).href if code else "",
                    [
                        (
                            day,
                            [
                                (piece, here.link("agenda_card", piece.appointment.id))
                                for piece in cell
                            ],
                        )
                        for day, cell in zip(shown.days, cells, strict=True)
                    ],
                )
                for code, name, cells in shown.by_practitioner
            ],
            "shades": SHADES,
            "undo": undo.offered(request, at=at),
            "can_book": has_right(actor, Right.BOOK),
            "can_block": has_right(actor, Right.BLOCK_TIME)
            or has_right(actor, Right.MANAGE_CLINIC)
            or any(column.may_block for column in shown.columns),
            "zone_name": str(shown.zone),
            **(more or {}),
        },
        status=status,
    )


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def card(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Show an appointment and what may be done with it: a page, or a fragment for the agenda."""
    actor = staff_of(request)
    require(actor, Right.SEE_AGENDA)
    place = Place.of(request.GET)
    shown = read_card(appointment_id=appointment_id, actor=actor, at=clock.now())
    one = shown.appointment
    if not request.GET.get("site"):
        place = place.at(site=one.site_code, day=one.local_date)
    is_fragment = FRAGMENT in request.headers
    can_check_in = has_right(actor, Right.CHECK_IN)
    return render(
        request,
        "desk/agenda/_card.html" if is_fragment else "desk/agenda/card.html",
        {
            "card": shown,
            "a": one,
            "held": [(name, kind_word(kind), start, end) for name, kind, start, end in shown.held],
            "place": place,
            "back": f"{place.href}#a-{one.id}",
            "move_href": place_back(reverse("desk:move_appointment", args=[one.id]), place),
            "cancel_href": reverse("desk:cancel_appointment", args=[one.id]),
            "drop_href": place.link("agenda_move", one.id),
            "can_arrive": can_check_in and one.state == "BOOKED" and shown.is_today,
            "can_ask": has_right(actor, Right.ASK_AGAIN)
            and shown.is_today
            and shown.lacks_questions
            and shown.session_id is None
            and (one.is_ahead or one.state == "ARRIVED"),
            "can_miss": can_check_in and one.is_ahead and shown.has_started,
            "can_change": has_right(actor, Right.BOOK) and one.is_ahead,
            "can_consult": has_right(actor, Right.WRITE_CONSULTATION)
            and one.kind != "SESSION"
            and one.state == "ARRIVED",
            "can_begin": has_right(actor, Right.RUN_SESSION)
            and one.kind == "SESSION"
            and one.state == "ARRIVED"
            and shown.session_id is None,
            "can_assist": has_right(actor, Right.ASSIST_SESSION),
            "shade": "LATE" if shown.is_late else one.state,
        },
    )


def place_back(address: str, place: Place) -> str:
    """Return the address of a page that goes back to the agenda when its work is done."""
    return with_query(address, back=place.href)


def full_name(piece: Piece) -> str:
    """Return the patient's name as the screen shows it."""
    return piece.appointment.patient_name


def _heading(shown: Agenda) -> tuple[Any, ...]:
    return (shown.days[0], shown.days[-1])


def _turned(shown: Agenda, pages: int) -> Any:
    return shown.day + timedelta(days=pages * (1 if shown.view is View.DAY else DAYS_A_WEEK))


def _views(here: Place) -> list[Tab]:
    day_list = f"{reverse('desk:day')}?site={here.site}&day={here.day}"
    return [
        Tab(_("Day"), here.at(view=View.DAY).href, current=here.view is View.DAY),
        Tab(_("Week"), here.at(view=View.WEEK).href, current=here.view is View.WEEK),
        Tab(_("List"), day_list),
    ]


def _whose(shown: Agenda) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the choices of whom to show, in groups."""
    groups: list[tuple[str, list[tuple[str, str]]]] = [
        (
            _("Several"),
            [
                ("", _("Everybody and everything")),
                (PRACTITIONERS, _("Practitioners")),
                (PLACES, _("Rooms and devices")),
                (MINE, _("My own appointments")),
            ],
        )
    ]
    for choice in shown.choices:
        word = kind_word(choice.kind)
        if groups[-1][0] != word:
            groups.append((word, []))
        groups[-1][1].append((choice.code, choice.name))
    return groups
