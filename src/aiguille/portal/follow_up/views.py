"""The advice after a session, and the way to say that something is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.catalogue.facts import AdviceKind
from aiguille.follow_up.queries import AdviceView
from aiguille.follow_up.wording import day, period
from aiguille.journeys import who
from aiguille.journeys.reads.aftercare import (
    AftercarePage,
    SymptomsPage,
    read_aftercare,
    read_report,
    read_symptoms,
)
from aiguille.journeys.report_symptom import report_symptom
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Symptom
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.components.shapes import Step
from aiguille.plumbing.refusals import add_refusal
from aiguille.portal.follow_up.forms import SymptomForm


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of advice with the time it holds for, in words."""

    text: str
    when: str


@reachable_by(Who.PATIENT)
@require_GET
@never_cache
def aftercare(request: HttpRequest) -> HttpResponse:
    """Show what to do and avoid now, what comes later, and what is normal."""
    _, patient_id = who.patient_of(request)
    at = clock.now()
    page = read_aftercare(patient_id=patient_id, at=at)
    context: dict[str, object] = {"page": page}
    if page is not None:
        context |= _advice(page, at=at)
    return render(request, "portal/follow_up/aftercare.html", context)


@reachable_by(Who.PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def symptom(request: HttpRequest) -> HttpResponse:
    """Take a report, emergencies first, and list the earlier ones."""
    actor, patient_id = who.patient_of(request)
    page = read_symptoms(patient_id=patient_id)
    form = None
    if page.sessions:
        form = SymptomForm(
            request.POST if request.method == "POST" else None,
            initial={"request_key": new_id()},
            sessions=page.sessions,
        )
        if request.method == "POST" and form.is_valid():
            try:
                report_id = _report(form, page, actor=actor)
            except DomainError as refusal:
                add_refusal(form, refusal)
            else:
                return HttpResponseRedirect(reverse("portal:symptom_report", args=[report_id]))
    status = 422 if form is not None and form.errors else 200
    context = {"page": page, "form": form}
    return render(request, "portal/follow_up/symptom.html", context, status=status)


@reachable_by(Who.PATIENT)
@require_GET
@never_cache
def report(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """Say what a reported symptom means and what to do, and show the doctor's answers."""
    _, patient_id = who.patient_of(request)
    page = read_report(patient_id=patient_id, report_id=report_id)
    return render(request, "portal/follow_up/report.html", {"page": page})


def _report(form: SymptomForm, page: SymptomsPage, *, actor: Actor) -> UUID:
    given = form.cleaned_data
    return report_symptom(
        session_id=UUID(given.get("session") or str(page.sessions[0].session.id)),
        symptom=Symptom(given["symptom"]),
        note=given["note"],
        pain=given["pain"],
        request_key=given["request_key"],
        actor=actor,
        at=clock.now(),
    ).id


def _advice(page: AftercarePage, *, at: datetime) -> dict[str, object]:
    items = page.aftercare.items
    now = [item for item in items if item.holds(at)]

    def lines(found: Sequence[AdviceView]) -> list[Line]:
        return [_line(item, page, at=at) for item in found]

    def of(kind: AdviceKind) -> list[AdviceView]:
        return sorted((item for item in now if item.kind == kind), key=_end)

    later = [item for item in items if item.begins_at > at and item.kind != AdviceKind.NORMAL]
    return {
        "avoid": lines(of(AdviceKind.AVOID)),
        "do": lines(of(AdviceKind.DO)),
        "normal": lines(of(AdviceKind.NORMAL)),
        "resume": lines(of(AdviceKind.RESUME)),
        "later": lines(sorted(later, key=lambda item: item.begins_at)),
        "calendar": _calendar(page, at=at),
    }


def _line(item: AdviceView, page: AftercarePage, *, at: datetime) -> Line:
    language = get_language() or "fr"
    return Line(
        text=item.text.in_language(language),
        when=period(item, at=at, zone=page.ended.zone, language=language),
    )


def _calendar(page: AftercarePage, *, at: datetime) -> list[Step]:
    """Return the days on which something begins or ends, the session's own first."""
    language, zone = get_language() or "fr", page.ended.zone
    changes = sorted(
        [
            *(
                (item.begins_at, gettext("From %(hour)s: %(advice)s"), item)
                for item in page.aftercare.items
            ),
            *(
                (item.until, gettext("Over at %(hour)s: %(advice)s"), item)
                for item in page.aftercare.items
                if item.until is not None
            ),
        ],
        key=lambda change: change[0],
    )
    first, today = page.ended.ended_at.astimezone(zone).date(), at.astimezone(zone).date()
    steps = []
    for date, found in groupby(changes, key=lambda change: change[0].astimezone(zone).date()):
        group = list(found)
        number = (date - first) // timedelta(days=1)
        steps.append(
            Step(
                label=gettext("Day of the session")
                if number == 0
                else gettext("Day %(number)s") % {"number": number},
                state="current" if date == today else "done" if date < today else "todo",
                when=day(group[0][0], at=at, zone=zone, language=language),
                detail=" ".join(
                    said
                    % {
                        "hour": date_format(when.astimezone(zone), "H:i"),
                        "advice": item.text.in_language(language),
                    }
                    for when, said, item in group
                ),
            )
        )
    return steps


def _end(item: AdviceView) -> tuple[bool, datetime]:
    return item.until is None, item.until or item.begins_at
