"""Adding other calendars, reading them again, and removing them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from aiguille.clinics.external.operations import (
    add_address,
    add_file,
    read_again,
    remove_calendar,
    replace_file,
)
from aiguille.desk.calendars.forms import CalendarForm, FileForm, content_of
from aiguille.journeys.reads.calendars import read_external, read_practitioner_calendars
from aiguille.journeys.who import staff_of
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.refusals import add_refusal

_FORMS = ("GET", "HEAD", "POST")


@reachable_by(Who.STAFF)
@sensitive_post_parameters("address")
@require_http_methods(_FORMS)
@never_cache
def add(request: HttpRequest, resource_id: UUID) -> HttpResponse:
    """Add another calendar, by its address or as a file."""
    actor, at = staff_of(request), clock.now()
    page = read_practitioner_calendars(resource_id=resource_id, actor=actor, at=at)
    form = CalendarForm(request.POST or None, request.FILES or None, zones=page.zones)
    if form.is_valid():
        given = form.cleaned_data
        try:
            if given["file"] is not None:
                add_file(
                    resource_id=resource_id,
                    name=given["name"],
                    content=content_of(given["file"]),
                    time_zone=given.get("time_zone", ""),
                    calendar_id=given["key"],
                    actor=actor,
                    at=at,
                )
                said = _("The file is read: no new appointment is offered while it says taken.")
            else:
                add_address(
                    resource_id=resource_id,
                    name=given["name"],
                    address=given["address"],
                    time_zone=given.get("time_zone", ""),
                    calendar_id=given["key"],
                    actor=actor,
                    at=at,
                )
                said = _("The calendar is added; it is being read for the first time.")
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, said)
            return redirect("desk:practitioner_calendars", resource_id)
    context = {"form": form, "page": page}
    status = 422 if form.errors else 200
    return render(request, "desk/calendars/add.html", context, status=status)


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def file(request: HttpRequest, calendar_id: UUID) -> HttpResponse:
    """Hand in a newer file of a calendar."""
    actor = staff_of(request)
    calendar = read_external(calendar_id=calendar_id, actor=actor)
    if not calendar.is_file:
        raise NotVisible
    form = FileForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            replace_file(
                calendar_id=calendar_id,
                content=content_of(form.cleaned_data["file"]),
                actor=actor,
                at=clock.now(),
            )
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("The newer file is read."))
            return redirect("desk:practitioner_calendars", calendar.resource_id)
    context = {"form": form, "calendar": calendar}
    status = 422 if form.errors else 200
    return render(request, "desk/calendars/file.html", context, status=status)


@reachable_by(Who.STAFF)
@require_POST
def read(request: HttpRequest, calendar_id: UUID) -> HttpResponse:
    """Read a calendar now."""
    actor = staff_of(request)
    calendar = read_external(calendar_id=calendar_id, actor=actor)
    read_again(calendar_id=calendar_id, actor=actor, at=clock.now())
    messages.success(request, _("The calendar is being read again."))
    return redirect("desk:practitioner_calendars", calendar.resource_id)


@reachable_by(Who.STAFF)
@require_POST
def remove(request: HttpRequest, calendar_id: UUID) -> HttpResponse:
    """Remove a calendar with its busy time."""
    actor = staff_of(request)
    calendar = read_external(calendar_id=calendar_id, actor=actor)
    remove_calendar(calendar_id=calendar_id, actor=actor, at=clock.now())
    messages.success(request, _("The calendar is removed, and its busy time with it."))
    return redirect("desk:practitioner_calendars", calendar.resource_id)
