"""The worklist: most pressing first, taken with one tap, finished with a word."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aiguille.accounts.rights import Right, has_right, require
from aiguille.clinics.queries import list_sites
from aiguille.journeys.change_set_up import TASK as DISPLACED
from aiguille.journeys.send_photo import TASK as PHOTOS
from aiguille.journeys.who import staff_of
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.components.shapes import Tab
from aiguille.plumbing.refusals import add_refusal, explain
from aiguille.worklist.access import get_task_for
from aiguille.worklist.operations import (
    ENDS_WITH_SUBJECT,
    LONGEST_OUTCOME,
    TaskGone,
    finish_task,
    take_task,
)
from aiguille.worklist.queries import TaskView, count_open, list_open

SHOWN = 100


class OutcomeForm(forms.Form):
    """What came of a task."""

    outcome = forms.CharField(
        label=_("Outcome"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=LONGEST_OUTCOME,
        required=False,
    )


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task with where it leads and what this person may do about it."""

    task: TaskView
    zone: str
    href: str
    is_late: bool
    is_mine: bool
    can_take: bool
    can_finish: bool


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def tasks(request: HttpRequest) -> HttpResponse:
    """List the tasks that this person is to look at, or with `all` those of their roles."""
    actor = staff_of(request)
    require(actor, Right.SEE_WORKLIST)
    at = clock.now()
    everybody = "all" in request.GET
    found = list_open(actor=actor, at=at, everybody=everybody, limit=SHOWN)
    mine, everyones = (
        count_open(actor=actor, at=at, everybody=everyone) for everyone in (False, True)
    )
    address, zones = reverse("desk:tasks"), _zones()
    context = {
        "lines": [_line(task, zones=zones, actor=actor, at=at) for task in found],
        "hidden": max(0, (everyones if everybody else mine) - len(found)),
        "tabs": [
            Tab(gettext("For me"), address, current=not everybody, count=mine),
            Tab(gettext("Everybody’s"), f"{address}?all", current=everybody, count=everyones),
        ],
    }
    return render(request, "desk/worklist/tasks.html", context)


@reachable_by(Who.STAFF)
@require_POST
def take(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """Take a task for oneself."""
    try:
        take_task(task_id=task_id, actor=staff_of(request), at=clock.now())
    except TaskGone as refusal:
        messages.error(request, explain(refusal))
    else:
        messages.success(request, gettext("You take care of it."))
    return HttpResponseRedirect(reverse("desk:tasks"))


@reachable_by(Who.STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def finish(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """Finish a task and say what came of it."""
    actor, at = staff_of(request), clock.now()
    task = get_task_for(actor=actor, task_id=task_id)
    form = OutcomeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            finish_task(task_id=task_id, actor=actor, at=at, outcome=form.cleaned_data["outcome"])
        except DomainError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, gettext("Done."))
            return HttpResponseRedirect(reverse("desk:tasks"))
    context = {"form": form, "line": _line(task, zones=_zones(), actor=actor, at=at)}
    status = 422 if form.errors else 200
    return render(request, "desk/worklist/finish.html", context, status=status)


def _line(
    task: TaskView, *, zones: Mapping[UUID | None, str], actor: Actor, at: datetime
) -> TaskLine:
    is_mine = task.owner_id == actor.id
    return TaskLine(
        task=task,
        zone=zones.get(task.site_id) or next(iter(zones.values())),
        href=_subject(task, actor),
        is_late=task.is_late(at),
        is_mine=is_mine,
        can_take=task.state == "OPEN",
        can_finish=task.kind not in ENDS_WITH_SUBJECT,
    )


def _zones() -> dict[UUID | None, str]:
    """Return the time zone of each site, the group's first site first."""
    return {site.id: site.time_zone for site in list_sites()}


def _subject(task: TaskView, actor: Actor) -> str:
    """Return the page where the task is dealt with, or nothing where this person sees none."""
    if task.subject_kind == "symptom_report" and has_right(actor, Right.READ_RECORD):
        return reverse("desk:symptom", args=[task.subject_id])
    if task.kind == DISPLACED and has_right(actor, Right.BOOK):
        return reverse("desk:displaced")
    if (
        task.patient_number is not None
        and task.kind == PHOTOS
        and has_right(actor, Right.READ_RECORD)
    ):
        return reverse("desk:photos", args=[task.patient_number])
    if task.patient_number is not None:
        return reverse("desk:patient", args=[task.patient_number])
    return ""
