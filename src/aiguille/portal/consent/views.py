"""The consent pages: every section read and ticked, a sentence copied, a signature."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.accounts.signing import ConfirmIdentity
from aiguille.consent.operations import AlreadyWithdrawn, TextReplaced
from aiguille.consent.rules import ConsentIncomplete
from aiguille.journeys import who
from aiguille.journeys.reads.consent import ConsentPage, list_signed, read_consent, read_signed
from aiguille.journeys.sign_consent import sign_consent, withdraw_consent
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal, explain
from aiguille.portal.consent.forms import ConsentForm, WithdrawalForm, text_of, tick_of

_FORMS = ("GET", "HEAD", "POST")


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
def consent(request: HttpRequest, treatment_code: str) -> HttpResponse:
    """Show the text of a treatment, and sign it."""
    actor, patient_id = who.patient_of(request)
    page = _read(patient_id, treatment_code)
    if request.method != "POST":
        return _show(request, page, _fresh(page))
    if text_of(request.POST) != page.text.id:
        return _show_replaced(request, page)
    form = ConsentForm(request.POST, content=page.text.content)
    if form.is_valid():
        try:
            consent_id = _sign(form, page, patient_id=patient_id, actor=actor)
        except TextReplaced:
            return _show_replaced(request, _read(patient_id, treatment_code))
        except ConsentIncomplete as refusal:
            form.add_refusal(refusal)
        except ConfirmIdentity as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, gettext("Thank you: your consent is signed."))
            return HttpResponseRedirect(reverse("portal:signed_consent", args=[consent_id]))
    return _show(request, page, form, status=422)


@reachable_by(Who.PATIENT)
@require_GET
@never_cache
def consents(request: HttpRequest) -> HttpResponse:
    """List what the patient signed, and what there is to sign."""
    _, patient_id = who.patient_of(request)
    shown = list_signed(patient_id=patient_id, at=clock.now())
    return render(request, "portal/consent/list.html", {"shown": shown})


@reachable_by(Who.PATIENT)
@require_GET
@never_cache
def signed(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """Show a consent again as it was signed."""
    _, patient_id = who.patient_of(request)
    shown = read_signed(patient_id=patient_id, consent_id=consent_id, at=clock.now())
    return render(request, "portal/consent/signed.html", {"shown": shown})


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
def withdraw(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """Say what withdrawing does, and withdraw."""
    actor, patient_id = who.patient_of(request)
    at = clock.now()
    shown = read_signed(patient_id=patient_id, consent_id=consent_id, at=at)
    address = reverse("portal:signed_consent", args=[consent_id])
    if shown.consent.withdrawn_at is not None:
        return HttpResponseRedirect(address)
    form = WithdrawalForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_consent(
                consent_id=consent_id, reason=form.cleaned_data["reason"], actor=actor, at=at
            )
        except AlreadyWithdrawn as refusal:
            messages.info(request, explain(refusal))
            return HttpResponseRedirect(address)
        except DomainError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, gettext("Your consent is withdrawn."))
            return HttpResponseRedirect(address)
    context = {"form": form, "shown": shown}
    status = 422 if form.errors else 200
    return render(request, "portal/consent/withdraw.html", context, status=status)


def _read(patient_id: UUID, treatment_code: str) -> ConsentPage:
    return read_consent(
        patient_id=patient_id,
        treatment_code=treatment_code,
        language=get_language() or "fr",
        at=clock.now(),
    )


def _sign(form: ConsentForm, page: ConsentPage, *, patient_id: UUID, actor: Actor) -> UUID:
    kind, signature = form.signature
    return sign_consent(
        patient_id=patient_id,
        treatment_id=page.treatment.id,
        text_id=page.text.id,
        answers=form.answers,
        mention=form.cleaned_data["mention"],
        signature_kind=kind,
        signature=signature,
        request_key=form.cleaned_data["request_key"],
        actor=actor,
        at=clock.now(),
    )


def _fresh(page: ConsentPage) -> ConsentForm:
    """Return an empty form; its key makes it sign once, however often it is sent."""
    return ConsentForm(
        initial={"text": page.text.id, "request_key": new_id()}, content=page.text.content
    )


def _show_replaced(request: HttpRequest, page: ConsentPage) -> HttpResponse:
    """Show the new text from the start: what was ticked was another one."""
    return _show(request, page, _fresh(page), status=409, is_replaced=True)


def _show(
    request: HttpRequest,
    page: ConsentPage,
    form: ConsentForm,
    *,
    status: int = 200,
    is_replaced: bool = False,
) -> HttpResponse:
    sections = page.text.content["sections"]
    context = {
        "page": page,
        "form": form,
        "is_replaced": is_replaced,
        "sections": [
            (section, form[tick_of(section["id"])] if section["acknowledgement"] else None)
            for section in sections
        ],
        "signature_error": " ".join(map(str, form.errors.get("signed_name", []))),
    }
    return render(request, "portal/consent/consent.html", context, status=status)
