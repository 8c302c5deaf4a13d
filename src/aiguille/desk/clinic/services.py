"""What is booked: each service's phases, what each of them holds, and how it is offered."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.accounts.rights import Right, require
from aiguille.catalogue.operations import ServiceUnsound, update_service
from aiguille.catalogue.queries import (
    NotInCatalogue,
    ServiceView,
    get_service,
    list_all_services,
)
from aiguille.catalogue.soundness import mark_of_service
from aiguille.clinics.timetable import list_resources
from aiguille.desk.clinic.forms import skill_choices
from aiguille.desk.clinic.saving import Page, show, try_to_save
from aiguille.desk.clinic.service_form import (
    MOST_NEEDS,
    MOST_PHASES,
    ServiceForm,
    from_service,
    typed_rows,
    typed_values,
)
from aiguille.desk.clinic.views import FORMS
from aiguille.desk.clinic.words import draw_phases, draw_service
from aiguille.journeys.change_set_up import impossible_services
from aiguille.journeys.who import staff_of
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.refusals import add_refusal


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def services(request: HttpRequest) -> HttpResponse:
    """List the services, each with the picture of what it holds when."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    impossible = {each.service.id: each.obstacle for each in impossible_services(at=at)}
    lines = [
        {"service": service, "obstacle": impossible.get(service.id), **_drawn(service)}
        for service in list_all_services()
    ]
    return render(
        request, "desk/clinic/services.html", {"lines": lines, "back": reverse("desk:clinic")}
    )


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def service(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Edit a service; “add” only gives the form one more row."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    try:
        shown = get_service(service_id)
    except NotInCatalogue as error:
        raise NotVisible from error
    asked = [(need.kind, need.skill) for each in list_all_services() for need in each.needs]
    skills = skill_choices(list_resources(), asked)
    page = Page(
        "desk/clinic/service.html",
        {"service": shown, **_drawn(shown)},
        back=reverse("desk:clinic_services"),
        done=_("The service is saved. What is booked keeps its time."),
    )
    if request.method != "POST":
        initial = from_service(shown, seen=mark_of_service(shown))
        return show(request, page, ServiceForm(service=shown, skills=skills, initial=initial))
    needs, phases = typed_rows(request.POST)
    action = request.POST.get("action", "save")
    if action != "save":
        needs += action == "add-need"
        phases += action == "add-phase"
        form = ServiceForm(
            service=shown,
            skills=skills,
            initial=typed_values(request.POST),
            rows=(min(needs, MOST_NEEDS), min(phases, MOST_PHASES)),
        )
        return show(request, page, form)
    form = ServiceForm(request.POST, service=shown, skills=skills, rows=(needs, phases))

    def refuse(error: DomainError) -> None:
        if isinstance(error, ServiceUnsound):
            form.refuse(error)
        else:
            add_refusal(form, error)

    def change() -> None:
        asked_needs, asked_phases = form.parts()
        update_service(
            service_id=service_id,
            needs=asked_needs,
            phases=asked_phases,
            min_notice_minutes=form.notice_minutes(),
            max_horizon_days=form.cleaned_data["max_horizon_days"],
            slot_step_minutes=form.cleaned_data["slot_step_minutes"],
            is_bookable_online=form.cleaned_data.get(
                "is_bookable_online", shown.is_bookable_online
            ),
            is_active=form.cleaned_data["is_active"],
            seen=form.cleaned_data["seen"] or None,
            actor=actor,
            at=at,
        )

    return try_to_save(request, page, form, change, refuse=refuse, actor=actor, at=at)


def _drawn(service: ServiceView) -> dict[str, Any]:
    return {
        "drawn_needs": draw_service(service.needs, service.phases),
        "drawn_phases": draw_phases(service.needs, service.phases),
    }
