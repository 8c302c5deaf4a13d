"""Making, replacing and revoking a practitioner's own feeds."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from aiguille.booking.feeds import create_practitioner_feed, replace_feed, revoke_feed
from aiguille.journeys.feed_form import PractitionerFeedForm, key_of
from aiguille.journeys.reads.calendars import own_practitioner_id
from aiguille.journeys.shown_once import keep_address
from aiguille.journeys.who import staff_of
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.refusals import add_refusal, explain


@reachable_by(Who.STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def new(request: HttpRequest) -> HttpResponse:
    """Make an address for the practitioner's own appointments."""
    actor = staff_of(request)
    if own_practitioner_id(actor=actor) is None:
        raise NotVisible
    form = PractitionerFeedForm(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            issued = create_practitioner_feed(
                name=given["name"],
                language=given["language"],
                has_initials=given["has_initials"],
                actor=actor,
                at=clock.now(),
                feed_id=given["key"],
            )
        except DomainError as error:
            add_refusal(form, error)
        else:
            keep_address(request, issued)
            return redirect("desk:calendars")
    status = 422 if form.errors else 200
    return render(request, "desk/calendars/new_feed.html", {"form": form}, status=status)


@reachable_by(Who.STAFF)
@require_POST
def replace(request: HttpRequest, feed_id: UUID) -> HttpResponse:
    """Make a new address in the place of one."""
    try:
        issued = replace_feed(
            feed_id=feed_id,
            actor=staff_of(request),
            at=clock.now(),
            new_feed_id=key_of(request),
        )
    except DomainError as error:
        messages.error(request, explain(error))
    else:
        keep_address(request, issued)
    return redirect("desk:calendars")


@reachable_by(Who.STAFF)
@require_POST
def revoke(request: HttpRequest, feed_id: UUID) -> HttpResponse:
    """Let an address work no more."""
    revoke_feed(feed_id=feed_id, actor=staff_of(request), at=clock.now())
    messages.success(request, _("The address is revoked."))
    return redirect("desk:calendars")
