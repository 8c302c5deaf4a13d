"""Lets each request through to its view only when the view is for that person."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.defaults import permission_denied

from aiguille.accounts import second_factor
from aiguille.accounts.rights import NotAllowed
from aiguille.journeys import who
from aiguille.journeys.suspended import suspend
from aiguille.kernel.errors import ElsewhereFirst
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, audience_of

_OPEN = frozenset({Who.EVERYBODY, Who.PROGRAM})


class Doorkeeper:
    """Reads what a view declares (`reachable_by`) and turns others away.

    Strangers are sent to sign in; whoever signed in but is not meant gets 404, as for an address
    that does not exist. A view that declares nothing is for nobody.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on; the work is done once its view is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *_: Any
    ) -> HttpResponseBase | None:
        """Return nothing to let the request pass, else the answer to give instead."""
        audience = audience_of(view)
        if audience & _OPEN or (Who.DEMO in audience and settings.DEMO):
            return None
        if Who.STAFF in audience and who.find_staff(request):
            return _ask_second_factor(request)
        if Who.PATIENT in audience and who.find_space(request):
            return None
        if request.user.is_authenticated and not _is_patient_without_space(request, audience):
            raise Http404
        if Who.STAFF in audience:
            return _go(request, reverse(settings.LOGIN_URL), keep_place=True)
        if Who.PATIENT in audience:
            return _go(request, reverse("public:ask_link"))
        raise Http404

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """Answer what faces let pass.

        Whoever must prove first that it is they is sent to do so, with what they sent kept; a
        member of staff whose roles do not include what was asked gets 403.
        """
        if isinstance(exception, ElsewhereFirst) and request.method == "POST":
            key = suspend(request, at=clock.now())
            if who.find_staff(request) is None:
                return _go(request, reverse("portal:confirm", args=[key]))
            back = reverse("desk:resume", args=[key])
            page = reverse("account_reauthenticate")
            return _go(request, f"{page}?{urlencode({'next': back})}")
        if isinstance(exception, NotAllowed):
            return permission_denied(request, exception)
        return None


def _ask_second_factor(request: HttpRequest) -> HttpResponseBase | None:
    if not who.lacks_second_factor(request):
        return None
    page = "mfa_reauthenticate" if second_factor.is_enrolled(request) else "mfa_activate_totp"
    return _go(request, reverse(page), keep_place=True)


def _is_patient_without_space(request: HttpRequest, audience: frozenset[Who]) -> bool:
    user = request.user
    return user.is_authenticated and not user.is_work_account and Who.PATIENT in audience


def _go(request: HttpRequest, address: str, *, keep_place: bool = False) -> HttpResponse:
    if keep_place and request.method == "GET" and "HX-Request" not in request.headers:
        address = f"{address}?{urlencode({'next': request.get_full_path()})}"
    if "HX-Request" in request.headers:
        # A fragment must not be filled with the sign-in page: the whole page goes there.
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
