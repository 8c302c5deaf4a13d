"""One question a screen: each answer is kept at once, so that nobody has to finish in one go."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.booking.queries import appointments_of_patient
from aiguille.booking.states import NotYet, StateRefuses
from aiguille.kernel.codes import Answer
from aiguille.kernel.errors import DomainError
from aiguille.patients.operations import (
    AnswersIncomplete,
    IdentityTraits,
    NothingToSubmit,
    declare_identity,
)
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal
from aiguille.portal.questionnaire.forms import (
    AnswerForm,
    BirthDateForm,
    DetailsForm,
    needs_details,
    shown_details,
)
from aiguille.portal.questionnaire.shown import picture_of, review_of
from aiguille.portal.questionnaire.sitting import Sitting, sit
from aiguille.rulebook import Question, QuestionInput, load_rulebook

_FORMS = ("GET", "HEAD", "POST")
Rest = ParamSpec("Rest")


def _seated(
    view: Callable[Concatenate[HttpRequest, Sitting, Rest], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Give the view the questionnaire that the address names; lead home where it is not its time."""

    @wraps(view)
    def seated(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        which = {name: kwargs.pop(name) for name in ("procedure", "appointment_id") & kwargs.keys()}
        try:
            sitting = sit(request, **which)  # type: ignore[arg-type]  # as the address converts them
        except (NotYet, StateRefuses):
            messages.info(request, gettext("There is nothing to answer for this session now."))
            return HttpResponseRedirect(reverse("portal:home"))
        return view(request, sitting, *args, **kwargs)

    return seated


@reachable_by(Who.PATIENT)
@require_GET
@never_cache
@_seated
def start(_request: HttpRequest, sitting: Sitting) -> HttpResponse:
    """Go to where the patient stopped: the beginning, the first unanswered, or the review."""
    if not sitting.draft.answers:
        return HttpResponseRedirect(sitting.address(sitting.walk.questions[0]))
    return HttpResponseRedirect(sitting.address(sitting.walk.first_missing))


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
@_seated
def ask(request: HttpRequest, sitting: Sitting, question: str) -> HttpResponse:
    """Ask one question and keep its answer."""
    asked = sitting.question(question)
    if asked.input is QuestionInput.BIRTH_DATE:
        return _ask_birth_date(request, sitting, asked)
    kept = dict(sitting.draft.answers.get(asked.id, {}))
    form = AnswerForm(
        request.POST if request.method == "POST" else None, initial=kept, question=asked
    )
    if request.method == "POST" and form.is_valid():
        answer = form.cleaned_data["answer"]
        more = answer == Answer.YES and needs_details(asked, sitting.procedure)
        details = shown_details(kept) if more and kept.get("answer") == Answer.YES else {}
        if _keep(form, sitting, asked, {"answer": answer, **details}):
            if more:
                origin = "?from=review" if request.GET.get("from") == "review" else ""
                return HttpResponseRedirect(sitting.page("more", asked.id) + origin)
            return HttpResponseRedirect(_after(request, sitting, asked))
    return _screen(request, sitting, asked, form)


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
@_seated
def ask_more(request: HttpRequest, sitting: Sitting, question: str) -> HttpResponse:
    """Ask what a “yes” needs to be understood."""
    asked = sitting.question(question)
    kept = sitting.draft.answers.get(asked.id, {})
    if kept.get("answer") != Answer.YES or not needs_details(asked, sitting.procedure):
        return HttpResponseRedirect(sitting.address(asked))
    form = DetailsForm(
        request.POST if request.method == "POST" else None,
        initial=shown_details(kept),
        question=asked,
        procedure=sitting.procedure,
    )
    if request.method == "POST" and form.is_valid():
        answer = {"answer": Answer.YES.value, **form.details()}
        if _keep(form, sitting, asked, answer):
            return HttpResponseRedirect(_after(request, sitting, asked))
    return _screen(request, sitting, asked, form, is_more=True)


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
@_seated
def review(request: HttpRequest, sitting: Sitting) -> HttpResponse:
    """Show every answer before it is handed in, then hand them in, or forget what was changed."""
    if request.method == "POST" and "forget" in request.POST:
        sitting.forget()
        messages.info(request, gettext("Your changes are forgotten; nothing was handed in."))
        return HttpResponseRedirect(reverse("portal:home"))
    if request.method == "POST":
        try:
            sitting.hand_in()
        except NothingToSubmit:
            # The second press of the same button: the first one handed them in.
            return HttpResponseRedirect(sitting.page("done"))
        except AnswersIncomplete:
            return HttpResponseRedirect(sitting.address(sitting.walk.first_missing))
        return HttpResponseRedirect(sitting.page("done"))
    if missing := sitting.walk.first_missing:
        return HttpResponseRedirect(sitting.address(missing))
    context = {
        "sitting": sitting,
        "parts": review_of(sitting, language=get_language() or "fr"),
        "is_changed": sitting.draft.is_started,
        "may_forget": sitting.draft.is_started and sitting.draft.was_handed_in,
        "back": sitting.address(sitting.walk.questions[-1]),
    }
    return render(request, "portal/questionnaire/review.html", context)


@reachable_by(Who.PATIENT)
@require_GET
@_seated
def done(request: HttpRequest, sitting: Sitting) -> HttpResponse:
    """Say that the answers are with the clinic, and that a doctor reads them."""
    if not sitting.draft.was_handed_in:
        return HttpResponseRedirect(sitting.address(sitting.walk.first_missing))
    at = clock.now()
    waits = any(
        appointment.state == "NEEDS_VERDICT"
        and appointment.procedure == sitting.procedure
        and appointment.ends_at > at
        for appointment in appointments_of_patient(sitting.patient_id)
    )
    context = {
        "sitting": sitting,
        "waits": waits,
        "again": sitting.page() if sitting.session is None else "",
    }
    return render(request, "portal/questionnaire/done.html", context)


def _ask_birth_date(request: HttpRequest, sitting: Sitting, asked: Question) -> HttpResponse:
    """Ask for the birth date, or show the one that the clinic has checked."""
    identity = sitting.identity
    form = BirthDateForm(
        request.POST if request.method == "POST" else None,
        initial={"birth_date": identity.birth_date},
    )
    if identity.is_checked:
        if request.method == "POST":
            return HttpResponseRedirect(_after(request, sitting, asked))
        return _screen(request, sitting, asked, forms.Form(), settled=identity.birth_date)
    if request.method == "POST" and form.is_valid():
        born = form.cleaned_data["birth_date"]
        if born == identity.birth_date:
            return HttpResponseRedirect(_after(request, sitting, asked))
        traits = IdentityTraits(
            birth_name=identity.birth_name,
            first_names=identity.first_names,
            used_name=identity.used_name,
            birthplace=identity.birthplace,
            sex=identity.sex,
            birth_date=born,
        )
        try:
            declare_identity(
                patient_id=sitting.patient_id,
                traits=traits,
                actor=sitting.actor,
                at=clock.now(),
            )
        except DomainError as refusal:
            add_refusal(form, refusal)
        else:
            return HttpResponseRedirect(_after(request, sitting, asked))
    return _screen(request, sitting, asked, form)


def _keep(form: forms.Form, sitting: Sitting, asked: Question, answer: dict[str, Any]) -> bool:
    try:
        sitting.keep(asked, answer)
    except DomainError as refusal:
        add_refusal(form, refusal)
        return False
    return True


def _after(request: HttpRequest, sitting: Sitting, asked: Question) -> str:
    """Return where an answer leads: on, or back to the review that it was changed from."""
    present = sit(request, procedure=sitting.procedure.value, appointment_id=sitting.asked_for)
    if request.GET.get("from") == "review":
        return present.address(present.walk.first_missing)
    return present.address(present.walk.after(asked))


def _screen(
    request: HttpRequest,
    sitting: Sitting,
    asked: Question,
    form: forms.Form,
    *,
    is_more: bool = False,
    **more: Any,
) -> HttpResponse:
    language = get_language() or "fr"
    before = asked if is_more else sitting.walk.before(asked)
    theme = next(theme for theme in load_rulebook().themes if theme.code == asked.theme)
    context = {
        "form": form,
        "sitting": sitting,
        "theme": theme.title.in_language(language),
        "title": asked.ask.in_language(language),
        "help": "" if is_more else asked.help.in_language(language),
        "picture": "" if is_more else picture_of(asked),
        "number": sitting.walk.position(asked),
        "total": len(sitting.walk.questions),
        "back": sitting.address(before) if before else "",
        "is_more": is_more,
        "from_review": request.GET.get("from") == "review",
        "review": sitting.page("review"),
        **more,
    }
    status = 422 if form.errors else 200
    return render(request, "portal/questionnaire/question.html", context, status=status)
