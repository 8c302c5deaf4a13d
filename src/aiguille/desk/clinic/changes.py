"""Forms of the set-up: leave and closures, extra openings, people and things."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from aiguille.accounts.queries import list_staff_accounts
from aiguille.accounts.rights import Right, require
from aiguille.clinics.operations import (
    add_closure,
    add_extra_opening,
    create_resource,
    set_resource_active,
    update_resource,
)
from aiguille.clinics.queries import list_sites
from aiguille.clinics.timetable import (
    ResourceState,
    get_resource,
    list_resources,
)
from aiguille.desk.clinic.forms import (
    ClosureForm,
    ExtraForm,
    NewPractitionerForm,
    NewThingForm,
    ResourceForm,
    known_skills,
)
from aiguille.desk.clinic.saving import Page, show, try_to_save
from aiguille.desk.clinic.views import FORMS
from aiguille.desk.clinic.words import kind_name
from aiguille.journeys.reads.clinic import read_resource, read_site
from aiguille.journeys.who import staff_of
from aiguille.kernel.codes import ResourceKind
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by

FOUND = 302
FORM, CONFIRM = "desk/clinic/form.html", "desk/clinic/confirm.html"


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def close(request: HttpRequest, resource_id: UUID) -> HttpResponse:
    """Record leave, or close a room or a device for a time."""
    actor, at = staff_of(request), clock.now()
    shown = read_resource(resource_id=resource_id, actor=actor, at=at)
    resource = shown.resource
    is_person = resource.is_practitioner
    form = ClosureForm(
        request.POST if request.method == "POST" else None,
        today=shown.today,
        may_leave=is_person and shown.can_manage,
    )
    page = Page(
        FORM,
        {
            "title": _("Record leave") if is_person else _("Close for a time"),
            "eyebrow": resource.full_name,
        },
        back=_page_of(resource),
        done=_("Leave recorded.") if is_person else _("Closure recorded."),
    )
    if request.method != "POST":
        return show(request, page, form)
    return _close(request, page, form, resource_id=resource_id)


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def close_site(request: HttpRequest, code: str) -> HttpResponse:
    """Close a whole site for a time."""
    shown = read_site(code=code, actor=staff_of(request), at=clock.now())
    form = ClosureForm(
        request.POST if request.method == "POST" else None, today=shown.today, may_leave=False
    )
    page = Page(
        FORM,
        {
            "title": _("Close the whole site"),
            "eyebrow": shown.site.name,
        },
        back=reverse("desk:clinic_site", args=[code]),
        done=_("Closure recorded."),
    )
    if request.method != "POST":
        return show(request, page, form)
    return _close(request, page, form, site_id=shown.site.id)


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def extra(request: HttpRequest, resource_id: UUID) -> HttpResponse:
    """Open on one more date."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    shown = read_resource(resource_id=resource_id, actor=actor, at=at)
    resource = shown.resource
    form = ExtraForm(
        request.POST if request.method == "POST" else None,
        sites=[site for site in shown.sites if resource.site_id in {None, site.id}],
        today=shown.today,
    )
    page = Page(
        FORM,
        {
            "title": _("Add an extra opening"),
            "eyebrow": resource.full_name,
        },
        back=_page_of(resource),
        done=_("Extra opening added."),
    )
    if request.method != "POST":
        return show(request, page, form)

    def change() -> object:
        from_minute, until_minute = form.minutes
        return add_extra_opening(
            resource_id=resource_id,
            site_id=UUID(form.cleaned_data["site_id"]),
            on=form.cleaned_data["on"],
            from_minute=from_minute,
            until_minute=until_minute,
            actor=actor,
            at=at,
        )

    return try_to_save(request, page, form, change, actor=actor, at=at)


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def edit(request: HttpRequest, resource_id: UUID) -> HttpResponse:
    """Rename a practitioner, a room or a device, and say what they may be asked for."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    resource = get_resource(resource_id)
    form = ResourceForm(
        request.POST if request.method == "POST" else None,
        kind=resource.kind,
        known=known_skills(list_resources(), resource.kind),
        initial={
            "title": resource.title,
            "name": resource.name,
            "skills": resource.skills,
            "seen": resource.mark,
        },
    )
    page = Page(
        FORM,
        {
            "title": _("Change %(name)s") % {"name": resource.full_name},
            "eyebrow": kind_name(resource.kind),
        },
        back=_page_of(resource),
        done=_("Saved."),
    )
    if request.method != "POST":
        return show(request, page, form)
    return try_to_save(
        request,
        page,
        form,
        lambda: update_resource(
            resource_id=resource_id,
            title=form.cleaned_data.get("title", ""),
            name=form.cleaned_data["name"],
            skills=form.chosen_skills,
            seen=form.cleaned_data["seen"] or None,
            actor=actor,
            at=at,
        ),
        actor=actor,
        at=at,
    )


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def new(request: HttpRequest) -> HttpResponse:
    """Add a room or a device; its hours come next."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    sites = list_sites()
    form = NewThingForm(request.POST if request.method == "POST" else None, sites=sites)
    page = Page(
        FORM,
        {
            "title": _("Add a room or a device"),
            "lead": _("Then say what it serves for, and when it is open."),
        },
        back=reverse("desk:clinic"),
        done=_("Added. Now say what it serves for, and set its hours."),
    )
    if request.method != "POST":
        return show(request, page, form)

    def create() -> UUID:
        return create_resource(
            kind=ResourceKind(form.cleaned_data["kind"]),
            code=_free_code(form.cleaned_data["site"], form.cleaned_data["name"]),
            name=form.cleaned_data["name"],
            site_id=next(site.id for site in sites if site.code == form.cleaned_data["site"]),
            actor=actor,
            at=at,
        )

    return _made(request, page, form, create)


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def new_practitioner(request: HttpRequest) -> HttpResponse:
    """Let somebody who has an account be booked; skills and hours come next."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_CLINIC)
    known = {resource.user_id for resource in list_resources()}
    accounts = {str(each.id): each for each in list_staff_accounts() if each.id not in known}
    form = NewPractitionerForm(
        request.POST if request.method == "POST" else None, accounts=list(accounts.values())
    )
    page = Page(
        FORM,
        {
            "title": _("Add a practitioner"),
            "lead": _("Somebody who has a staff account. Then say what they perform, and when."),
        },
        back=reverse("desk:clinic"),
        done=_("Added. Now say what they perform, and set their hours."),
    )
    if request.method != "POST":
        return show(request, page, form)

    def create() -> UUID:
        account = accounts[form.cleaned_data["user_id"]]
        return create_resource(
            kind=ResourceKind.PRACTITIONER,
            code=_free_code("dr", account.display_name),
            name=account.display_name,
            title=form.cleaned_data["title"],
            user_id=account.id,
            actor=actor,
            at=at,
        )

    return _made(request, page, form, create)


@reachable_by(Who.STAFF)
@require_http_methods(FORMS)
@never_cache
def withdraw(request: HttpRequest, resource_id: UUID) -> HttpResponse:
    """Let somebody or something take no part in appointments any more."""
    require(staff_of(request), Right.MANAGE_CLINIC)
    resource = get_resource(resource_id)
    page = Page(
        CONFIRM,
        {
            "title": _("Withdraw %(name)s from appointments?") % {"name": resource.full_name},
            "lead": _(
                "From now on nobody can be booked there. What is booked stays until somebody moves it."
            ),
            "save": _("Withdraw"),
        },
        back=_page_of(resource),
        done=_("%(name)s takes no part in appointments any more.") % {"name": resource.full_name},
    )
    if request.method != "POST":
        return show(request, page, forms.Form())
    return _set_active(request, page, resource, is_active=False)


@reachable_by(Who.STAFF)
@require_http_methods(["POST"])
def bring_back(request: HttpRequest, resource_id: UUID) -> HttpResponse:
    """Let somebody or something withdrawn take part again."""
    require(staff_of(request), Right.MANAGE_CLINIC)
    resource = get_resource(resource_id)
    page = Page(
        CONFIRM,
        {
            "title": _("Bring %(name)s back") % {"name": resource.full_name},
            "save": _("Bring back"),
        },
        back=_page_of(resource),
        done=_("%(name)s takes part in appointments again.") % {"name": resource.full_name},
    )
    return _set_active(request, page, resource, is_active=True)


def _made(
    request: HttpRequest, page: Page, form: forms.Form, create: Callable[[], UUID]
) -> HttpResponse:
    """Create somebody or something, and go on to their page."""
    made: list[UUID] = []
    answer = try_to_save(
        request,
        page,
        form,
        lambda: made.append(create()),
        actor=staff_of(request),
        at=clock.now(),
    )
    if answer.status_code == FOUND:
        answer["Location"] = reverse("desk:clinic_resource", args=[made[-1]])
    return answer


def _set_active(
    request: HttpRequest, page: Page, resource: ResourceState, *, is_active: bool
) -> HttpResponse:
    actor, at = staff_of(request), clock.now()
    return try_to_save(
        request,
        page,
        forms.Form(request.POST),
        lambda: set_resource_active(
            resource_id=resource.id, is_active=is_active, actor=actor, at=at
        ),
        actor=actor,
        at=at,
    )


def _close(
    request: HttpRequest,
    page: Page,
    form: ClosureForm,
    *,
    resource_id: UUID | None = None,
    site_id: UUID | None = None,
) -> HttpResponse:
    actor, at = staff_of(request), clock.now()

    def change() -> object:
        (from_date, from_minute), (until_date, until_minute) = form.bounds()
        return add_closure(
            resource_id=resource_id,
            site_id=site_id,
            from_date=from_date,
            from_minute=from_minute,
            until_date=until_date,
            until_minute=until_minute,
            reason=form.cleaned_data["reason"],
            actor=actor,
            at=at,
        )

    return try_to_save(request, page, form, change, actor=actor, at=at)


def _free_code(site: str, name: str) -> str:
    """Return a code that no other resource has, made of the site's and of a name."""
    taken = {resource.code for resource in list_resources()}
    stem = f"{site}-{slugify(name) or 'x'}"[:34]
    number, code = 2, stem
    while code in taken:
        number, code = number + 1, f"{stem}-{number}"
    return code


def _page_of(resource: ResourceState) -> str:
    return reverse("desk:clinic_resource", args=[resource.id])
