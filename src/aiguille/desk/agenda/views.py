"""The day of a site, and the two taps that happen at the door."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aiguille.accounts.rights import Right, has_right, require
from aiguille.booking.access import get_appointment_for
from aiguille.booking.states import check_in, mark_no_show
from aiguille.desk.agenda.place import Place, back_of
from aiguille.journeys.reads.agenda import View
from aiguille.journeys.reads.day import read_day
from aiguille.journeys.who import staff_of
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.components.shapes import Tab
from aiguille.plumbing.refusals import explain


@reachable_by(Who.STAFF)
@require_GET
def day(request: HttpRequest) -> HttpResponse:
    """Show a site's day: `site` (code), `day` (date) and `mine` choose."""
    actor = staff_of(request)
    require(actor, Right.SEE_AGENDA)
    shown = read_day(
        actor=actor,
        at=clock.now(),
        site_code=request.GET.get("site"),
        day=_date(request.GET.get("day")),
        mine_only=bool(request.GET.get("mine")),
    )
    address = reverse("desk:day")
    agenda = Place(site=shown.site.code, day=shown.day)
    mine = "&mine=1" if request.GET.get("mine") else ""
    return render(
        request,
        "desk/agenda/day.html",
        {
            "shown": shown,
            "actor": actor,
            "can_consult": has_right(actor, Right.WRITE_CONSULTATION),
            "can_check_in": has_right(actor, Right.CHECK_IN),
            "can_ask": has_right(actor, Right.ASK_AGAIN),
            "can_run": has_right(actor, Right.RUN_SESSION),
            "can_assist": has_right(actor, Right.ASSIST_SESSION),
            "sites": [
                Tab(
                    label=site.name,
                    href=f"{address}?site={site.code}&day={shown.day}{mine}",
                    current=site.id == shown.site.id,
                )
                for site in shown.sites
            ],
            "before": f"{address}?site={shown.site.code}&day={shown.day - timedelta(1)}{mine}",
            "after": f"{address}?site={shown.site.code}&day={shown.day + timedelta(1)}{mine}",
            "today": f"{address}?site={shown.site.code}{mine}",
            "whose": f"{address}?site={shown.site.code}&day={shown.day}"
            + ("" if mine else "&mine=1"),
            "mine": bool(mine),
            "views": [
                Tab(_("Day"), agenda.href),
                Tab(_("Week"), agenda.at(view=View.WEEK).href),
                Tab(_("List"), f"{address}?site={shown.site.code}&day={shown.day}", current=True),
            ],
            "here": request.get_full_path(),
        },
    )


@reachable_by(Who.STAFF)
@require_POST
def arrived(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Note that the patient is here."""
    return _at_the_door(request, appointment_id, check_in, _("Noted: the patient is here."))


@reachable_by(Who.STAFF)
@require_POST
def no_show(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Note that the patient did not come."""
    return _at_the_door(
        request, appointment_id, mark_no_show, _("Noted: the patient did not come.")
    )


def _at_the_door(
    request: HttpRequest, appointment_id: UUID, change: Callable[..., None], done: str
) -> HttpResponse:
    actor: Actor = staff_of(request)
    at = clock.now()
    appointment = get_appointment_for(actor=actor, appointment_id=appointment_id, at=at)
    try:
        change(appointment_id=appointment.id, actor=actor, at=at)
    except DomainError as error:
        messages.error(request, explain(error))
    else:
        messages.success(request, done)
    day_list = f"{reverse('desk:day')}?site={appointment.site_code}&day={appointment.local_date}"
    return redirect(back_of(request, otherwise=day_list))


def _date(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Http404 from error
