"""The plan of a course: proposed, judged as it is typed, and kept with its start measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from aiguille.accounts.rights import Right
from aiguille.booking.access import get_appointment_for
from aiguille.care.operations import plan_limits
from aiguille.care.operations.plan import PLANNED_KINDS
from aiguille.care.queries import (
    VerdictView,
    consultation_of_appointment,
    get_verdict,
    list_plans,
)
from aiguille.care.reflection import REFLECTION_REQUESTED_ON
from aiguille.catalogue.queries import (
    ProductView,
    TreatmentView,
    get_treatment,
    products_for,
    rules_in_force,
)
from aiguille.desk.care.plan_form import PlanForm, zones_left_out
from aiguille.desk.care.words import local, steps_of
from aiguille.journeys.plan_course import plan_course
from aiguille.journeys.reads.consultation import (
    ConsultationPage,
    ProtocolChoice,
    proposed_lengths,
    protocol_choices,
    read_consultation,
)
from aiguille.journeys.who import staff_of
from aiguille.kernel.codes import Procedure
from aiguille.kernel.errors import DomainError
from aiguille.outcomes.forms import StartScales
from aiguille.outcomes.scales import measures_of, reference
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.components.shapes import Tab
from aiguille.plumbing.refusals import add_refusal

UNPROCESSABLE = 422
_FORMS = ("GET", "HEAD", "POST")


@dataclass(frozen=True, slots=True)
class _Made:
    """What a plan's page is about."""

    under: VerdictView
    treatment: TreatmentView
    choices: tuple[ProtocolChoice, ...]
    chosen: ProtocolChoice
    content: Mapping[str, Any]


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def plan(request: HttpRequest, appointment_id: UUID, verdict_id: UUID) -> HttpResponse:
    """Plan the course under a verdict; `protocol` names which of those that serve it."""
    actor = staff_of(request)
    at = clock.now()
    page = read_consultation(appointment_id=appointment_id, actor=actor, at=at)
    under = next((one for one in page.verdicts if one.id == verdict_id), None)
    if under is None or page.consultation is None:
        raise NotVisible
    made = _made(under, page.consultation.content, request.GET.get("protocol", ""))
    if made is None:
        context = {"form": None, "treatment": get_treatment(under.treatment_id)}
        return _show(request, page, context)
    posted = request.POST if request.method == "POST" else None
    form = _form(made, posted, patient_id=page.identity.id)
    start = StartScales(
        posted, measures=measures_of(made.treatment.indication, sex=page.identity.sex)
    )
    # Both are asked: a page shows everything that is wrong with it at once.
    if posted is not None and all([form.is_valid(), start.is_valid()]):
        given = form.cleaned_data
        try:
            plan_course(
                scores=start.given(),
                form_key=given["form_key"],
                verdict_id=verdict_id,
                protocol_version_id=made.chosen.version.id,
                sessions_planned=given["sessions_planned"],
                interval_min_days=given["interval_min_days"],
                interval_default_days=given["interval_default_days"],
                interval_max_days=given["interval_max_days"],
                places=form.places(),
                product_id=form.product,
                acknowledged=form.seen,
                reasons=form.reasons,
                reflection_requested_on=given["reflection_requested_on"],
                actor=actor,
                at=at,
            )
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("The plan is saved."))
            return redirect("desk:prescription", appointment_id)
    _judge(form, made)
    context = _context(form, made, start) | {
        "check_url": reverse("desk:check_plan", args=[appointment_id, verdict_id])
        + f"?protocol={made.chosen.version.id}"
    }
    return _show(request, page, context, failed=posted is not None)


@reachable_by(Who.STAFF)
@require_POST
@never_cache
def check_plan(request: HttpRequest, appointment_id: UUID, verdict_id: UUID) -> HttpResponse:
    """Show what stands against a plan as far as it is typed (a fragment); nothing is kept.

    With `rows`, the fields of the zones ticked are shown with it.
    """
    actor = staff_of(request)
    at = clock.now()
    appointment = get_appointment_for(
        actor=actor, appointment_id=appointment_id, at=at, right=Right.WRITE_CONSULTATION
    )
    consultation = consultation_of_appointment(appointment_id)
    try:
        under = get_verdict(verdict_id)
    except ObjectDoesNotExist as error:
        raise NotVisible from error
    if under.patient_id != appointment.patient_id or consultation is None:
        raise NotVisible
    made = _made(under, consultation.content, request.GET.get("protocol", ""))
    if made is None:
        raise NotVisible
    form = _form(made, request.POST, patient_id=appointment.patient_id)
    # What is proposed for a zone that was ticked a moment ago is shown by this answer.
    form.unseen.clear()
    _judge(form, made)
    part = "_places" if request.GET.get("rows") else "_plan_checked"
    return render(request, f"desk/care/{part}.html", {"form": form, **_counted(form)})


def _made(under: VerdictView, content: Mapping[str, Any], wanted: str) -> _Made | None:
    treatment = get_treatment(under.treatment_id)
    choices = protocol_choices(treatment)
    if not choices:
        return None
    chosen = next((one for one in choices if str(one.version.id) == wanted), choices[0])
    return _Made(under, treatment, choices, chosen, content)


def _form(made: _Made, posted: QueryDict | None, *, patient_id: UUID) -> PlanForm:
    is_needling = made.treatment.procedure is Procedure.NEEDLING
    return PlanForm(
        posted,
        choice=made.chosen,
        treatment=made.treatment,
        lengths=proposed_lengths(made.chosen, patient_id=patient_id, treatment=made.treatment)
        if is_needling
        else {},
        products=_products(made.treatment.procedure),
        initial={}
        if posted is not None
        else PlanForm.initial_of(made.chosen, made.content)
        | _kept_request(patient_id, made.treatment.id),
    )


def _products(procedure: Procedure) -> list[ProductView]:
    kinds = sorted(kind.value for kind in PLANNED_KINDS[procedure])
    return [product for kind in kinds for product in products_for(kind)]


def _judge(form: PlanForm, made: _Made) -> None:
    """Have the clinic's rules and the protocol judge the plan as far as it is typed."""
    form.limits = plan_limits(
        verdict_id=made.under.id,
        protocol_version_id=made.chosen.version.id,
        places=form.places(),
        sessions_planned=form.whole("sessions_planned"),
        interval_min_days=form.whole("interval_min_days"),
        product_id=form.product,
        at=clock.now(),
    )


def _counted(form: PlanForm) -> dict[str, int]:
    """Return how many limits stop the plan, and how many wait for a word of the physician."""
    waiting = [
        limit
        for limit in form.limits
        if not limit.stops
        and limit.key not in form.seen
        and not form.reasons.get(limit.key, "").strip()
        and limit.answer != "NOTHING"
    ]
    return {"stopped": sum(limit.stops for limit in form.limits), "waiting": len(waiting)}


def _context(form: PlanForm, made: _Made, start: StartScales) -> dict[str, Any]:
    references = rules_in_force().book.sources
    indication = measures_of(made.treatment.indication)
    return {
        "form": form,
        "limits": form.lines(),
        "treatment": made.treatment,
        "verdict": made.under,
        "chosen": made.chosen,
        "course_sources": [(tag, references.get(tag, "")) for tag in made.chosen.course.sources],
        "left_out": zones_left_out(made.chosen, made.content),
        "start": list(start),
        "start_sources": [(tag, reference(tag)) for tag in indication.sources],
        "protocols": [
            Tab(
                label=local(choice.version.title),
                href=f"?protocol={choice.version.id}",
                current=choice is made.chosen,
            )
            for choice in made.choices
        ],
        **_counted(form),
    }


def _kept_request(patient_id: UUID, treatment_id: UUID) -> dict[str, str]:
    """Return the request to shorten the reflection period that the plan before this one holds."""
    before = next(
        (p for p in list_plans(patient_id=patient_id) if p.treatment_id == treatment_id), None
    )
    asked = before.settings.get(REFLECTION_REQUESTED_ON) if before else None
    return {"reflection_requested_on": asked} if asked else {}


def _show(
    request: HttpRequest,
    page: ConsultationPage,
    context: dict[str, Any],
    *,
    failed: bool = False,
) -> HttpResponse:
    return render(
        request,
        "desk/care/plan.html",
        {"page": page, "steps": steps_of(page, "plan"), **context},
        status=UNPROCESSABLE if failed else 200,
    )
