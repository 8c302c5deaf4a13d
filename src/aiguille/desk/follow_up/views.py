"""A reported symptom: what was said, what the rules make of it, what was done, and the answer."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from aiguille.accounts.rights import Right, has_right, require
from aiguille.desk.follow_up.forms import AnswerForm
from aiguille.journeys.reads.symptom import SymptomCase, read_symptom
from aiguille.journeys.report_symptom import answer_report
from aiguille.journeys.who import staff_of
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal
from aiguille.treatment_sessions.wording import details_of, where_of, words


@dataclass(frozen=True, slots=True)
class GestureLine:
    """A pass or an injection in words."""

    where: str
    details: tuple[tuple[str, str], ...]


@reachable_by(Who.STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def symptom(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """Show a report, and answer it."""
    actor, at = staff_of(request), clock.now()
    case = read_symptom(report_id=report_id, actor=actor, at=at)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        require(actor, Right.ANSWER_SYMPTOMS)
        if form.is_valid():
            try:
                answer_report(report_id=report_id, actor=actor, at=at, **form.cleaned_data)
            except DomainError as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, gettext("Your answer is sent to the patient’s space."))
                return HttpResponseRedirect(reverse("desk:symptom", args=[report_id]))
    context = {
        "case": case,
        "form": form,
        "can_answer": has_right(actor, Right.ANSWER_SYMPTOMS),
        "gestures": _gestures(case),
        "rules": [(rule, words(Text.from_mapping(rule.message))) for rule in case.rules],
    }
    status = 422 if form.errors else 200
    return render(request, "desk/follow_up/symptom.html", context, status=status)


def _gestures(case: SymptomCase) -> list[GestureLine]:
    return [
        GestureLine(
            where=where_of(event.body),
            details=details_of(case.state.protocol, event.body, zone=case.zone),
        )
        for event in (*case.state.passes, *case.state.injections)
    ]
