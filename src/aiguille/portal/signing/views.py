"""A signature asks for the birth date again; what was typed is then sent again, signed or unsigned."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.accounts.signing import is_confirmed
from aiguille.journeys import who
from aiguille.journeys.become_patient import switch_patient
from aiguille.journeys.suspended import given_back, take
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal
from aiguille.portal.patients.forms import BirthDateForm


@reachable_by(Who.PATIENT)
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask for the birth date of the patient whose space is open, and lead back to the form."""
    space = who.space_of(request)
    form = BirthDateForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        assert space.actor.id is not None
        try:
            switch_patient(
                user_id=space.actor.id,
                patient_id=space.patient_id,
                birth_date=form.cleaned_data["birth_date"],
                address=who.address_of(request),
                at=clock.now(),
            )
        except DomainError as refusal:
            add_refusal(form, refusal)
        else:
            who.note_proved(request, patient_id=space.patient_id)
            return HttpResponseRedirect(reverse("portal:resume", args=[key]))
    context = {"form": form, "left": f"{reverse('portal:resume', args=[key])}?cancel"}
    status = 422 if form.errors else 200
    return render(request, "portal/signing/confirm.html", context, status=status)


@reachable_by(Who.PATIENT)
@require_GET
@never_cache
def resume(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give a suspended form back: to sign, or unsigned where the patient did not confirm."""
    actor, _patient = who.patient_of(request)
    at = clock.now()
    sent = take(request, key, at=at)
    if sent is None:
        messages.warning(request, _("Nothing waits to be signed any more: please fill in again."))
        return HttpResponseRedirect(reverse("portal:home"))
    goes_on = "cancel" not in request.GET and is_confirmed(actor, at=at)
    return render(request, "journeys/signing/resume.html", given_back(sent, goes_on=goes_on))
