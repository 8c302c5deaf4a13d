"""Sending photos to the clinic, seeing them, and taking back one that was sent."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.journeys import who
from aiguille.journeys.posted_photos import (
    PostedPhotos,
    add_posted,
    photo_form,
    picture,
    takes_photos,
    wants_json,
)
from aiguille.journeys.reads.outcomes import clinic_today
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.outcomes.access import may_withdraw
from aiguille.outcomes.forms import ReasonForm
from aiguille.outcomes.operations import open_photo, open_thumbnail, withdraw_photo
from aiguille.outcomes.queries import PhotoLine, photos_of
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.refusals import add_refusal

UNPROCESSABLE = 422
_FORMS = ("GET", "HEAD", "POST")


@reachable_by(Who.PATIENT)
@takes_photos
@require_http_methods(_FORMS)
def photos(request: HttpRequest) -> HttpResponse:
    """Show the patient's photos, and take more."""
    actor, patient_id = who.patient_of(request)
    at = clock.now()
    posted = PostedPhotos(
        photo_form(today=clinic_today(at), chosen=request.GET.dict(), for_patient=True)
    )
    if request.method == "POST":
        posted = add_posted(request, patient_id=patient_id, actor=actor, at=at, for_patient=True)
        if wants_json(request):
            return posted.as_json()
        if posted.added:
            messages.success(
                request,
                ngettext("%(count)d photo added.", "%(count)d photos added.", len(posted.added))
                % {"count": len(posted.added)},
            )
        if posted.is_done:
            return redirect("portal:photos")
    context = {
        "form": posted.form,
        "refused": posted.refused,
        "photos": photos_of(patient_id=patient_id),
    }
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "portal/photos/photos.html", context, status=status)


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
def photo(request: HttpRequest, photo_id: UUID) -> HttpResponse:
    """Show one photo, and take it back where the patient sent it."""
    actor, shown = _own(request, photo_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            withdraw_photo(photo_id=photo_id, reason=reason, actor=actor, at=clock.now())
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("The photo is withdrawn: nobody uses it any more."))
            return redirect("portal:photos")
    context = {
        "photo": shown,
        "form": form,
        "can_withdraw": may_withdraw(actor=actor, author_id=shown.author_id),
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "portal/photos/photo.html", context, status=status)


@reachable_by(Who.PATIENT)
@require_GET
def image(request: HttpRequest, photo_id: UUID) -> HttpResponse:
    """Hand over a photo; who sees it is noted."""
    actor, _shown = _own(request, photo_id)
    return picture(open_photo(photo_id=photo_id, actor=actor, at=clock.now()))


@reachable_by(Who.PATIENT)
@require_GET
def small(request: HttpRequest, photo_id: UUID) -> HttpResponse:
    """Hand over a photo's small picture."""
    actor, _shown = _own(request, photo_id)
    return picture(open_thumbnail(photo_id=photo_id, actor=actor, at=clock.now()))


def _own(request: HttpRequest, photo_id: UUID) -> tuple[Actor, PhotoLine]:
    """Return a photo of the patient whose space is open: the login may act for several."""
    actor, patient_id = who.patient_of(request)
    for one in photos_of(patient_id=patient_id):
        if one.id == photo_id:
            return actor, one
    raise NotVisible
