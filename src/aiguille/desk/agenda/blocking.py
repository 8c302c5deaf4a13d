"""Blocking time in the agenda, seeing first what it would displace, and opening it again."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aiguille.accounts.rights import NotAllowed, Right, require
from aiguille.desk.agenda import undo
from aiguille.desk.agenda.grid import kind_word
from aiguille.desk.agenda.moving import instant_of
from aiguille.desk.agenda.place import Place
from aiguille.journeys.block_time import (
    Blockable,
    block,
    blockable,
    closure_for,
    unblock,
    would_displace,
)
from aiguille.journeys.who import staff_of
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.components.widgets import DateInput, TimeInput
from aiguille.plumbing.refusals import add_refusal, explain

UNPROCESSABLE = 422
USUAL = timedelta(hours=1)


class BlockForm(forms.Form):
    """What is blocked, from when until when on the site's clock, and why."""

    what = forms.ChoiceField(label=gettext_lazy("Whose time, or which room or device"))
    from_date = forms.DateField(label=gettext_lazy("From the day"), widget=DateInput)
    from_time = forms.TimeField(label=gettext_lazy("From the hour"), widget=TimeInput)
    until_date = forms.DateField(label=gettext_lazy("Until the day"), widget=DateInput)
    until_time = forms.TimeField(label=gettext_lazy("Until the hour"), widget=TimeInput)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Colleagues read it in the agenda; patients do not."),
        max_length=200,
        required=False,
    )

    def __init__(self, *args: Any, choices: Blockable, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups: dict[str, list[tuple[str, str]]] = {}
        for resource in choices.resources:
            name = f"{resource.title} {resource.name}".strip()
            groups.setdefault(kind_word(resource.kind), []).append((resource.code, name))
        what = self.fields["what"]
        assert isinstance(what, forms.ChoiceField)
        what.choices = list(groups.items())

    def clean_reason(self) -> str:
        """Return the reason on one line."""
        return " ".join(str(self.cleaned_data["reason"]).replace("\x00", "").split())

    @property
    def start(self) -> datetime:
        """Return the beginning as the walls show it."""
        return self._wall("from")

    @property
    def end(self) -> datetime:
        """Return the end as the walls show it."""
        return self._wall("until")

    def _wall(self, side: str) -> datetime:
        day: date = self.cleaned_data[f"{side}_date"]
        hour: time = self.cleaned_data[f"{side}_time"]
        return datetime.combine(day, hour.replace(second=0, microsecond=0))


@reachable_by(Who.STAFF)
@require_http_methods(("GET", "HEAD", "POST"))
@never_cache
def block_time(request: HttpRequest) -> HttpResponse:
    """Block time: the first press shows what is booked there, the second blocks it.

    Where nothing is booked, the first press blocks at once.
    """
    actor = staff_of(request)
    require(actor, Right.SEE_AGENDA)
    at = clock.now()
    place = Place.of(request.GET)
    choices = blockable(site_code=place.site, actor=actor, at=at)
    if not choices.resources:
        raise NotAllowed
    form = BlockForm(
        request.POST or None, choices=choices, initial=_initial(request, choices, place, at)
    )
    displaced = None
    if request.method == "POST" and form.is_valid():
        resource = choices.named(form.cleaned_data["what"])
        assert resource is not None, "the form offers no other"
        given: dict[str, Any] = {"resource_id": resource.id, "start": form.start, "end": form.end}
        try:
            displaced = would_displace(**given, site=choices.site, at=at)
            seen = ",".join(str(one.id) for one in displaced)
            if not displaced or request.POST.get("seen") == seen:
                block(**given, reason=form.cleaned_data["reason"], actor=actor, at=at)
                messages.success(request, _blocked(len(displaced)))
                return redirect(place.at(site=choices.site.code, day=form.start.date()).href)
        except DomainError as error:
            add_refusal(form, error)
    return render(
        request,
        "desk/agenda/block.html",
        {
            "form": form,
            "place": place,
            "site": choices.site,
            "displaced": displaced or [],
            "seen": ",".join(str(one.id) for one in displaced or []),
        },
        status=UNPROCESSABLE if form.errors or displaced else 200,
    )


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def closure(request: HttpRequest, closure_id: UUID) -> HttpResponse:
    """Show a block, and let it be opened again."""
    actor = staff_of(request)
    require(actor, Right.SEE_AGENDA)
    place = Place.of(request.GET)
    return render(
        request,
        "desk/agenda/closure.html",
        {
            "closure": closure_for(closure_id=closure_id, actor=actor),
            "place": place,
            "open_href": place.link("agenda_unblock", closure_id),
        },
    )


@reachable_by(Who.STAFF)
@require_POST
def open_again(request: HttpRequest, closure_id: UUID) -> HttpResponse:
    """Open again what was blocked; for a few seconds it can be put back."""
    actor = staff_of(request)
    require(actor, Right.SEE_AGENDA)
    at = clock.now()
    was = unblock(closure_id=closure_id, actor=actor, at=at)
    undo.offer(
        request,
        kind="block",
        at=at,
        resource=was.resource_id,
        start=was.start,
        end=was.end,
        reason=was.reason,
        name=was.reason or _("Closed"),
    )
    messages.success(request, _("The time is open again."))
    return redirect(Place.of(request.GET).href)


@reachable_by(Who.STAFF)
@require_POST
def put_back(request: HttpRequest) -> HttpResponse:
    """Block again what was just opened."""
    actor = staff_of(request)
    require(actor, Right.SEE_AGENDA)
    at = clock.now()
    place = Place.of(request.GET)
    last = undo.take(request, kind="block", at=at)
    if last is None:
        messages.error(request, _("It is too late to put it back: block the time again."))
        return redirect(place.href)
    try:
        block(
            resource_id=UUID(last.given["resource"]),
            start=datetime.fromisoformat(last.given["start"]),
            end=datetime.fromisoformat(last.given["end"]),
            reason=last.given["reason"],
            actor=actor,
            at=at,
        )
    except DomainError as error:
        messages.error(request, explain(error))
    else:
        messages.success(request, _("The time is blocked again."))
    return redirect(place.href)


def _blocked(displaced: int) -> str:
    if not displaced:
        return _("The time is blocked.")
    return ngettext(
        "The time is blocked. %(count)s appointment needs another time.",
        "The time is blocked. %(count)s appointments need another time.",
        displaced,
    ) % {"count": displaced}


def _initial(
    request: HttpRequest, choices: Blockable, place: Place, at: datetime
) -> dict[str, object]:
    """Return what the agenda dragged over or clicked on, else an hour of the day shown."""
    zone = ZoneInfo(choices.site.time_zone)
    start = instant_of(request.GET.get("start", ""))
    end = instant_of(request.GET.get("end", ""))
    if start is None:
        day = place.day or at.astimezone(zone).date()
        local = datetime.combine(day, time(12), tzinfo=zone)
    else:
        local = start.astimezone(zone)
    until = end.astimezone(zone) if end is not None else local + USUAL
    code = request.GET.get("what", "") or place.who
    return {
        "what": code if choices.named(code) else "",
        "from_date": local.date(),
        "from_time": local.time(),
        "until_date": until.date(),
        "until_time": until.time(),
    }
