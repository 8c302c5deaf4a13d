"""At the desk: the questions of the day asked and written down, and what changed since last time."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.booking.states import NotYet, StateRefuses
from aiguille.desk.questions.forms import DayQuestionsForm
from aiguille.journeys.ask_again import ask_on_the_day
from aiguille.journeys.reads.questions import (
    DayQuestions,
    read_answers_history,
    read_day_questions,
)
from aiguille.journeys.who import staff_of
from aiguille.kernel.codes import Answer, Procedure
from aiguille.kernel.errors import DomainError
from aiguille.patients.operations import AnswersChanged, AnswersIncomplete
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal, explain

UNPROCESSABLE, STALE = 422, 409


@reachable_by(Who.STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def ask(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Ask the questions of the day; each must have its answer before the session begins.

    "All no" fills in what is still empty; nothing is recorded before it is saved.
    """
    actor, at = staff_of(request), clock.now()
    try:
        page = read_day_questions(appointment_id=appointment_id, actor=actor, at=at)
    except (NotYet, StateRefuses) as error:
        messages.error(request, explain(error))
        return redirect("desk:day")
    is_filled, status = "fill" in request.POST, 200
    if request.method == "POST" and not is_filled:
        form = _form(page, request.POST)
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                done = ask_on_the_day(
                    appointment_id=appointment_id,
                    answers=form.given(),
                    seen_id=form.cleaned_data["seen"],
                    actor=actor,
                    at=at,
                )
            except AnswersIncomplete:
                form.ask_for_the_rest()
            except DomainError as error:
                add_refusal(form, error)
                status = STALE if isinstance(error, AnswersChanged) else UNPROCESSABLE
            else:
                messages.success(request, _("The answers of the day are recorded."))
                if done.suspended:
                    messages.warning(
                        request,
                        _("A doctor must look at an answer first: the session cannot begin yet."),
                    )
                return redirect(_day_of(page))
    else:
        form = _form(page, None, initial=_filled(page, request.POST) if is_filled else None)
    context = {"page": page, "form": form, "is_filled": is_filled, "back": _day_of(page)}
    return render(request, "desk/questions/ask.html", context, status=status)


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def history(request: HttpRequest, number: int, procedure: str) -> HttpResponse:
    """Show every version of the answers, with what each changed."""
    if procedure not in set(Procedure):
        raise Http404
    page = read_answers_history(
        number=number, procedure=Procedure(procedure), actor=staff_of(request), at=clock.now()
    )
    return render(request, "desk/questions/history.html", {"page": page})


def _form(
    page: DayQuestions, data: QueryDict | None, *, initial: dict[str, Any] | None = None
) -> DayQuestionsForm:
    """Return the form of the questions that the answers typed so far lead to."""
    typed: Any = data if data is not None else initial or {}
    given = {
        name.removesuffix("_answer"): {"answer": typed[name]}
        for name in typed
        if name.endswith("_answer") and typed[name] in set(Answer)
    }
    seen = page.answers.id if page.answers else None
    return DayQuestionsForm(
        data,
        questions=page.questions(given),
        procedure=page.appointment.procedure,
        before=page.before,
        initial={"seen": seen, **(initial or {})},
    )


def _filled(page: DayQuestions, typed: QueryDict) -> dict[str, Any]:
    """Return what was typed, with "no" where nothing was; whether the skin is clean is seen."""
    filled: dict[str, Any] = {
        name: typed.getlist(name) if name.endswith("_zones") else typed[name] for name in typed
    }
    for question in page.questions({}):
        if not filled.get(f"{question.id}_answer") and not question.day_only:
            filled[f"{question.id}_answer"] = Answer.NO.value
    return filled


def _day_of(page: DayQuestions) -> str:
    appointment = page.appointment
    return f"{reverse('desk:day')}?site={appointment.site_code}&day={appointment.local_date}"
