"""The set-up at a glance, one resource, a site's days, and what takes a removal back."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aiguille.accounts.rights import Right, has_right, require
from aiguille.clinics.operations import (
    add_closure,
    add_extra_opening,
    close_on_days,
    remove_closure,
    remove_extra_opening,
)
from aiguille.clinics.public_holidays import holidays_of
from aiguille.clinics.queries import get_site
from aiguille.clinics.timetable import ClosureView, ExtraView, get_closure, get_extra
from aiguille.desk.clinic.saving import Page, show, try_to_save
from aiguille.desk.clinic.words import (
    closure_words,
    day_words,
    draw_weeks,
    kind_name,
    need_name,
    skill_name,
    stretch_words,
    week_lines,
    week_of,
    week_period,
)
from aiguille.journeys.change_set_up import change_set_up
from aiguille.journeys.reads.clinic import (
    Overview,
    ResourcePage,
    own_resource,
    read_overview,
    read_resource,
    read_site,
)
from aiguille.journeys.who import staff_of
from aiguille.kernel.codes import ResourceKind
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by

_UNDO = "clinic-undo"
_UNDO_SHOWN = timedelta(minutes=10)
FORMS = ("GET", "HEAD", "POST")


@reachable_by(Who.STAFF)
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Send whoever signed in to the page that their work begins with."""
    sees_day = has_right(staff_of(request), Right.SEE_AGENDA)
    return redirect("desk:day" if sees_day else "desk:clinic")


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def overview(request: HttpRequest) -> HttpResponse:
    """Show every site with its people and things in the week of `week` (a date)."""
    actor = staff_of(request)
    shown = read_overview(actor=actor, at=clock.now(), week=typed_date(request.GET.get("week")))
    address = reverse("desk:clinic")
    return render(
        request,
        "desk/clinic/overview.html",
        {
            "shown": shown,
            "sites": [
                {
                    "site": site.site,
                    "closures": [closure_words(closure) for closure in site.closures],
                    "groups": [
                        (label, draw_weeks(weeks))
                        for label, weeks in (
                            (_("Practitioners"), site.practitioners),
                            (_("Rooms"), site.rooms),
                            (_("Devices"), site.devices),
                        )
                        if weeks
                    ],
                }
                for site in shown.sites
            ],
            "performs": _who_performs(shown),
            "can_manage": has_right(actor, Right.MANAGE_CLINIC),
            "is_this_week": shown.monday == week_of(shown.today),
            "before": f"{address}?week={_shifted(shown.monday, -7)}",
            "after": f"{address}?week={_shifted(shown.monday, 7)}",
            "this_week": address,
        },
    )


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def mine(request: HttpRequest) -> HttpResponse:
    """Lead a practitioner to their own hours; tell others that they have none."""
    own = own_resource(actor=staff_of(request))
    if own is not None:
        return redirect("desk:clinic_resource", own.id)
    return render(request, "desk/clinic/no_hours.html", {})


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def resource(request: HttpRequest, resource_id: UUID) -> HttpResponse:
    """Show one practitioner, room or device: the week, leave or closures, extra openings."""
    actor = staff_of(request)
    page = read_resource(
        resource_id=resource_id,
        actor=actor,
        at=clock.now(),
        week=typed_date(request.GET.get("week")),
    )
    address = reverse("desk:clinic_resource", args=[resource_id])
    drawn = draw_weeks([page.week])[0] if page.week else None
    monday = page.week.days[0].day if page.week else week_of(page.today)
    return render(
        request,
        "desk/clinic/resource.html",
        {
            "page": page,
            "kind": kind_name(page.resource.kind),
            "drawn": drawn,
            "days": [(day.day, day_words(day), _places(page, day.open)) for day in page.week.days]
            if page.week
            else [],
            "weeks": [
                {
                    "week": week,
                    "period": week_period(week),
                    "lines": week_lines(week.openings, {s.id: s.city for s in page.sites}),
                    "is_over": week.is_over(page.today),
                    "is_planned": week.first_day is not None and week.first_day > page.today,
                }
                for week in page.weeks
                if week.openings or week.first_day is not None
            ],
            "skills": [skill_name(skill) for skill in page.resource.skills],
            "closures": [(closure, closure_words(closure)) for closure in page.closures],
            "extra": [
                (
                    extra,
                    stretch_words(extra.from_minute, extra.until_minute),
                    _place(page, extra.site_id),
                )
                for extra in page.extra
            ],
            "undo": _undo_of(request, address),
            "back": _home_of(request),
            "before": f"{address}?week={_shifted(monday, -7)}",
            "after": f"{address}?week={_shifted(monday, 7)}",
            "this_week": address,
        },
    )


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def site(request: HttpRequest, code: str) -> HttpResponse:
    """Show a site's closures and its public holidays; POST closes on those chosen (`day`)."""
    actor, at = staff_of(request), clock.now()
    page = read_site(code=code, actor=actor, at=at, part=_part(request))
    address = reverse("desk:clinic_site", args=[code])
    kept = f"{address}?part={page.part}" if "part" in request.GET else address
    language = get_language() or "fr"
    context = {
        "page": page,
        "closures": [(closure, closure_words(closure)) for closure in page.closures],
        "holidays": [
            (proposed, proposed.holiday.name.in_language(language)) for proposed in page.holidays
        ],
        "left": sum(not proposed.is_closed for proposed in page.holidays),
        "undo": _undo_of(request, address),
        "chosen": [],
    }
    laid = Page("desk/clinic/site.html", context, back=kept, done="")
    if request.method != "POST":
        return show(request, laid, forms.Form())
    chosen = set(request.POST.getlist("day"))
    wanted = [
        (proposed.holiday.day, proposed.holiday.name.in_language(language))
        for proposed in page.holidays
        if not proposed.is_closed
        and ("all" in chosen or proposed.holiday.day.isoformat() in chosen)
    ]
    if not wanted:
        return redirect(kept)
    done = ngettext(
        "The site is closed on that day.", "The site is closed on %(n)s days.", len(wanted)
    ) % {"n": len(wanted)}
    return try_to_save(
        request,
        Page(
            "desk/clinic/confirm.html",
            {
                "title": _("Close the site on public holidays"),
                "lead": page.site.name,
                "hidden": [("day", day.isoformat()) for day, _name in wanted],
                "save": _("Close"),
            },
            back=kept,
            done=done,
        ),
        forms.Form(request.POST),
        lambda: close_on_days(
            site_id=page.site.id,
            days=wanted,
            holiday=holidays_of(country=page.site.country, part=page.part),
            actor=actor,
            at=at,
        ),
        actor=actor,
        at=at,
    )


@reachable_by(Who.STAFF)
@require_POST
def remove_one_closure(request: HttpRequest, closure_id: UUID) -> HttpResponse:
    """Open again what a leave or closure closed."""
    actor, at = staff_of(request), clock.now()
    closure = get_closure(closure_id)
    change_set_up(
        change=lambda: remove_closure(closure_id=closure_id, actor=actor, at=at),
        confirmed="",
        actor=actor,
        at=at,
    )
    _remember(request, _closure_kept(closure))
    messages.success(request, _("Removed: it is open again as usual."))
    return redirect(_page_of(closure.resource_id, closure.site_id))


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
def remove_one_extra(request: HttpRequest, extra_id: UUID) -> HttpResponse:
    """Take back an extra opening, once what it displaces was shown."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    extra = get_extra(extra_id)
    back = reverse("desk:clinic_resource", args=[extra.resource_id])
    page = Page(
        "desk/clinic/confirm.html",
        {
            "title": _("Remove this extra opening?"),
            "lead": stretch_words(extra.from_minute, extra.until_minute),
            "save": _("Remove"),
        },
        back=back,
        done=_("Removed."),
    )
    if request.method != "POST":
        return show(request, page, forms.Form())
    answer = try_to_save(
        request,
        page,
        forms.Form(request.POST),
        lambda: remove_extra_opening(extra_id=extra_id, actor=actor, at=at),
        actor=actor,
        at=at,
    )
    if answer.status_code == 302:
        _remember(request, _extra_kept(extra))
    return answer


@reachable_by(Who.STAFF)
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Put back what was removed just now; what it displaces is shown first."""
    actor, at = staff_of(request), clock.now()
    kept = request.session.get(_UNDO)
    if kept is None:
        raise Http404
    resource_id = UUID(kept["resource"]) if kept["resource"] else None
    site_id = UUID(kept["site"]) if kept["site"] else None
    back = _page_of(resource_id, site_id)

    def put_back() -> object:
        if kept["kind"] == "extra" and resource_id and site_id:
            return add_extra_opening(
                resource_id=resource_id,
                site_id=site_id,
                on=date.fromisoformat(kept["from"]),
                from_minute=kept["from_minute"],
                until_minute=kept["until_minute"],
                actor=actor,
                at=at,
            )
        return add_closure(
            resource_id=resource_id,
            site_id=site_id,
            from_date=date.fromisoformat(kept["from"]),
            from_minute=kept["from_minute"],
            until_date=date.fromisoformat(kept["until"]),
            until_minute=kept["until_minute"],
            reason=kept["reason"],
            holiday=kept.get("holiday", ""),
            actor=actor,
            at=at,
        )

    answer = try_to_save(
        request,
        Page(
            "desk/clinic/confirm.html",
            {"title": _("Put back what was removed?"), "save": _("Put it back")},
            back=back,
            done=_("Put back as it was."),
        ),
        forms.Form(request.POST),
        put_back,
        actor=actor,
        at=at,
    )
    if answer.status_code == 302:
        request.session.pop(_UNDO, None)
    return answer


def typed_date(text: str | None) -> date | None:
    """Return the date that an address names; None for none, or for nonsense."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if abs(found.year - clock.now().year) < 10 else None


# --- What they share ------------------------------------------------------------------------------


def _who_performs(shown: Overview) -> list[dict[str, Any]]:
    """Return, for each service, who performs it and what else it needs."""
    people = {
        week.resource.id: week.resource for site in shown.sites for week in site.practitioners
    }
    rows = []
    for service in shown.services:
        asked = [need for need in service.needs if need.kind is ResourceKind.PRACTITIONER]
        able = [
            person.full_name
            for person in sorted(people.values(), key=lambda person: person.name)
            if asked and all(not need.skill or need.skill in person.skills for need in asked)
        ]
        others = [
            need_name(need) for need in service.needs if need.kind is not ResourceKind.PRACTITIONER
        ]
        rows.append({"service": service, "able": able, "others": others, "asked": bool(asked)})
    return rows


def _place(page: ResourcePage, site_id: UUID) -> str:
    """Return where something is, for somebody who may be at several sites."""
    return "" if page.site is not None or len(page.sites) < 2 else page.site_name(site_id)


def _places(page: ResourcePage, stretches: tuple[Any, ...]) -> str:
    """Return where a day's stretches are."""
    return ", ".join(dict.fromkeys(_place(page, stretch.site_id) for stretch in stretches))


def _home_of(request: HttpRequest) -> str:
    actor = staff_of(request)
    if has_right(actor, Right.MANAGE_CLINIC) or has_right(actor, Right.BLOCK_TIME):
        return reverse("desk:clinic")
    return reverse("desk:start")


def _page_of(resource_id: UUID | None, site_id: UUID | None) -> str:
    if resource_id is not None:
        return reverse("desk:clinic_resource", args=[resource_id])
    found = get_site(site_id) if site_id else None
    return reverse("desk:clinic_site", args=[found.code]) if found else reverse("desk:clinic")


def _part(request: HttpRequest) -> str | None:
    return request.GET["part"][:10] if "part" in request.GET else None


def _shifted(day: date, days: int) -> str:
    return date.fromordinal(day.toordinal() + days).isoformat()


def _remember(request: HttpRequest, kept: dict[str, Any]) -> None:
    request.session[_UNDO] = {**kept, "at": clock.now().isoformat()}


def _undo_of(request: HttpRequest, address: str) -> bool:
    """Tell whether what was removed last from this very page may be put back."""
    kept = request.session.get(_UNDO)
    if kept is None or clock.now() > datetime.fromisoformat(kept["at"]) + _UNDO_SHOWN:
        return False
    resource_id = UUID(kept["resource"]) if kept["resource"] else None
    site_id = UUID(kept["site"]) if kept["site"] else None
    return _page_of(resource_id, site_id) == address


def _closure_kept(closure: ClosureView) -> dict[str, Any]:
    return {
        "kind": "closure",
        "resource": str(closure.resource_id) if closure.resource_id else "",
        "site": str(closure.site_id) if closure.site_id else "",
        "from": closure.start.date().isoformat(),
        "from_minute": closure.start.hour * 60 + closure.start.minute,
        "until": closure.end.date().isoformat(),
        "until_minute": closure.end.hour * 60 + closure.end.minute,
        "reason": closure.reason,
        "holiday": closure.holiday,
    }


def _extra_kept(extra: ExtraView) -> dict[str, Any]:
    return {
        "kind": "extra",
        "resource": str(extra.resource_id),
        "site": str(extra.site_id),
        "from": extra.day.isoformat(),
        "from_minute": extra.from_minute,
        "until": extra.day.isoformat(),
        "until_minute": extra.until_minute,
        "reason": "",
    }
