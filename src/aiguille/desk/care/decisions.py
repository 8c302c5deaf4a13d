"""What the physician decides: the verdict, and its end."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from aiguille.accounts.rights import Right, require
from aiguille.care.operations import StaleVersion
from aiguille.care.queries import VerdictView, get_verdict
from aiguille.care.rules import Override
from aiguille.care.validity import validity
from aiguille.catalogue.queries import get_treatment
from aiguille.desk.care.forms import EndForm, VerdictForm
from aiguille.desk.care.words import steps_of
from aiguille.journeys.give_verdict import give_verdict
from aiguille.journeys.reads.consultation import (
    ConsultationPage,
    protocol_choices,
    read_consultation,
)
from aiguille.journeys.suspend_verdict import end_verdict
from aiguille.journeys.who import staff_of
from aiguille.kernel.codes import VerdictOutcome
from aiguille.kernel.errors import DomainError
from aiguille.patients.access import get_patient_for
from aiguille.patients.queries import get_identity
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.refusals import add_refusal

UNPROCESSABLE, STALE = 422, 409
_FORMS = ("GET", "HEAD", "POST")


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def verdict(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Give a verdict on a treatment."""
    actor = staff_of(request)
    at = clock.now()
    page = read_consultation(appointment_id=appointment_id, actor=actor, at=at)
    if page.consultation is None:
        return redirect("desk:consultation", appointment_id)
    form = VerdictForm(request.POST or None, page=page, initial=_proposed_verdict(page))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            verdict_id = give_verdict(
                patient_id=page.identity.id,
                treatment_id=UUID(given["treatment"]),
                consultation_id=page.consultation.id,
                outcome=form.outcome_code(),
                reason=given["reason"],
                conditions=given["conditions"],
                valid_from=given["valid_from"],
                valid_until=given["valid_until"],
                overrides=[Override(rule, why) for rule, why in form.overrides().items()],
                today=page.today,
                actor=actor,
                at=at,
            )
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("The verdict is signed."))
            if form.outcome_code() is VerdictOutcome.NOT_ELIGIBLE:
                return redirect("desk:conclude", appointment_id)
            return redirect("desk:plan", appointment_id, verdict_id)
    context = {
        "form": form,
        "blocking": [finding for finding in page.findings if finding.decision == "BLOCK"],
        "given": [(one, page.treatment(one.treatment_id)) for one in page.verdicts],
    }
    return _show(request, "verdict", page, context, failed=bool(form.errors))


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def end(request: HttpRequest, verdict_id: UUID) -> HttpResponse:
    """Suspend or revoke a verdict with a reason."""
    actor = staff_of(request)
    require(actor, Right.GIVE_VERDICT)
    at = clock.now()
    found = _verdict(verdict_id)
    get_patient_for(actor=actor, patient_id=found.patient_id, at=at, right=Right.READ_RECORD)
    identity = get_identity(found.patient_id)
    form = EndForm(
        request.POST or None, initial={"how": "suspend", "version": found.status_version}
    )
    status = 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                end_verdict(
                    verdict_id=verdict_id,
                    how=form.cleaned_data["how"],
                    reason=form.cleaned_data["reason"],
                    version=form.cleaned_data["version"],
                    actor=actor,
                    at=at,
                )
            except DomainError as error:
                add_refusal(form, error)
                status = STALE if isinstance(error, StaleVersion) else UNPROCESSABLE
            else:
                messages.success(
                    request, _("Done. Its sessions keep their time and wait for a verdict.")
                )
                return redirect("desk:patient", identity.number)
    context = {
        "form": form,
        "verdict": found,
        "identity": identity,
        "treatment": get_treatment(found.treatment_id),
    }
    return render(request, "desk/care/end_verdict.html", context, status=status)


def _proposed_verdict(page: ConsultationPage) -> dict[str, Any]:
    """Return what the verdict's form proposes: the first treatment, from today, for its course."""
    first = page.treatments[0] if page.treatments else None
    longest = (
        max((choice.last_session_after_days for choice in protocol_choices(first)), default=0)
        if first
        else 0
    )
    return {
        "treatment": str(first.id) if first and len(page.treatments) == 1 else None,
        "valid_from": page.today,
        "valid_until": validity().last_day(page.today, last_session_after_days=longest),
    }


def _verdict(verdict_id: UUID) -> VerdictView:
    try:
        return get_verdict(verdict_id)
    except ObjectDoesNotExist as error:
        raise NotVisible from error


def _show(
    request: HttpRequest,
    step: str,
    page: ConsultationPage,
    context: dict[str, Any],
    *,
    failed: bool = False,
) -> HttpResponse:
    return render(
        request,
        f"desk/care/{step}.html",
        {"page": page, "steps": steps_of(page, step), **context},
        status=UNPROCESSABLE if failed else 200,
    )
