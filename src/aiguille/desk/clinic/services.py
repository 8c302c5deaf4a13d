"""What is booked: each service's phases, what each of them holds, and how it is offered."""

from collections.abc import Sequence
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
from aiguille.catalogue.queries import ServiceView, list_all_services
from aiguille.catalogue.service_changes import missing_of
from aiguille.catalogue.soundness import mark_of_service
from aiguille.clinics.queries import list_sites
from aiguille.clinics.timetable import ResourceState, list_resources
from aiguille.desk.clinic.forms import skill_choices
from aiguille.desk.clinic.offers import found_service
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
from aiguille.journeys.change_set_up import impossible_services, practitioner_need
from aiguille.journeys.who import staff_of
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def services(request: HttpRequest) -> HttpResponse:
    """List the services, each with the picture of what it holds when; drafts and retired ones last."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    impossible = {each.service.id: each.obstacle for each in impossible_services(at=at)}
    sites = {site.id: site.name for site in list_sites()}
    every = list_all_services()
    groups = (
        (_("Services on offer"), [each for each in every if each.is_active]),
        (_("Drafts"), [each for each in every if each.is_draft]),
        (
            _("Services off the offer"),
            [each for each in every if not each.is_active and not each.is_draft],
        ),
    )
    context = {
        "groups": [
            (
                name,
                [
                    {
                        "service": each,
                        "obstacle": impossible.get(each.id),
                        "sites": [sites[one] for one in each.site_ids if one in sites],
                        **_drawn(each),
                    }
                    for each in some
                ],
            )
            for name, some in groups
            if some
        ],
        "back": reverse("desk:clinic"),
    }
    return render(request, "desk/clinic/services.html", context)


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def service(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Edit a service; “add” only gives the form one more row, “offer” puts it on offer."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    shown = found_service(service_id)
    asked = [(need.kind, need.skill) for each in list_all_services() for need in each.needs]
    resources, sites = list_resources(), list_sites()
    skills = skill_choices(resources, asked)
    action = request.POST.get("action", "save")
    page = Page(
        "desk/clinic/service.html",
        {
            "service": shown,
            "missing": None if shown.is_active else missing_of(shown, on=at.date()),
            "performers": _performers(shown, resources),
            "action": "offer" if action == "offer" else "save",
            **_drawn(shown),
        },
        back=reverse("desk:clinic_services"),
        done=_done(shown, action),
    )
    if request.method != "POST":
        initial = from_service(shown, seen=mark_of_service(shown))
        form = ServiceForm(service=shown, skills=skills, sites=sites, initial=initial)
        return show(request, page, form)
    needs, phases = typed_rows(request.POST)
    if action not in {"save", "offer"}:
        needs += action == "add-need"
        phases += action == "add-phase"
        form = ServiceForm(
            service=shown,
            skills=skills,
            sites=sites,
            initial=typed_values(request.POST),
            rows=(min(needs, MOST_NEEDS), min(phases, MOST_PHASES)),
        )
        return show(request, page, form)
    form = ServiceForm(
        request.POST, service=shown, skills=skills, sites=sites, rows=(needs, phases)
    )

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
            site_ids=form.site_ids(),
            is_active=shown.is_active or action == "offer",
            seen=form.cleaned_data["seen"] or None,
            actor=actor,
            at=at,
        )

    answer = try_to_save(request, page, form, change, refuse=refuse, actor=actor, at=at)
    if answer.status_code == 302 and shown.is_draft and action == "save":
        answer["Location"] = reverse("desk:clinic_service", args=[service_id])
    return answer


def _done(service: ServiceView, action: str) -> str:
    if action == "offer":
        return _("The service is on offer.")
    if service.is_draft:
        return _("The draft is kept.")
    return _("The service is saved. What is booked keeps its time.")


def _performers(service: ServiceView, resources: Sequence[ResourceState]) -> dict[str, Any]:
    """Return who performs a service, and whether that can be chosen."""
    need = practitioner_need(service)
    able = [
        one.full_name
        for one in resources
        if need is not None
        and one.is_practitioner
        and one.is_active
        and (not need.skill or need.skill in one.skills)
    ]
    return {"need": need, "names": able, "can_choose": need is not None and bool(need.skill)}


def _drawn(service: ServiceView) -> dict[str, Any]:
    return {
        "drawn_needs": draw_service(service.needs, service.phases),
        "drawn_phases": draw_phases(service.needs, service.phases),
    }
