"""One question a screen: each answer is kept at once, so that nobody has to finish in one go."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.journeys import who
from aiguille.journeys.record_answers import record_answers
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Answer, Procedure
from aiguille.kernel.errors import DomainError
from aiguille.patients.operations import (
    AnswersIncomplete,
    IdentityTraits,
    NothingToSubmit,
    declare_identity,
    save_draft_answer,
)
from aiguille.patients.queries import Draft, Identity, get_draft, get_identity
from aiguille.patients.questionnaire import Walk, walk
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible, Who, reachable_by
from aiguille.plumbing.refusals import add_refusal
from aiguille.portal.questionnaire.forms import (
    AnswerForm,
    BirthDateForm,
    DetailsForm,
    needs_details,
    shown_details,
    zone_choices,
)
from aiguille.rulebook import Question, QuestionInput, load_rulebook

_FORMS = ("GET", "HEAD", "POST")


@dataclass(frozen=True)
class Sitting:
    """A patient in front of a questionnaire."""

    actor: Actor
    patient_id: UUID
    identity: Identity
    procedure: Procedure
    draft: Draft
    walk: Walk

    def question(self, question_id: str) -> Question:
        """Return a question that the answers lead to; others are not there."""
        found = self.walk.find(question_id)
        if found is None:
            raise NotVisible
        return found

    def address(self, question: Question | None) -> str:
        """Return the address of a question; after the last one, of the review."""
        if question is None:
            return reverse("portal:questionnaire_review", args=[self.procedure.value])
        return reverse("portal:questionnaire", args=[self.procedure.value, question.id])


@reachable_by(Who.PATIENT)
@require_GET
@never_cache
def start(request: HttpRequest, procedure: str) -> HttpResponse:
    """Go to where the patient stopped: the beginning, the first unanswered, or the review."""
    sitting = _sit(request, procedure)
    if not sitting.draft.answers:
        return HttpResponseRedirect(sitting.address(sitting.walk.questions[0]))
    return HttpResponseRedirect(sitting.address(sitting.walk.first_missing))


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
def ask(request: HttpRequest, procedure: str, question: str) -> HttpResponse:
    """Ask one question and keep its answer."""
    sitting = _sit(request, procedure)
    asked = sitting.question(question)
    if asked.input is QuestionInput.BIRTH_DATE:
        return _ask_birth_date(request, sitting, asked)
    kept = dict(sitting.draft.answers.get(asked.id, {}))
    form = AnswerForm(request.POST if request.method == "POST" else None, initial=kept)
    if request.method == "POST" and form.is_valid():
        answer = form.cleaned_data["answer"]
        more = answer == Answer.YES and needs_details(asked, sitting.procedure)
        details = shown_details(kept) if more and kept.get("answer") == Answer.YES else {}
        if _keep(form, sitting, asked, {"answer": answer, **details}):
            if more:
                page = reverse("portal:questionnaire_more", args=[procedure, asked.id])
                origin = "?from=review" if request.GET.get("from") == "review" else ""
                return HttpResponseRedirect(page + origin)
            return HttpResponseRedirect(_after(request, sitting, asked))
    return _screen(request, sitting, asked, form)


@reachable_by(Who.PATIENT)
@require_http_methods(_FORMS)
@never_cache
def ask_more(request: HttpRequest, procedure: str, question: str) -> HttpResponse:
    """Ask what a “yes” needs to be understood."""
    sitting = _sit(request, procedure)
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
def review(request: HttpRequest, procedure: str) -> HttpResponse:
    """Show every answer before it is handed in, then hand them in."""
    sitting = _sit(request, procedure)
    done_page = reverse("portal:questionnaire_done", args=[procedure])
    if request.method == "POST":
        try:
            record_answers(
                patient_id=sitting.patient_id,
                procedure=sitting.procedure,
                actor=sitting.actor,
                at=clock.now(),
            )
        except NothingToSubmit:
            # The second press of the same button: the first one handed them in.
            return HttpResponseRedirect(done_page)
        except AnswersIncomplete:
            return HttpResponseRedirect(sitting.address(sitting.walk.first_missing))
        return HttpResponseRedirect(done_page)
    if missing := sitting.walk.first_missing:
        return HttpResponseRedirect(sitting.address(missing))
    context = {
        "sitting": sitting,
        "lines": [_line(sitting, question) for question in sitting.walk.questions],
        "is_changed": sitting.draft.is_started,
        "back": sitting.address(sitting.walk.questions[-1]),
    }
    return render(request, "portal/questionnaire/review.html", context)


@reachable_by(Who.PATIENT)
@require_GET
def done(request: HttpRequest, procedure: str) -> HttpResponse:
    """Say that the answers are with the clinic, and that a doctor reads them."""
    sitting = _sit(request, procedure)
    if not sitting.draft.was_handed_in:
        return HttpResponseRedirect(sitting.address(sitting.walk.first_missing))
    return render(request, "portal/questionnaire/done.html", {"sitting": sitting})


def _sit(request: HttpRequest, procedure: str) -> Sitting:
    actor, patient_id = who.patient_of(request)
    if procedure not in set(Procedure):
        raise NotVisible
    code = Procedure(procedure)
    identity = get_identity(patient_id)
    draft = get_draft(patient_id, code)
    return Sitting(
        actor=actor,
        patient_id=patient_id,
        identity=identity,
        procedure=code,
        draft=draft,
        walk=walk(
            load_rulebook(),
            procedure=code,
            answers=draft.answers,
            is_birth_date_known=identity.birth_date is not None,
        ),
    )


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
        save_draft_answer(
            patient_id=sitting.patient_id,
            procedure=sitting.procedure,
            question_id=asked.id,
            answer=answer,
            actor=sitting.actor,
            at=clock.now(),
        )
    except DomainError as refusal:
        add_refusal(form, refusal)
        return False
    return True


def _after(request: HttpRequest, sitting: Sitting, asked: Question) -> str:
    """Return where an answer leads: on, or back to the review that it was changed from."""
    present = _sit(request, sitting.procedure.value)
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
        "theme": theme.title.in_language(language),
        "title": asked.ask.in_language(language),
        "help": "" if is_more else asked.help.in_language(language),
        "number": sitting.walk.position(asked),
        "total": len(sitting.walk.questions),
        "back": sitting.address(before) if before else "",
        "is_more": is_more,
        **more,
    }
    status = 422 if form.errors else 200
    return render(request, "portal/questionnaire/question.html", context, status=status)


def _line(sitting: Sitting, question: Question) -> dict[str, str]:
    """Return a question with its answer in words."""
    language = get_language() or "fr"
    if question.input is QuestionInput.BIRTH_DATE:
        born = sitting.identity.birth_date
        said = date_format(born, "DATE_FORMAT") if born else ""
    else:
        said = _in_words(sitting.draft.answers[question.id], question, language)
    return {
        "question": question.ask.in_language(language),
        "said": said,
        "href": f"{sitting.address(question)}?from=review",
    }


def _in_words(answer: Any, question: Question, language: str) -> str:
    words = {
        Answer.YES.value: gettext("Yes"),
        Answer.NO.value: gettext("No"),
        Answer.UNKNOWN.value: gettext("I don’t know"),
    }
    parts = [words[answer["answer"]]]
    if code := answer.get("type"):
        parts += [o.label.in_language(language) for o in question.types if o.code == code]
    if zones := answer.get("zones"):
        names = dict(zone_choices())
        parts.append(", ".join(names[zone] for zone in zones))
    if ended := shown_details(answer)["ended"]:
        parts.append(gettext("ended on %(date)s") % {"date": date_format(ended, "DATE_FORMAT")})
    return " – ".join(parts)
