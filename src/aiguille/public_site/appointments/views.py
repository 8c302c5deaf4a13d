"""The appointment behind a link: looking uses nothing up, and a dead link offers a new one."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from aiguille.booking.access import get_appointment_of_link
from aiguille.booking.calendar_file import FILE_NAME, MEDIA_TYPE, calendar_file
from aiguille.booking.courses import Chosen
from aiguille.booking.placing import SlotTaken
from aiguille.booking.queries import AppointmentView
from aiguille.booking.rules import CHANGE_LIMIT, may_still_change
from aiguille.booking.states import StaleVersion
from aiguille.catalogue.queries import get_service
from aiguille.clinics.queries import get_site, the_group
from aiguille.journeys import who
from aiguille.journeys.change_appointment import (
    LINK_HOLDER,
    ask_for_new_links,
    cancel_by_link,
    move_by_link,
)
from aiguille.journeys.reads.course import following_of
from aiguille.kernel.errors import DomainError
from aiguille.patients.operations import LinkUnusable
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.phones import show_phone
from aiguille.plumbing.refusals import explain
from aiguille.public_site.appointments.forms import AskLinkForm
from aiguille.public_site.booking.forms import ChosenStart
from aiguille.public_site.booking.times import nearest_days, times_page, when

Page = Callable[[HttpRequest, str, AppointmentView], HttpResponse]


def of_link(page: Page) -> Callable[[HttpRequest, str], HttpResponse]:
    """Give the page the appointment that the link speaks of, or say that the link is dead."""

    @reachable_by(Who.EVERYBODY)
    @never_cache
    @wraps(page)
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        try:
            found = get_appointment_of_link(token=token, at=clock.now())
        except LinkUnusable as refusal:
            context = {"reason": explain(refusal), "form": AskLinkForm()}
            return render(request, "public_site/appointments/dead.html", context, status=404)
        return page(request, token, found)

    return opened


@of_link
@require_http_methods(["GET", "HEAD"])
def appointment(request: HttpRequest, token: str, found: AppointmentView) -> HttpResponse:
    """Show the appointment and what may be done with it."""
    return _show(request, token, found)


@of_link
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, token: str, found: AppointmentView) -> HttpResponse:
    """Show other free times, and move the appointment to the one that is chosen."""
    if not _is_changeable(found):
        return HttpResponseRedirect(reverse("public:appointment", args=[token]))
    if request.method != "POST":
        return _move_page(request, token, found)
    chosen = ChosenStart.read(request.POST.get("start", ""))
    if chosen is None:
        refusal = _("Choose one of the times below.")
        return _move_page(request, token, found, refusal=refusal, status=422)
    concerns_others = _concerns_others(found, chosen)
    try:
        move_by_link(
            token=token,
            starts_at=chosen.starts_at,
            site_id=chosen.site_id,
            practitioner_id=chosen.practitioner_id,
            version=_version(request),
            at=clock.now(),
        )
    except SlotTaken as lost:
        days = nearest_days(lost.nearest, chosen.practitioner_id)
        return _move_page(request, token, found, refusal=explain(lost), nearest=days, status=422)
    except StaleVersion as stale:
        return _stale(request, token, stale)
    except DomainError as error:
        return _move_page(request, token, found, refusal=explain(error), status=422)
    messages.success(request, _("Your appointment is moved."))
    if concerns_others:
        messages.warning(
            request,
            _(
                "Your other sessions do not keep their intervals with it any more. Your space"
                " proposes other times for them; you may also call us."
            ),
        )
    return HttpResponseRedirect(reverse("public:appointment", args=[token]))


@of_link
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, token: str, found: AppointmentView) -> HttpResponse:
    """Ask whether the appointment is really to be cancelled, and cancel it."""
    if request.method == "POST":
        try:
            cancel_by_link(token=token, version=_version(request), at=clock.now())
        except StaleVersion as stale:
            return _stale(request, token, stale)
        except DomainError as error:
            return _show(request, token, found, refusal=explain(error), status=422)
        return HttpResponseRedirect(reverse("public:appointment", args=[token]))
    if not _is_changeable(found):
        return HttpResponseRedirect(reverse("public:appointment", args=[token]))
    context = {"appointment": found, "token": token, "when": when(found.local)}
    return render(request, "public_site/appointments/cancel.html", context)


@of_link
@require_http_methods(["GET", "HEAD"])
def calendar(_request: HttpRequest, token: str, found: AppointmentView) -> HttpResponse:
    """Hand out the calendar file."""
    site = get_site(found.site_id)
    assert site is not None
    content = calendar_file(
        found,
        site=site,
        group=the_group(),
        language=get_language() or "fr",
        link=settings.BASE_URL + reverse("public:appointment", args=[token]),
        at=clock.now(),
    )
    return HttpResponse(
        content,
        content_type=f"{MEDIA_TYPE}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{FILE_NAME}"'},
    )


@reachable_by(Who.EVERYBODY)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_link(request: HttpRequest) -> HttpResponse:
    """Send new links to a mailbox; the answer is the same whether the clinic knows it or not."""
    form = AskLinkForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        ask_for_new_links(
            email=form.cleaned_data["email"], address=who.address_of(request), at=clock.now()
        )
        return HttpResponseRedirect(reverse("public:appointment_link_asked"))
    status = 422 if form.is_bound else 200
    return render(request, "public_site/appointments/dead.html", {"form": form}, status=status)


@reachable_by(Who.EVERYBODY)
@require_http_methods(["GET", "HEAD"])
def link_asked(request: HttpRequest) -> HttpResponse:
    """Say that a message is on its way, if the address is known."""
    return render(request, "public_site/appointments/asked.html")


# --- Parts ----------------------------------------------------------------------------------------


def _is_changeable(found: AppointmentView) -> bool:
    return found.is_ahead and may_still_change(
        starts_at=found.starts_at, actor=LINK_HOLDER, at=clock.now()
    )


def _concerns_others(found: AppointmentView, chosen: ChosenStart) -> bool:
    """Tell whether other sessions of the course would have to move too."""
    start = Chosen(chosen.site_id, chosen.starts_at, chosen.practitioner_id)
    page = following_of(found, start=start, actor=LINK_HOLDER, at=clock.now())
    return page is not None and page.concerns_others


def _version(request: HttpRequest) -> int:
    """Return the version that the page showed; what is no number is no version there ever was."""
    said = request.POST.get("version", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def _show(
    request: HttpRequest,
    token: str,
    found: AppointmentView,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    site = get_site(found.site_id)
    assert site is not None
    context = {
        "appointment": found,
        "token": token,
        "site": site,
        "phone": show_phone(site.phone),
        "when": when(found.local),
        "service": found.service_name.in_language(get_language() or "fr"),
        "is_changeable": _is_changeable(found),
        "is_cancelled": found.state == "CANCELLED",
        "limit": int(CHANGE_LIMIT.total_seconds() // 3600),
        "refusal": refusal,
    }
    return render(request, "public_site/appointments/appointment.html", context, status=status)


def _stale(request: HttpRequest, token: str, stale: StaleVersion) -> HttpResponse:
    latest = get_appointment_of_link(token=token, at=clock.now())
    return _show(request, token, latest, refusal=explain(stale), status=409)


def _move_page(
    request: HttpRequest,
    token: str,
    found: AppointmentView,
    *,
    refusal: str = "",
    nearest: tuple[object, ...] = (),
    status: int = 200,
) -> HttpResponse:
    page = times_page(
        request,
        service=get_service(found.service_id),
        at=clock.now(),
        moving=found.id,
        patient_id=found.patient_id,
        chosen=(found.site_id, found.practitioner_id),
    )
    context = {
        "appointment": found,
        "token": token,
        "when": when(found.local),
        "page": page,
        "refusal": refusal,
        "nearest": nearest,
    }
    return render(request, "public_site/appointments/move.html", context, status=status)
