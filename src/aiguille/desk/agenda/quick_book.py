"""Booking at a time clicked in the agenda: find the patient, choose what, book."""

from datetime import UTC, datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.accounts.rights import Right, has_right, require
from aiguille.booking.operations import AlreadyBooked
from aiguille.desk.agenda.moving import instant_of
from aiguille.desk.agenda.place import Place, key_of, number_of, with_query
from aiguille.journeys.book_at_desk import book_service
from aiguille.journeys.book_session import book_session
from aiguille.journeys.reads.agenda_booking import Spot, near, read_spot, what_for
from aiguille.journeys.reads.desk_times import Bookable
from aiguille.journeys.reads.search import search_patients
from aiguille.journeys.who import staff_of
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import explain

UNPROCESSABLE = 422
MOST_FOUND = 20
_SERVICE, _PLAN = "service", "plan"


@reachable_by(Who.STAFF)
@require_http_methods(("GET", "HEAD", "POST"))
@never_cache
def quick_book(request: HttpRequest) -> HttpResponse:
    """Book at `start` with the practitioner `with`: `q` finds the patient, `patient` names one."""
    actor = staff_of(request)
    require(actor, Right.BOOK)
    at = clock.now()
    place = Place.of(request.GET)
    start = instant_of(request.GET.get("start", "").replace(" ", "+"))
    if start is None:
        raise Http404
    spot = read_spot(
        site_code=place.site,
        practitioner=request.GET.get("with", ""),
        start=start,
        actor=actor,
        at=at,
    )
    number = number_of(request.GET.get("patient", ""))
    if number is None:
        return _find(request, spot, place, actor=actor, at=at)
    bookable = what_for(number=number, actor=actor, at=at)
    if request.method != "POST":
        return _form(request, spot, place, bookable)
    return _book(request, spot, place, bookable, actor=actor, at=at)


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def found(request: HttpRequest) -> HttpResponse:
    """Return the patients that `q` may mean, for a page that asks while somebody types.

    `to` is the page of ours that each leads to, with the patient's number.
    """
    actor = staff_of(request)
    require(actor, Right.BOOK)
    return render(
        request,
        "desk/agenda/_found.html",
        _search(request, request.GET.get("to", ""), actor=actor, at=clock.now()),
    )


def _find(
    request: HttpRequest, spot: Spot, place: Place, *, actor: Actor, at: datetime
) -> HttpResponse:
    here = _address(spot, place)
    return render(
        request,
        "desk/agenda/find.html",
        {
            "spot": spot,
            "place": place,
            "hidden": [
                (name, value) for name, value in request.GET.items() if name not in {"q", "patient"}
            ],
            "block_href": place.link(
                "agenda_block",
                what=spot.column.code,
                start=spot.start.astimezone(UTC).isoformat(),
            )
            if spot.column and spot.column.may_block
            else "",
            "here": here,
            **_search(request, here, actor=actor, at=at),
        },
    )


def _search(request: HttpRequest, to: str, *, actor: Actor, at: datetime) -> dict[str, object]:
    """Return whom `q` may mean, each with the link on."""
    if not to.startswith(reverse("desk:agenda_book")):
        raise Http404
    query = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    people = search_patients(text=query, limit=MOST_FOUND, actor=actor, at=at)
    return {
        "query": query,
        "found": [(one, f"{to}&patient={one.number}") for one in people],
        "is_full": len(people) == MOST_FOUND,
        "new_href": with_query(reverse("desk:new_patient"), next=to)
        if has_right(actor, Right.EDIT_IDENTITY)
        else "",
    }


def _form(
    request: HttpRequest,
    spot: Spot,
    place: Place,
    bookable: Bookable,
    *,
    refusal: str = "",
    nearest: tuple[object, ...] = (),
) -> HttpResponse:
    offers = [
        *(
            (f"{_PLAN}:{one.plan.id}", one.treatment.name, one.earliest, None)
            for one in bookable.sessions
        ),
        *((f"{_SERVICE}:{one.id}", one.name, None, one.minutes) for one in bookable.consultations),
    ]
    possible = [value for value, _name, earliest, _m in offers if not earliest or earliest.date]
    wanted = request.POST.get("start", "")
    return render(
        request,
        "desk/agenda/book.html",
        {
            "spot": spot,
            "place": place,
            "identity": bookable.identity,
            "offers": offers,
            "chosen": request.POST.get("what") or next(iter(possible), ""),
            "starts": [
                (one.astimezone(UTC).isoformat(), one, _is_chosen(one, wanted, spot.start))
                for one in spot.starts
            ],
            "other_patient": _address(spot, place),
            "other_times": reverse("desk:book", args=[bookable.identity.number]),
            "refusal": refusal,
            "nearest": nearest,
            "request_key": request.POST.get("request_key") if not refusal else new_id(),
            "new_key": new_id(),
        },
        status=UNPROCESSABLE if refusal else 200,
    )


def _book(
    request: HttpRequest,
    spot: Spot,
    place: Place,
    bookable: Bookable,
    *,
    actor: Actor,
    at: datetime,
) -> HttpResponse:
    kind, _colon, key = request.POST.get("what", "").partition(":")
    what = key_of(key)
    start = instant_of(request.POST.get("start", ""))
    if what is None or kind not in {_SERVICE, _PLAN} or start is None:
        return _form(request, spot, place, bookable, refusal=_("Choose what to book, and when."))
    anybody = request.POST.get("anybody") == "1"
    practitioner_id = None if anybody else spot.practitioner_id
    request_key = key_of(request.POST.get("request_key", ""))
    try:
        made = _book_one(
            kind,
            what,
            bookable=bookable,
            spot=spot,
            start=start,
            practitioner_id=practitioner_id,
            request_key=request_key,
            actor=actor,
            at=at,
        )
    except AlreadyBooked as error:
        made = error.appointment_id
    except DomainError as error:
        return _form(
            request,
            spot,
            place,
            bookable,
            refusal=explain(error),
            nearest=near(
                bookable=bookable,
                service_id=what if kind == _SERVICE else None,
                plan_id=what if kind == _PLAN else None,
                spot=spot,
                wanted=start,
                at=at,
            ),
        )
    else:
        messages.success(request, _("%(name)s is booked.") % {"name": bookable.identity.full_name})
    day = start.astimezone(spot.start.tzinfo).date()
    return redirect(f"{place.at(site=spot.site.code, day=place.day or day).href}#a-{made}")


def _book_one(
    kind: str,
    what: UUID,
    *,
    bookable: Bookable,
    spot: Spot,
    start: datetime,
    practitioner_id: UUID | None,
    request_key: UUID | None,
    actor: Actor,
    at: datetime,
) -> UUID:
    if kind == _PLAN:
        return book_session(
            patient_id=bookable.identity.id,
            plan_id=what,
            site_id=spot.site.id,
            starts_at=start,
            practitioner_id=practitioner_id,
            request_key=request_key,
            actor=actor,
            at=at,
        )
    return book_service(
        patient_id=bookable.identity.id,
        service_id=what,
        site_id=spot.site.id,
        starts_at=start,
        practitioner_id=practitioner_id,
        request_key=request_key,
        actor=actor,
        at=at,
    )


def _address(spot: Spot, place: Place) -> str:
    """Return the page of this time with nobody chosen yet."""
    more = {"with": spot.column.code} if spot.column else {}
    return place.link("agenda_book", start=spot.start.astimezone(UTC).isoformat(), **more)


def _is_chosen(one: datetime, wanted: str, start: datetime) -> bool:
    chosen = instant_of(wanted) or start
    return one == chosen
