"""Choosing what, when and who: each page works by itself, and without script."""

import secrets
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from aiguille.booking.holds import TooManyHolds
from aiguille.booking.operations import NotBookable, hold_slot
from aiguille.booking.placing import SlotTaken
from aiguille.booking.queries import HoldView, get_appointment, hold_of
from aiguille.catalogue.concerns import offered_concerns
from aiguille.catalogue.prices import price_of
from aiguille.catalogue.queries import (
    NotInCatalogue,
    ServiceView,
    TreatmentView,
    get_service,
    list_services,
    list_treatments,
    service_by_code,
)
from aiguille.clinics.queries import get_practitioner, get_site
from aiguille.journeys import who
from aiguille.journeys.book_online import already_booked, book_online
from aiguille.kernel.codes import ServiceKind
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.refusals import add_refusal, explain
from aiguille.public_site.booking.forms import ChosenStart, DetailsForm
from aiguille.public_site.booking.times import nearest_days, times_page, when

_BROWSER, _BOOKED = "browser", "booked"


@reachable_by(Who.EVERYBODY)
@require_http_methods(["GET", "HEAD"])
def choose(request: HttpRequest) -> HttpResponse:
    """Show what can be booked, narrowed to a concern or to a procedure where the address says so."""
    language = get_language() or "fr"
    concerns = offered_concerns()
    concern = next((one for one in concerns if one.code == request.GET.get("concern")), None)
    wanted = request.GET.get("procedure") if concern is None else None
    treatments = list_treatments() if concern is None else concern.treatments
    by_procedure: dict[str, list[TreatmentView]] = {}
    for treatment in treatments:
        by_procedure.setdefault(treatment.procedure, []).append(treatment)
    services = [
        {
            "code": service.code,
            "name": service.name.in_language(language),
            "description": service.description.in_language(language),
            "minutes": service.minutes,
            "price": price_of(service),
            "treatments": [
                (one.name.in_language(language), one.summary.in_language(language))
                for one in by_procedure.get(service.procedure, [])
            ],
        }
        for service in list_services(kind=ServiceKind.CONSULTATION)
        if service.is_bookable_online
        and wanted in {None, "", service.procedure}
        and (concern is None or service.procedure in by_procedure)
    ]
    context = {
        "services": services,
        "concerns": [
            (one.code, one.name.in_language(language), one is concern) for one in concerns
        ],
        "is_narrowed": concern is not None,
    }
    return render(request, "public_site/booking/choose.html", context)


@reachable_by(Who.EVERYBODY)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def times(request: HttpRequest, service_code: str) -> HttpResponse:
    """Show the free times of a consultation, and hold the one that is chosen."""
    service = bookable(service_code)
    if request.method != "POST":
        return _times(request, service)
    chosen = ChosenStart.read(request.POST.get("start", ""))
    if chosen is None:
        return _times(request, service, refusal=_("Choose one of the times below."))
    try:
        hold_slot(
            browser=browser_of(request),
            service_id=service.id,
            site_id=chosen.site_id,
            starts_at=chosen.starts_at,
            practitioner_id=chosen.practitioner_id,
            address=who.address_of(request),
            at=clock.now(),
        )
    except TooManyHolds as refusal:
        return _times(request, service, refusal=explain(refusal), status=429)
    except SlotTaken as refusal:
        return _times(request, service, refusal=explain(refusal), lost=refusal, chosen=chosen)
    return HttpResponseRedirect(reverse("public:book_details"))


@reachable_by(Who.EVERYBODY)
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    """Ask who comes, with the held time in view, and book."""
    browser, at = request.session.get(_BROWSER, ""), clock.now()
    held = hold_of(browser=browser, at=at)
    if request.method != "POST":
        if held is None:
            return HttpResponseRedirect(reverse("public:book"))
        form = DetailsForm(initial={"language": get_language(), "key": held.key})
        return _details(request, form, held)
    if made := already_booked(browser=browser, form_key=request.POST.get("key", "")):
        return _booked(request, made)
    form = DetailsForm(request.POST)
    if "start" in request.POST:
        return _hold_another(request, form, held, browser=browser)
    return _book(request, form, held, browser=browser)


@reachable_by(Who.EVERYBODY)
@never_cache
@require_http_methods(["GET", "HEAD"])
def booked(request: HttpRequest) -> HttpResponse:
    """Show what this browser booked last."""
    made = request.session.get(_BOOKED)
    if made is None:
        return HttpResponseRedirect(reverse("public:book"))
    appointment = get_appointment(UUID(made))
    site = get_site(appointment.site_id)
    context = {
        "appointment": appointment,
        "site": site,
        "when": when(appointment.local),
        "service": appointment.service_name.in_language(get_language() or "fr"),
    }
    return render(request, "public_site/booking/booked.html", context)


# --- Parts ----------------------------------------------------------------------------------------


def bookable(service_code: str) -> ServiceView:
    """Return a consultation that is booked online.

    Raises:
        NotVisible, Http404: there is none with this code.
    """
    try:
        service = service_by_code(service_code)
    except NotInCatalogue as error:
        raise NotVisible from error
    if not (
        service.is_active
        and service.is_bookable_online
        and service.kind is ServiceKind.CONSULTATION
    ):
        raise Http404
    return service


def browser_of(request: HttpRequest) -> str:
    """Return the secret by which this browser's hold is known, made at its first choice."""
    return str(request.session.setdefault(_BROWSER, secrets.token_urlsafe(24)))


def _times(
    request: HttpRequest,
    service: ServiceView,
    *,
    refusal: str = "",
    lost: SlotTaken | None = None,
    chosen: ChosenStart | None = None,
    status: int = 422,
) -> HttpResponse:
    page = times_page(
        request,
        service=service,
        at=clock.now(),
        browser=request.session.get(_BROWSER, ""),
    )
    context = {
        "page": page,
        "zones": page.times.time_zones,
        "now": clock.now(),
        "service": service,
        "service_name": service.name.in_language(get_language() or "fr"),
        "refusal": refusal,
        "nearest": nearest_days(lost.nearest, chosen.practitioner_id) if lost and chosen else (),
    }
    return render(
        request, "public_site/booking/times.html", context, status=status if refusal else 200
    )


def _details(
    request: HttpRequest,
    form: DetailsForm,
    held: HoldView | None,
    *,
    lost: SlotTaken | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, object] = {"form": form, "held": held}
    if held is not None:
        service = get_service(held.service_id)
        site = get_site(held.site_id)
        doctor = get_practitioner(held.practitioner_id) if held.practitioner_id else None
        assert site is not None
        start = held.local_in(site.time_zone)
        context |= {
            "service": service,
            "service_name": service.name.in_language(get_language() or "fr"),
            "site": site,
            "doctor": doctor.full_name if doctor else "",
            "when": when(start),
            "is_kept": lost is None,
            "now": clock.now(),
            "nearest": nearest_days(lost.nearest, held.practitioner_id) if lost else (),
        }
    return render(request, "public_site/booking/details.html", context, status=status)


def _book(
    request: HttpRequest, form: DetailsForm, held: HoldView | None, *, browser: str
) -> HttpResponse:
    lost = None
    if held is None:
        form.add_error(None, _("The time was kept for ten minutes and is free again. Choose one."))
    elif form.is_valid() and not form.is_a_program:
        try:
            made = book_online(
                visitor=form.visitor(),
                held=held,
                browser=browser,
                form_key=form.cleaned_data["key"],
                at=clock.now(),
            )
        except SlotTaken as refusal:
            lost = refusal
            add_refusal(form, refusal)
        except DomainError as refusal:
            add_refusal(form, refusal)
        else:
            return _booked(request, made)
    return _details(request, form, held, lost=lost, status=422)


def _hold_another(
    request: HttpRequest, form: DetailsForm, held: HoldView | None, *, browser: str
) -> HttpResponse:
    """Hold one of the nearest times instead; what was typed stays."""
    chosen = ChosenStart.read(request.POST["start"])
    if chosen is None or held is None:
        form.add_error(None, _("Choose one of the times below."))
        return _details(request, form, held, status=422)
    try:
        now_held = hold_slot(
            browser=browser,
            service_id=held.service_id,
            site_id=chosen.site_id,
            starts_at=chosen.starts_at,
            practitioner_id=chosen.practitioner_id,
            address=who.address_of(request),
            at=clock.now(),
        )
    except (SlotTaken, NotBookable, TooManyHolds) as refusal:
        form.add_error(None, explain(refusal))
        lost = refusal if isinstance(refusal, SlotTaken) else None
        return _details(request, form, held, lost=lost, status=422)
    typed = request.POST.copy()
    typed["key"] = now_held.key
    return _details(request, DetailsForm(initial=typed.dict()), now_held)


def _booked(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    request.session[_BOOKED] = str(appointment_id)
    return HttpResponseRedirect(reverse("public:booked"))
