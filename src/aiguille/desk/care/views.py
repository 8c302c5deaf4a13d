"""The consultation: the questions asked in person, and the end."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.desk.care.forms import QuestionsForm
from aiguille.desk.care.words import steps_of
from aiguille.journeys.ask_in_person import ask_in_person
from aiguille.journeys.conclude_consultation import conclude_consultation
from aiguille.journeys.prescription_document import open_prescription
from aiguille.journeys.read_information import reading_of
from aiguille.journeys.reads.consultation import ConsultationPage, read_consultation
from aiguille.journeys.who import staff_of
from aiguille.kernel.codes import Answer
from aiguille.kernel.errors import DomainError
from aiguille.patients.operations import AnswersChanged
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal, explain

UNPROCESSABLE, STALE = 422, 409
_FORMS = ("GET", "HEAD", "POST")


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def questions(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Ask in person what nobody answered (all questions with `all`), and record the answers.

    "All no" fills in what is still empty; nothing is recorded before it is saved.
    """
    actor = staff_of(request)
    at = clock.now()
    page = read_consultation(appointment_id=appointment_id, actor=actor, at=at)
    # A page sent twice, or over newer answers, still shows what was typed.
    asked = tuple(
        question
        for question in page.questions
        if request.GET.get("all")
        or question in page.to_ask
        or f"{question.id}_answer" in request.POST
    )
    make = partial(QuestionsForm, questions=asked, procedure=page.appointment.procedure)
    status = 200
    if request.method == "POST" and "fill" in request.POST:
        filled = request.POST.copy()
        for question in asked:
            if not filled.get(f"{question.id}_answer"):
                filled[f"{question.id}_answer"] = Answer.NO.value
        form = make(initial=_typed(filled))
    elif request.method == "POST":
        form = make(request.POST)
        status = UNPROCESSABLE
        if form.is_valid() and not form.given():
            form.add_error(None, _("Answer at least one question."))
        elif form.is_valid():
            try:
                done = ask_in_person(
                    patient_id=page.identity.id,
                    procedure=page.appointment.procedure,
                    answers=form.given(),
                    seen_id=form.cleaned_data["seen"],
                    actor=actor,
                    at=at,
                )
            except DomainError as error:
                add_refusal(form, error)
                status = STALE if isinstance(error, AnswersChanged) else UNPROCESSABLE
            else:
                count = len(form.given())
                messages.success(
                    request,
                    ngettext("%(count)d answer recorded.", "%(count)d answers recorded.", count)
                    % {"count": count},
                )
                if done.suspended:
                    messages.warning(request, _("A verdict was suspended by these answers."))
                return redirect("desk:consultation", appointment_id)
    else:
        form = make(initial=_given(page))
    context = {
        "form": form,
        "all": bool(request.GET.get("all")),
        "is_filled": request.method == "POST" and "fill" in request.POST,
    }
    return _show(request, "questions", page, context, status=status)


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
@never_cache
def conclude(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Show what was decided, and conclude."""
    actor = staff_of(request)
    at = clock.now()
    page = read_consultation(appointment_id=appointment_id, actor=actor, at=at)
    refusal = ""
    if request.method == "POST":
        if page.appointment.state == "DONE":
            return redirect("desk:patient", page.identity.number)
        try:
            conclude_consultation(appointment_id=appointment_id, actor=actor, at=at)
        except DomainError as error:
            refusal = explain(error)
        else:
            messages.success(
                request, _("The consultation is concluded. The patient receives a link.")
            )
            return redirect("desk:patient", page.identity.number)
    decided = [
        {
            "verdict": verdict,
            "treatment": page.treatment(verdict.treatment_id),
            "plan": (planned := page.plan_under(verdict.id)),
            "reading": reading_of(planned, verdict=verdict, at=at) if planned else None,
        }
        for verdict in page.verdicts
    ]
    return _show(
        request,
        "conclude",
        page,
        {"decided": decided, "refusal": refusal},
        status=UNPROCESSABLE if refusal else 200,
    )


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def prescription_pdf(request: HttpRequest, prescription_id: UUID) -> HttpResponse:
    """Open a prescription's document, made now where the worker has not come yet."""
    opened = open_prescription(
        prescription_id=prescription_id, actor=staff_of(request), at=clock.now()
    )
    return HttpResponse(
        opened.content,
        content_type=opened.media_type,
        headers={"Content-Disposition": f'inline; filename="{opened.file_name}.pdf"'},
    )


def _show(
    request: HttpRequest,
    step: str,
    page: ConsultationPage,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    return render(
        request,
        f"desk/care/{step}.html",
        {"page": page, "steps": steps_of(page, step), **context},
        status=status,
    )


def _given(page: ConsultationPage) -> dict[str, Any]:
    """Return the answers there are, as the form of all questions shows them."""
    shown: dict[str, Any] = {"seen": page.answers.id if page.answers else None}
    for name, answer in page.given.items():
        if answer["answer"] == Answer.UNKNOWN:
            continue  # it is to be asked: nothing is chosen beforehand
        for part, value in answer.items():
            shown[f"{name}_{part}"] = value
    return shown


def _typed(filled: QueryDict) -> dict[str, Any]:
    """Return what was typed as the values that a form begins with."""
    return {
        name: filled.getlist(name) if name.endswith("_zones") else filled.get(name)
        for name in filled
    }
