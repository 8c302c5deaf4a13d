"""Profile, documents, switching between patients, sign-out."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aiguille.care.prescriptions import every_prescription
from aiguille.journeys import who
from aiguille.journeys.become_patient import switch_patient
from aiguille.kernel.errors import DomainError
from aiguille.patients.operations import StalePatient, change_contact, open_document
from aiguille.patients.queries import get_identity, list_documents
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.refusals import add_refusal
from aiguille.portal.patients.forms import BirthDateForm, ContactForm


@reachable_by(Who.PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show the identity, and let the patient change how they are reached."""
    actor, patient_id = who.patient_of(request)
    identity = get_identity(patient_id)
    shown = {
        "email": identity.email,
        "phone": identity.shown_phone,
        "language": identity.language,
        "version": identity.version,
    }
    form = ContactForm(request.POST if request.method == "POST" else None, initial=shown)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                change_contact(
                    patient_id=patient_id, actor=actor, at=clock.now(), **form.cleaned_data
                )
            except StalePatient as refusal:
                add_refusal(form, refusal)
                status = 409
            except DomainError as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, gettext("Your details are saved."))
                return HttpResponseRedirect(reverse("portal:profile"))
    context = {"form": form, "identity": identity, "space": who.space_of(request)}
    return render(request, "portal/patients/profile.html", context, status=status)


@reachable_by(Who.PATIENT)
@require_GET
def documents(request: HttpRequest) -> HttpResponse:
    """List the documents that the clinic shows to the patient."""
    _, patient_id = who.patient_of(request)
    shown = list_documents(patient_id, shown_to_patient=True)
    replaced = {one.id: one.replaced_at for one in every_prescription(patient_id=patient_id)}
    context = {"documents": [(line, replaced.get(line.subject_id)) for line in shown]}
    return render(request, "portal/patients/documents.html", context)


@reachable_by(Who.PATIENT)
@require_GET
@never_cache
def document(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """Hand over a document."""
    actor, patient_id = who.patient_of(request)
    # The login may act for several patients; only the one whose space is open is shown.
    if document_id not in {line.id for line in list_documents(patient_id, shown_to_patient=True)}:
        raise NotVisible
    opened = open_document(document_id=document_id, actor=actor, at=clock.now())
    response = HttpResponse(opened.content, content_type=opened.media_type)
    response.headers["Content-Disposition"] = f'inline; filename="{slugify(opened.title)}.pdf"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@reachable_by(Who.PATIENT)
@require_GET
def switch(request: HttpRequest) -> HttpResponse:
    """List the patients for whom the login acts."""
    return render(request, "portal/patients/switch.html", {"space": who.space_of(request)})


@reachable_by(Who.PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def switch_to(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Show another patient: at once when opened in this session, else with the birth date."""
    space = who.space_of(request)
    wanted = next((p for p in space.patients if p.patient_id == patient_id), None)
    if wanted is None:
        raise NotVisible
    if patient_id in space.opened and request.method == "POST":
        who.note_opened(request, patient_id=patient_id)
        return HttpResponseRedirect(reverse("portal:home"))
    form = BirthDateForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        assert space.actor.id is not None
        try:
            switch_patient(
                user_id=space.actor.id,
                patient_id=patient_id,
                birth_date=form.cleaned_data["birth_date"],
                address=who.address_of(request),
                at=clock.now(),
            )
        except DomainError as refusal:
            add_refusal(form, refusal)
        else:
            who.note_proved(request, patient_id=patient_id)
            return HttpResponseRedirect(reverse("portal:home"))
    status = 422 if form.errors else 200
    context = {"form": form, "wanted": wanted}
    return render(request, "portal/patients/switch_to.html", context, status=status)


@reachable_by(Who.PATIENT)
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Close the space in this browser."""
    logout(request)
    return HttpResponseRedirect(reverse("public:home"))
