"""The session screen: every button posts one event; the guards answer, the page shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aiguille.accounts.rights import Right, has_right
from aiguille.desk.treatment_sessions.forms import (
    InjectionForm,
    PassForm,
    ReasonForm,
    StepForm,
    StopForm,
)
from aiguille.desk.treatment_sessions.shown import log_lines, record_lines, step_items
from aiguille.journeys.reads.run import Run, read_run
from aiguille.journeys.run_session import begin_session, record_session_event
from aiguille.journeys.who import staff_of
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import explain, let_pass
from aiguille.protocols.model import Records
from aiguille.treatment_sessions.asked_again import QuestionsNotAsked
from aiguille.treatment_sessions.operations import EventRefused
from aiguille.treatment_sessions.wording import words

UNPROCESSABLE = 422


@dataclass
class Forms:
    """The forms of the step at hand; the one that was posted holds what was typed."""

    run: Run
    posted: str = ""
    data: Any = None
    made: dict[str, forms.Form] = field(default_factory=dict)

    def get(self, name: str) -> forms.Form | None:
        """Return the form of that name, made when first asked for; None where it has no place."""
        if name not in self.made:
            make = _MAKERS.get(name)
            form = make(self.run, self.data if name == self.posted else None) if make else None
            if form is None:
                return None
            self.made[name] = form
        return self.made[name]


def _step_form(run: Run, data: Any) -> forms.Form | None:
    if run.step is None:
        return None
    return StepForm(
        data,
        step=run.step,
        protocol=run.protocol,
        zones=run.plan.zones,
        clinic_zone=run.zone,
        at=clock.now(),
    )


def _pass_form(run: Run, data: Any) -> forms.Form | None:
    if run.step is None or run.step.passes is None:
        return None
    return PassForm(
        data,
        prefix="pass",
        plan=run.step.passes,
        zones=run.plan.zones,
        lengths=run.plan.settings.get("needle_mm", {}),
    )


def _injection_form(run: Run, data: Any) -> forms.Form | None:
    if run.step is None or run.step.records is not Records.INJECTIONS:
        return None
    return InjectionForm(
        data,
        prefix="injection",
        protocol=run.protocol,
        zones=run.plan.zones,
        technique=str(run.plan.settings.get("technique", "")),
    )


_MAKERS: dict[str, Callable[[Run, Any], forms.Form | None]] = {
    "done": _step_form,
    "pass": _pass_form,
    "injection": _injection_form,
    "skip": lambda _run, data: ReasonForm(data, prefix="skip"),
    "withdraw": lambda _run, data: ReasonForm(data, prefix="withdraw"),
    "stop": lambda _run, data: StopForm(data, prefix="stop"),
}


@reachable_by(Who.STAFF)
@require_POST
def begin(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Begin the session of an appointment; refused, say why on the day page, or where it is mended."""
    actor = staff_of(request)
    try:
        session_id = begin_session(appointment_id=appointment_id, actor=actor, at=clock.now())
    except QuestionsNotAsked as error:
        messages.error(request, explain(error))
        return redirect("desk:day_questions", appointment_id)
    except DomainError as error:
        messages.error(request, explain(error))
        return redirect("desk:day")
    return redirect("desk:run", session_id)


@reachable_by(Who.STAFF)
@require_http_methods(["GET", "POST"])
def run(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Show the step at hand, or record what was posted about it."""
    actor = staff_of(request)
    at = clock.now()
    step_id = (request.POST if request.method == "POST" else request.GET).get("step", "")
    shown = read_run(session_id=session_id, actor=actor, at=at, step_id=step_id)
    if request.method == "GET":
        return _page(request, shown, Forms(run=shown))
    action = request.POST.get("action", "")
    typed = Forms(run=shown, posted=action, data=request.POST)
    form = typed.get(action)
    if form is not None and not form.is_valid():
        return _page(request, shown, typed, status=UNPROCESSABLE)
    body = _body(action, form, shown, request.POST)
    if body is None:
        messages.error(
            request, _("This step has moved on meanwhile: here is where the session stands.")
        )
        return redirect("desk:run", session_id)
    try:
        state = record_session_event(
            session_id=session_id,
            idempotency_key=_key(request.POST.get("key", "")),
            body=body,
            acknowledged={
                name.removeprefix("acknowledge_"): reason
                for name, reason in request.POST.items()
                if name.startswith("acknowledge_") and isinstance(reason, str)
            },
            actor=actor,
            at=at,
        )
    except DomainError as error:
        return _refused(request, shown, typed, error)
    if state.closed is not None:
        messages.success(request, _("The session is closed. Its report can be read here."))
        return redirect("desk:report", session_id)
    stays = action in {"unit", "pass", "injection", "withdraw"} and shown.step is not None
    query = f"?step={shown.step.id}" if stays and shown.step else ""
    return redirect(reverse("desk:run", args=[session_id]) + query + "#run-title")


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _body(
    action: str, form: forms.Form | None, run: Run, posted: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the event's body that the button stands for, None where it has lost its place."""
    if action == "close":
        return {"type": "session_closed"}
    if action == "stop" and form is not None:
        return {"type": "stopped", **form.cleaned_data}
    if action == "withdraw" and form is not None and str(posted.get("replaces", "")).isdigit():
        return {
            "type": "corrected",
            "replaces": int(posted["replaces"]),
            "reason": form.cleaned_data["reason"],
        }
    # What is about a step must be about the one that was on the screen.
    if run.step is None or run.step.id != posted.get("step"):
        return None
    return _body_at_step(action, form, run.step.id, posted)


def _body_at_step(
    action: str, form: forms.Form | None, step_id: str, posted: Mapping[str, Any]
) -> dict[str, Any] | None:
    match action:
        case "unit":
            return {
                "type": "unit_opened",
                "step": step_id,
                "field": str(posted.get("field", "")),
                "unit": str(posted.get("unit", "")),
            }
        case "skip" if form is not None:
            return {"type": "step_skipped", "step": step_id, **form.cleaned_data}
        case "done" if isinstance(form, StepForm):
            return {"type": "step_done", "step": step_id, "values": form.values()}
        case "pass" | "injection" if isinstance(form, PassForm | InjectionForm):
            return form.body(step_id)
    return None


def _refused(request: HttpRequest, run: Run, typed: Forms, error: DomainError) -> HttpResponse:
    """Show the refusal beside what was typed; a warning asks for a reason on the same form."""
    let_pass(error, request.POST)
    form = typed.get(typed.posted)
    acknowledge = ""
    if isinstance(error, EventRefused) and error.refused.can_acknowledge:
        acknowledge = error.refused.field
    if form is not None and error.field in form.fields:
        form.add_error(error.field, explain(error))
        message = ""
    else:
        message = explain(error)
    return _page(
        request, run, typed, refusal=message, acknowledge=acknowledge, status=UNPROCESSABLE
    )


def _page(
    request: HttpRequest,
    run: Run,
    typed: Forms,
    *,
    refusal: str = "",
    acknowledge: str = "",
    status: int = 200,
) -> HttpResponse:
    actor = staff_of(request)
    step = run.step
    return render(
        request,
        "desk/treatment_sessions/run.html",
        {
            "run": run,
            "step": step,
            "title": words(step.title) if step else _title(run),
            "items": step_items(run),
            "records": record_lines(run),
            "log": log_lines(run),
            "step_form": typed.get("done"),
            "pass_form": typed.get("pass"),
            "injection_form": typed.get("injection"),
            "skip_form": typed.get("skip"),
            "withdraw_form": typed.get("withdraw"),
            "stop_form": typed.get("stop"),
            "posted": typed.posted,
            "posted_data": typed.data or {},
            "refusal": refusal,
            "acknowledge": acknowledge,
            "key": uuid4(),
            "is_physician": has_right(actor, Right.RUN_SESSION),
            "now": clock.now(),
            "waits": run.waits(at=clock.now()),
        },
        status=status,
    )


def _title(run: Run) -> str:
    if run.state.closed:
        return _("The session is closed")
    if run.state.must_stop:
        return _("Stop the session")
    return _("Everything is done")


@reachable_by(Who.STAFF)
@require_GET
def report(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Show the report of a session, as far as it has gone."""
    actor = staff_of(request)
    shown = read_run(session_id=session_id, actor=actor, at=clock.now())
    return render(
        request,
        "desk/treatment_sessions/report.html",
        {"run": shown, "log": log_lines(shown), "records": record_lines(shown, whole=True)},
    )
