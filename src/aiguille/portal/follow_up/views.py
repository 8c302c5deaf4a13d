"""The advice after a session, and the way to say that something is wrong."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
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
from aiguille.follow_up.wording import day, instant, period
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
from aiguille.plumbing.refusals import add_refusal
from aiguille.portal.follow_up.forms import SymptomForm

NOON = time(12)


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of advice with the time it holds for, in words."""

    text: str
    when: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that begins or ends, at an hour of the site's clock."""

    hour: str
    text: str


@dataclass(frozen=True, slots=True)
class Day:
    """A day on which advice begins or ends."""

    label: str
    when: str
    is_first: bool
    begins: tuple[Change, ...]
    ends: tuple[Change, ...]


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
        "ended_when": instant(
            page.ended.ended_at, at=at, zone=page.ended.zone, language=get_language() or "fr"
        ),
    }


def _line(item: AdviceView, page: AftercarePage, *, at: datetime) -> Line:
    language = get_language() or "fr"
    return Line(
        text=item.text.in_language(language),
        when=period(item, at=at, zone=page.ended.zone, language=language),
    )


def _calendar(page: AftercarePage, *, at: datetime) -> list[Day]:
    """Return the days on which something begins or ends, the session's own first."""
    language, zone = get_language() or "fr", page.ended.zone
    first = page.ended.ended_at.astimezone(zone).date()
    begins: dict[date, list[tuple[datetime, AdviceView]]] = defaultdict(list)
    ends: dict[date, list[tuple[datetime, AdviceView]]] = defaultdict(list)
    for item in page.aftercare.items:
        for when, changes in ((item.begins_at, begins), (item.until, ends)):
            if when is not None:
                changes[when.astimezone(zone).date()].append((when, item))

    def said(found: list[tuple[datetime, AdviceView]]) -> tuple[Change, ...]:
        return tuple(
            Change(
                hour=date_format(when.astimezone(zone), "H:i"), text=item.text.in_language(language)
            )
            for when, item in sorted(found, key=lambda change: change[0])
        )

    return [
        Day(
            label=_day_name((each - first).days),
            when=day(
                datetime.combine(each, NOON, tzinfo=zone), at=at, zone=zone, language=language
            ),
            is_first=each == first,
            begins=said(begins[each]),
            ends=said(ends[each]),
        )
        for each in sorted(begins.keys() | ends.keys())
    ]


def _day_name(number: int) -> str:
    if number == 0:
        return gettext("Day of the session")
    return gettext("Day %(number)s") % {"number": number}


def _end(item: AdviceView) -> tuple[bool, datetime]:
    return item.until is None, item.until or item.begins_at
