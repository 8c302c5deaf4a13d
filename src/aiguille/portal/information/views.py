"""What concerns the patient before a session: read, ticked, kept."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from aiguille.care.operations import InformationChanged
from aiguille.clinics.queries import list_sites
from aiguille.journeys import who
from aiguille.journeys.read_information import acknowledge_information, read_information
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal
from aiguille.portal.information.forms import InformationForm

UNPROCESSABLE, STALE = 422, 409


@reachable_by(Who.PATIENT)
@require_http_methods(("GET", "HEAD", "POST"))
@never_cache
def information(request: HttpRequest, treatment_code: str) -> HttpResponse:
    """Show what there is to read about a treatment, and keep that it was read."""
    actor, patient_id = who.patient_of(request)
    at = clock.now()
    reading = read_information(patient_id=patient_id, treatment_code=treatment_code, at=at)
    form = InformationForm(
        request.POST if request.method == "POST" else None, waiting=reading.waiting
    )
    status = 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                acknowledge_information(
                    patient_id=patient_id,
                    treatment_code=treatment_code,
                    ticked=form.ticked,
                    seen=request.POST.getlist("seen"),
                    language=get_language() or "fr",
                    actor=actor,
                    at=at,
                )
            except DomainError as refusal:
                add_refusal(form, refusal)
                status = STALE if isinstance(refusal, InformationChanged) else UNPROCESSABLE
            else:
                messages.success(request, gettext("Thank you: the clinic knows that you read it."))
                return HttpResponseRedirect(reverse("portal:home"))
    return render(
        request,
        "portal/information/information.html",
        {"reading": reading, "form": form, "site": list_sites()[0]},
        status=status,
    )
