"""The prescription: the numbing cream beside its ceilings, other medicines line by line."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from aiguille.care.operations import StaleVersion
from aiguille.care.prescribing import usual_minutes
from aiguille.care.queries import PrescriptionView
from aiguille.care.rules import OPENING_OUTCOMES
from aiguille.desk.care.forms import as_decimal
from aiguille.desk.care.prescription_form import PrescriptionForm, count_of, edited
from aiguille.desk.care.words import steps_of
from aiguille.journeys.reads.consultation import ConsultationPage, creams, read_consultation
from aiguille.journeys.reads.prescription import Typed, reckon
from aiguille.journeys.sign_prescription import sign_prescription
from aiguille.journeys.who import staff_of
from aiguille.kernel.codes import CreamCondition
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal, explain, let_pass

UNPROCESSABLE, STALE = 422, 409


@reachable_by(Who.STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def prescription(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Write a prescription, or correct the one that `replaces` names; or go on without.

    A button of the form that says what to `do` adds, removes or puts back a line, or reckons what
    is typed: nothing is signed by it.
    """
    actor = staff_of(request)
    at = clock.now()
    page = read_consultation(appointment_id=appointment_id, actor=actor, at=at)
    if page.consultation is None:
        return redirect("desk:consultation", appointment_id)
    planned = next((one for v in page.verdicts if (one := page.plan_under(v.id))), None)
    zones = list(planned.zones if planned else page.consultation.content["zones"])
    corrected = _corrected(page, request.POST.get("replaces") or request.GET.get("replaces", ""))
    initial = _proposed(page, zones=zones, corrected=corrected)
    drugs = [cream.name for cream in creams()]
    shown: dict[str, Any] = {
        "creams": list(dict.fromkeys([*drugs, *filter(None, [initial["product"]])])),
        "zones": list(dict.fromkeys([*zones, *initial.get("cream_zones", [])])),
        "age": page.age,
    }
    context: dict[str, Any] = {"corrected": corrected}
    status = 200
    if request.method == "POST" and request.POST.get("do"):
        values, count, focus = edited(request.POST)
        form = PrescriptionForm(initial=values, lines=count, **shown)
        form.put_cursor(focus)
        context["reckoned"] = reckon(
            appointment_id=appointment_id, typed=_typed(request.POST), actor=actor, at=at
        )
    elif request.method == "POST":
        form = PrescriptionForm(request.POST, lines=count_of(request.POST), **shown)
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                sign_prescription(
                    appointment_id=appointment_id,
                    consultation_id=page.consultation.id,
                    plan_id=planned.id if planned else None,
                    cream=form.cream(),
                    lines=form.medicines(),
                    measures=form.measures(),
                    override_reason=form.cleaned_data["override_reason"],
                    acknowledged=form.cleaned_data["acknowledged"],
                    replaces_id=form.cleaned_data["replaces"],
                    reason=form.cleaned_data["correction_reason"],
                    request_key=form.cleaned_data["request_key"],
                    today=page.today,
                    language=page.identity.language,
                    actor=actor,
                    at=at,
                )
            except DomainError as error:
                _refuse(form, error)
                status = STALE if isinstance(error, StaleVersion) else UNPROCESSABLE
            else:
                messages.success(request, _("The prescription is signed."))
                return redirect("desk:conclude", appointment_id)
    else:
        form = PrescriptionForm(initial=initial, lines=initial["lines"], **shown)
    return render(
        request,
        "desk/care/prescription.html",
        {"page": page, "steps": steps_of(page, "prescription"), "form": form, **context},
        status=status,
    )


@reachable_by(Who.STAFF)
@require_POST
@never_cache
def check(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Show what is typed beside its ceilings, and what the rule book says of it (a fragment)."""
    reckoned = reckon(
        appointment_id=appointment_id,
        typed=_typed(request.POST),
        actor=staff_of(request),
        at=clock.now(),
    )
    return render(request, "desk/care/_dose.html", {"reckoned": reckoned})


def _refuse(form: PrescriptionForm, error: DomainError) -> None:
    let_pass(error, form.data)
    field = form.field_of(error.field)
    if field == error.field:
        add_refusal(form, error)
    else:
        form.add_error(field if field in form.fields else None, explain(error))


def _corrected(page: ConsultationPage, said: str) -> PrescriptionView | None:
    return next((one for one in page.prescriptions if str(one.id) == said), None)


def _proposed(
    page: ConsultationPage, *, zones: list[str], corrected: PrescriptionView | None
) -> dict[str, Any]:
    """Return what the form begins with: what is corrected, else the cream of a course to come."""
    if corrected is not None:
        patient = corrected.mentions.get("patient", {})
        weight = patient.get("weight_kg")
        return PrescriptionForm.initial_of(corrected.items) | {
            "replaces": corrected.id,
            "request_key": new_id(),
            "weight_kg": Decimal(weight) if weight else None,
            "height_cm": patient.get("height_cm"),
        }
    begins = any(one.outcome in OPENING_OUTCOMES for one in page.verdicts)
    has_cream = any(one.cream for one in page.prescriptions)
    first = next((cream.name for cream in creams()), "") if begins and not has_cream else ""
    return {
        "product": first,
        "minutes_before": usual_minutes(),
        "cream_zones": zones,
        "request_key": new_id(),
        "lines": 0 if first else 1,
    }


def _typed(data: QueryDict) -> Typed:
    """Return what was typed as far as it can be read; what cannot is left to the form."""
    known = {code.value for code in CreamCondition}
    has_cream = bool(data.get("product"))
    before, on_skin = (
        _whole(data.get("minutes_before", "")),
        _whole(data.get("minutes_on_skin", "")),
    )
    lidocaine = [
        amount
        for number in range(count_of(data))
        if not data.get(f"line_{number}_removed")
        and (amount := as_decimal(data.get(f"line_{number}_lidocaine_mg", ""))) is not None
    ]
    return Typed(
        area_cm2=as_decimal(data.get("area_cm2", "")) if has_cream else None,
        grams=as_decimal(data.get("grams", "")),
        on_skin=before if on_skin is None else on_skin,
        conditions=sorted(known & set(data.getlist("conditions"))),
        weight_kg=as_decimal(data.get("weight_kg", "")),
        height_cm=_whole(data.get("height_cm", "")),
        are_confirmed=bool(data.get("measures_confirmed")),
        lidocaine_mg=sum(lidocaine, Decimal(0)) if lidocaine else None,
    )


def _whole(said: str) -> int | None:
    said = said.strip()
    return int(said) if said.isascii() and said.isdigit() and len(said) < 5 else None
