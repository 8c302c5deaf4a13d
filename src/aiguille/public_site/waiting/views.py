"""Joining the waiting list, and the page that its messages lead to.

Looking changes nothing: mail programs look at links too. Each answer is one press of a button.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from aiguille.booking.access import get_waiting_of_link
from aiguille.booking.queries import free_times
from aiguille.booking.waiting_queries import WaitingView
from aiguille.journeys import who
from aiguille.journeys.book_online import request_key
from aiguille.journeys.reads.free_now import FreeNow, free_now
from aiguille.journeys.reads.waiting import place_of
from aiguille.journeys.wait_for_time import (
    LINK_HOLDER,
    accept_by_link,
    decline_by_link,
    leave_by_link,
    wait_online,
)
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.patients.operations import LinkUnusable, TooManyAttempts
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal, explain
from aiguille.public_site.booking.forms import ChosenStart
from aiguille.public_site.booking.views import bookable, browser_of
from aiguille.public_site.waiting.forms import JoinForm, read_uuid

Page = Callable[[HttpRequest, str, WaitingView], HttpResponse]


@reachable_by(Who.EVERYBODY)
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, service_code: str) -> HttpResponse:
    """Ask what times would do and who waits, and put them on the list.

    Where a time that would do is free already, it is shown first.
    """
    service, at = bookable(service_code), clock.now()
    offered = free_times(service=service, first_day=at.date(), last_day=at.date(), at=at)
    form = JoinForm(
        request.POST if request.method == "POST" else None,
        sites=offered.sites,
        practitioners=offered.practitioners,
        today=at.date(),
        initial={
            "language": get_language(),
            "key": str(new_id()),
            "sites": request.GET.getlist("site"),
            "practitioners": request.GET.getlist("doctor"),
        },
    )
    status = 422 if form.is_bound else 200
    free: list[FreeNow] = []
    if form.is_bound and form.is_valid() and "anyway" not in request.POST:
        free = free_now(service=service, when=form.when(), at=at)
    if free:
        status = 200
    elif form.is_bound and form.is_valid() and not form.is_a_program:
        try:
            wait_online(
                visitor=form.visitor(),
                service_id=service.id,
                when=form.when(),
                request_key=request_key(
                    browser=browser_of(request), form_key=form.cleaned_data["key"]
                ),
                address=who.address_of(request),
                at=at,
            )
        except DomainError as refusal:
            status = 429 if isinstance(refusal, TooManyAttempts) else 422
            add_refusal(form, refusal)
        else:
            return HttpResponseRedirect(reverse("public:waiting_joined"))
    context = {
        "form": form,
        "free": [
            (one, ChosenStart(one.start.starts_at, one.start.site_id, one.practitioner_id).value)
            for one in free
        ],
        "service": service,
        "service_name": service.name.in_language(get_language() or "fr"),
    }
    return render(request, "public_site/waiting/join.html", context, status=status)


@reachable_by(Who.EVERYBODY)
@require_http_methods(["GET", "HEAD"])
def joined(request: HttpRequest) -> HttpResponse:
    """Say that a message is on its way; the same whether the person was on the list or not."""
    return render(request, "public_site/waiting/joined.html")


def of_link(page: Page) -> Callable[[HttpRequest, str], HttpResponse]:
    """Give the page the place that the link speaks of, or say that the link is dead."""

    @reachable_by(Who.EVERYBODY)
    @never_cache
    @wraps(page)
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        try:
            found = get_waiting_of_link(token=token, at=clock.now())
        except LinkUnusable:
            return render(request, "public_site/waiting/dead.html", status=404)
        return page(request, token, found)

    return opened


@of_link
@require_http_methods(["GET", "HEAD"])
def waiting(request: HttpRequest, token: str, found: WaitingView) -> HttpResponse:
    """Show the time that is offered, else the place on the list."""
    return _show(request, token, found)


@of_link
@require_POST
def accept(request: HttpRequest, token: str, found: WaitingView) -> HttpResponse:
    """Take the time that was offered."""
    try:
        accept_by_link(
            token=token,
            offer_id=read_uuid(request.POST, "offer") or found.id,
            give_back=read_uuid(request.POST, "give_back"),
            at=clock.now(),
        )
    except DomainError as refusal:
        return _refused(request, token, refusal)
    return _again(token)


@of_link
@require_POST
def decline(request: HttpRequest, token: str, found: WaitingView) -> HttpResponse:
    """Leave the time to the next person, and stay on the list."""
    try:
        decline_by_link(
            token=token, offer_id=read_uuid(request.POST, "offer") or found.id, at=clock.now()
        )
    except DomainError as refusal:
        return _refused(request, token, refusal)
    messages.success(request, _("Thank you: the time goes to the next person."))
    return _again(token)


@of_link
@require_POST
def leave(_request: HttpRequest, token: str, _found: WaitingView) -> HttpResponse:
    """Leave the list."""
    leave_by_link(token=token, at=clock.now())
    return _again(token)


# --- Parts ----------------------------------------------------------------------------------------


def _again(token: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("public:waiting", args=[token]))


def _refused(request: HttpRequest, token: str, refusal: DomainError) -> HttpResponse:
    latest = get_waiting_of_link(token=token, at=clock.now())
    return _show(request, token, latest, refusal=explain(refusal), status=422)


def _show(
    request: HttpRequest, token: str, found: WaitingView, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    place = place_of(found, actor=LINK_HOLDER, at=clock.now())
    context = {
        "entry": found,
        "token": token,
        "service": found.service_name.in_language(get_language() or "fr"),
        "place": place,
        "offer": place.offer,
        "refusal": refusal,
    }
    return render(request, "public_site/waiting/waiting.html", context, status=status)
