"""The weekly hours of somebody or something, from a date on, and taking back what was planned."""

from datetime import date
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from aiguille.accounts.rights import Right, require
from aiguille.clinics.operations import OpeningUnsound, drop_weekly_hours, set_weekly_hours
from aiguille.clinics.queries import list_sites
from aiguille.clinics.timetable import ResourceState, get_resource, mark_of_hours, weekly_hours
from aiguille.clinics.weeks import Week, weeks_of
from aiguille.desk.clinic.hours_form import (
    MOST_STRETCHES,
    WEEK,
    HoursForm,
    copied,
    from_hours,
    typed_rows,
    typed_values,
)
from aiguille.desk.clinic.saving import Page, show, try_to_save
from aiguille.desk.clinic.views import FORMS, typed_date
from aiguille.desk.clinic.words import weekday_name
from aiguille.journeys.reads.clinic import today_at
from aiguille.journeys.who import staff_of
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.refusals import add_refusal


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def hours(request: HttpRequest, resource_id: UUID) -> HttpResponse:
    """Edit the weekly hours; “copy” and “add” only change what the form shows."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    resource = get_resource(resource_id)
    sites = [site for site in list_sites() if resource.site_id in {None, site.id}]
    weeks = weeks_of(weekly_hours(resource_id))
    first_day, week = _asked(typed_date(request.GET.get("from")), weeks, today_at(list_sites(), at))
    counts, initial = from_hours(week.openings)
    seen = mark_of_hours(resource_id)
    context = {
        "planned": [each for each in weeks if each.first_day and each.first_day > first_day],
        "resource": resource,
        "sites": sites,
        "weekdays": [(day, weekday_name(day)) for day in WEEK],
        "copy_from": 0,
    }
    page = Page(
        "desk/clinic/hours.html",
        context,
        back=_page_of(resource),
        done=_("The hours are saved."),
    )
    if request.method != "POST":
        form = HoursForm(
            sites=sites, rows=counts, initial={**initial, "seen": seen, "valid_from": first_day}
        )
        return show(request, page, form)
    counts = typed_rows(request.POST)
    action = request.POST.get("action", "save")
    if action != "save":
        values = typed_values(request.POST, counts)
        if action == "copy":
            source = _weekday(request.POST.get("copy_from", ""))
            targets = [_weekday(value) for value in request.POST.getlist("copy_to")]
            counts, values = copied(values, counts, source=source, targets=targets)
            context["copy_from"] = source
        elif action.startswith("add-"):
            day = _weekday(action.removeprefix("add-"))
            counts[day] = min(counts[day] + 1, MOST_STRETCHES)
        values |= {name: request.POST.get(name, "") for name in ("seen", "valid_from")}
        return show(request, page, HoursForm(sites=sites, rows=counts, initial=values))
    form = HoursForm(request.POST, sites=sites, rows=counts)

    def refuse(error: DomainError) -> None:
        if isinstance(error, OpeningUnsound):
            form.refuse(error)
        else:
            add_refusal(form, error)

    return try_to_save(
        request,
        page,
        form,
        lambda: set_weekly_hours(
            resource_id=resource_id,
            openings=form.openings(),
            valid_from=form.cleaned_data["valid_from"] or today_at(sites, at),
            seen=form.cleaned_data["seen"] or None,
            actor=actor,
            at=at,
        ),
        refuse=refuse,
        actor=actor,
        at=at,
    )


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def drop(request: HttpRequest, resource_id: UUID, day: str) -> HttpResponse:
    """Take back hours that were to begin on a day; those before them go on."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    resource = get_resource(resource_id)
    first_day = typed_date(day)
    weeks = weeks_of(weekly_hours(resource_id))
    if first_day is None or all(week.first_day != first_day for week in weeks):
        raise NotVisible
    page = Page(
        "desk/clinic/confirm.html",
        {
            "title": _("Take back the hours of %(name)s from %(day)s on?")
            % {"name": resource.full_name, "day": date_format(first_day, "j F Y")},
            "lead": _("The hours that hold before this date then go on."),
            "save": _("Take back"),
        },
        back=reverse("desk:clinic_resource", args=[resource_id]),
        done=_("Those hours are taken back."),
    )
    if request.method != "POST":
        return show(request, page, forms.Form())
    return try_to_save(
        request,
        page,
        forms.Form(request.POST),
        lambda: drop_weekly_hours(
            resource_id=resource_id, valid_from=first_day, actor=actor, at=at
        ),
        actor=actor,
        at=at,
    )


def _page_of(resource: ResourceState) -> str:
    return reverse("desk:clinic_resource", args=[resource.id])


def _asked(asked: date | None, weeks: list[Week], today: date) -> tuple[date, Week]:
    """Return from when on hours are changed, and which hours stand there."""
    first_day = max(asked or today, today)
    return first_day, next(week for week in weeks if week.holds_on(first_day))


def _weekday(value: str) -> int:
    return int(value) if value in {str(day) for day in WEEK} else 0
