"""The way back from the confirmation: what was typed is sent again, signed or unsigned."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from aiguille.accounts.signing import is_confirmed
from aiguille.journeys.suspended import given_back, take
from aiguille.journeys.who import staff_of
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def resume(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give a suspended form back: to sign, or unsigned where the person did not confirm."""
    actor, at = staff_of(request), clock.now()
    sent = take(request, key, at=at)
    if sent is None:
        messages.warning(request, _("Nothing waits to be signed any more: please fill in again."))
        return redirect("desk:start")
    goes_on = "cancel" not in request.GET and is_confirmed(actor, at=at)
    return render(request, "journeys/signing/resume.html", given_back(sent, goes_on=goes_on))
