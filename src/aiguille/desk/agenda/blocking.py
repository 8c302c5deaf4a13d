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

from aiguille.accounts.rights import NotAllowed, Right, has_right, require
from aiguille.desk.agenda import undo
from aiguille.desk.agenda.grid import kind_word
from aiguille.desk.agenda.place import Place
from aiguille.desk.clinic.saving import Effects
from aiguille.journeys.block_time import Blockable, block, blockable, closure_for, unblock
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
    effects = None
    if request.method == "POST" and form.is_valid():
        resource = choices.named(form.cleaned_data["what"])
        assert resource is not None, "the form offers no other"
        try:
            outcome = block(
                resource_id=resource.id,
                start=form.start,
                end=form.end,
                reason=form.cleaned_data["reason"],
                confirmed=request.POST.get("confirmed", ""),
                actor=actor,
                at=at,
            )
        except DomainError as error:
            add_refusal(form, error)
        else:
            if outcome.is_saved:
                messages.success(request, _blocked(len(outcome.displaced)))
                if outcome.displaced and has_right(actor, Right.BOOK):
                    return redirect("desk:displaced")
                return redirect(place.at(site=choices.site.code, day=form.start.date()).href)
            effects = Effects(outcome, names_patients=has_right(actor, Right.SEE_IDENTITY))
    return render(
        request,
        "desk/agenda/block.html",
        {"form": form, "place": place, "site": choices.site, "effects": effects},
        status=UNPROCESSABLE if form.errors or effects else 200,
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
    place = Place.of(request.GET)
    was = unblock(closure_id=closure_id, actor=actor, at=at)
    choices = blockable(site_code=place.site, actor=actor, at=at)
    code = next((r.code for r in choices.resources if r.id == was.resource_id), "")
    undo.offer(
        request,
        kind="block",
        at=at,
        resource=was.resource_id,
        code=code,
        start=was.start,
        end=was.end,
        reason=was.reason,
        name=was.reason or _("Closed"),
    )
    messages.success(request, _("The time is open again."))
    return redirect(place.href)


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
    start, end = (datetime.fromisoformat(last.given[side]) for side in ("start", "end"))
    try:
        outcome = block(
            resource_id=UUID(last.given["resource"]),
            start=start,
            end=end,
            reason=last.given["reason"],
            confirmed="",
            actor=actor,
            at=at,
        )
    except DomainError as error:
        messages.error(request, explain(error))
        return redirect(place.href)
    if outcome.is_saved:
        messages.success(request, _("The time is blocked again."))
        return redirect(place.href)
    # It displaces something: whoever blocks sees it first, as for any block.
    messages.warning(request, _("Appointments are booked there: look at them before you block."))
    return redirect(
        place.link(
            "agenda_block",
            what=last.given["code"],
            start=last.given["start"],
            end=last.given["end"],
        )
    )


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
    start = _wall(request.GET.get("start", ""), zone)
    if start is None:
        day = place.day or at.astimezone(zone).date()
        start = datetime.combine(day, time(12))
    until = _wall(request.GET.get("end", ""), zone) or start + USUAL
    code = request.GET.get("what", "") or place.who
    return {
        "what": code if choices.named(code) else "",
        "from_date": start.date(),
        "from_time": start.time(),
        "until_date": until.date(),
        "until_time": until.time(),
    }


def _wall(text: str, zone: ZoneInfo) -> datetime | None:
    """Return what the walls show: of an instant with its offset, or of a time without."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(zone).replace(tzinfo=None) if found.tzinfo else found
