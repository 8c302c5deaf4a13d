"""A service as patients see it: a new one, its names and price, who performs it, and its end."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from aiguille.accounts.rights import Right, has_right, require
from aiguille.catalogue.operations import (
    ServiceUnsound,
    describe_service,
    discard_draft,
    draft_service,
)
from aiguille.catalogue.queries import (
    NotInCatalogue,
    ServiceView,
    get_service,
    list_all_services,
    list_treatments,
)
from aiguille.catalogue.soundness import mark_of_service
from aiguille.clinics.timetable import list_resources
from aiguille.desk.clinic.saving import Effects, Page, show, try_to_save
from aiguille.desk.clinic.service_text_form import (
    NewServiceForm,
    PerformersForm,
    ServiceTextForm,
    from_service,
)
from aiguille.desk.clinic.views import FORMS
from aiguille.desk.clinic.words import skill_name
from aiguille.journeys.change_set_up import (
    Outcome,
    practitioner_need,
    read_retirement,
    set_performers,
)
from aiguille.journeys.change_set_up import retire as retire_from_offer
from aiguille.journeys.who import staff_of
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.refusals import add_refusal, explain

FOUND = 302
# What operations call the fields, and what the form does.
_FIELDS = {
    "name.fr": "name_fr",
    "name.en": "name_en",
    "description.fr": "description_fr",
    "description.en": "description_en",
    "price_minor": "price",
    "treatment_id": "subject",
}


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def new_service(request: HttpRequest) -> HttpResponse:
    """Begin a service: a draft that nobody can book, whose phases come next."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    form = NewServiceForm(
        request.POST if request.method == "POST" else None,
        treatments=list_treatments(),
        initial={"price_display": "EXACT"},
    )
    page = Page(
        "desk/clinic/service_text.html",
        {
            "title": _("Add a service"),
            "lead": _("It stays a draft, which nobody can book, until you put it on offer."),
            "save": _("Keep the draft"),
        },
        back=reverse("desk:clinic_services"),
        done=_("The draft is kept. Now say what it needs, and how long it takes."),
    )
    if request.method != "POST":
        return show(request, page, form)
    made: list[UUID] = []
    answer = try_to_save(
        request,
        page,
        form,
        lambda: made.append(draft_service(**form.said(), actor=actor, at=at)),
        refuse=lambda error: _refuse(form, error),
        actor=actor,
        at=at,
    )
    if answer.status_code == FOUND:
        answer["Location"] = reverse("desk:clinic_service", args=[made[-1]])
    return answer


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def service_text(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Change what a service is called, how it is described and what it costs."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    shown = found_service(service_id)
    form = ServiceTextForm(
        request.POST if request.method == "POST" else None,
        initial=from_service(shown, seen=mark_of_service(shown)),
    )
    page = Page(
        "desk/clinic/service_text.html",
        {
            "title": _("Name and price"),
            "eyebrow": _named(shown),
            "lead": _(
                "Pages, messages and calendars then use the new name, for what is booked too."
            ),
        },
        back=reverse("desk:clinic_service", args=[service_id]),
        done=_("Saved."),
    )
    if request.method != "POST":
        return show(request, page, form)
    return try_to_save(
        request,
        page,
        form,
        lambda: describe_service(
            service_id=service_id,
            **form.said(),
            seen=form.cleaned_data["seen"] or None,
            actor=actor,
            at=at,
        ),
        refuse=lambda error: _refuse(form, error),
        actor=actor,
        at=at,
    )


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def performers(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Say who performs a service: who has the skill that it asks for."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    shown = found_service(service_id)
    need = practitioner_need(shown)
    if need is None or not need.skill:
        raise NotVisible
    doctors = [one for one in list_resources() if one.is_practitioner and one.is_active]
    form = PerformersForm(
        request.POST if request.method == "POST" else None,
        doctors=doctors,
        initial={"people": [str(one.id) for one in doctors if need.skill in one.skills]},
    )
    page = Page(
        "desk/clinic/performers.html",
        {
            "title": _("Who performs it"),
            "eyebrow": _named(shown),
            "skill": skill_name(need.skill),
            "others": [
                _named(other)
                for other in list_all_services()
                if other.id != shown.id and any(n.skill == need.skill for n in other.needs)
            ],
        },
        back=reverse("desk:clinic_service", args=[service_id]),
        done=_("Saved."),
    )
    if request.method != "POST":
        return show(request, page, form)
    return try_to_save(
        request,
        page,
        form,
        lambda: set_performers(
            service_id=service_id, practitioner_ids=form.ids(), actor=actor, at=at
        ),
        actor=actor,
        at=at,
    )


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def retire(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Take a service off the offer, once what is booked with it was shown."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    shown = found_service(service_id)
    page = Page(
        "desk/clinic/confirm.html",
        {
            "title": _("Take “%(name)s” off the offer?") % {"name": _named(shown)},
            "lead": _("From then on nobody can book it, online or at the desk."),
            "save": _("Take off the offer"),
        },
        back=reverse("desk:clinic_service", args=[service_id]),
        done="",
    )
    if request.method == "POST":
        stands = retire_from_offer(
            service_id=service_id,
            confirmed=request.POST.get("confirmed", ""),
            actor=actor,
            at=at,
        )
        if stands.is_done:
            messages.success(
                request, _("It is off the offer. What is booked with it keeps its time.")
            )
            return redirect(page.back)
    else:
        stands = read_retirement(service_id=service_id, at=at)
    effects = Effects(
        Outcome(is_saved=False, displaced=(), impossible=(), key=stands.key),
        names_patients=has_right(actor, Right.SEE_IDENTITY),
        standing=stands.appointments,
    )
    return show(request, page, forms.Form(), effects=effects if stands.appointments else None)


@reachable_by(Who.STAFF)
@require_POST
def discard(request: HttpRequest, service_id: UUID) -> HttpResponse:
    """Throw a draft away."""
    actor = staff_of(request)
    require(actor, Right.MANAGE_CLINIC)
    found_service(service_id)
    try:
        discard_draft(service_id=service_id, actor=actor, at=clock.now())
    except ServiceUnsound as error:
        messages.error(request, explain(error))
        return redirect("desk:clinic_service", service_id)
    messages.success(request, _("The draft is thrown away."))
    return redirect("desk:clinic_services")


def found_service(service_id: UUID) -> ServiceView:
    """Return a service.

    Raises:
        NotVisible: there is none.
    """
    try:
        return get_service(service_id)
    except NotInCatalogue as error:
        raise NotVisible from error


def _named(service: ServiceView) -> str:
    return service.name.in_language(get_language() or "fr")


def _refuse(form: forms.Form, error: DomainError) -> None:
    field = _FIELDS.get(error.field or "", "")
    if field in form.fields:
        form.add_error(field, explain(error))
    else:
        add_refusal(form, error)
