"""The shelves of a site, deliveries, and a lot with what may be done to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aiguille.accounts.rights import Right, has_right, require
from aiguille.catalogue.queries import list_products
from aiguille.desk.stock.forms import ChangeForm, DeliveryForm, read_as_values
from aiguille.journeys.reads.stock import LotPage, read_lot, read_shelves, staff_sites
from aiguille.journeys.who import staff_of
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import LotStatus
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.components.shapes import Step, Tab
from aiguille.plumbing.refusals import add_refusal
from aiguille.stock.operations import quarantine_lot, recall_lot, receive_lot, release_lot

UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class Change:
    """Something that may be done to a lot in one of the statuses of `allowed`."""

    name: str
    label: str | Promise
    lead: str | Promise
    done: str | Promise
    tone: str
    allowed: frozenset[LotStatus]
    make: Callable[..., None]


CHANGES = {
    change.name: change
    for change in (
        Change(
            name="quarantine",
            label=gettext_lazy("Put in quarantine"),
            lead=gettext_lazy("Nobody can open a unit of this lot until it is released."),
            done=gettext_lazy("The lot is in quarantine."),
            tone="accent",
            allowed=frozenset({LotStatus.AVAILABLE}),
            make=quarantine_lot,
        ),
        Change(
            name="release",
            label=gettext_lazy("Put back in use"),
            lead=gettext_lazy("Its units may be opened again."),
            done=gettext_lazy("The lot is in use again."),
            tone="primary",
            allowed=frozenset({LotStatus.QUARANTINED}),
            make=release_lot,
        ),
        Change(
            name="recall",
            label=gettext_lazy("Recall"),
            lead=gettext_lazy(
                "A recalled lot never comes back. The patients concerned are listed below."
            ),
            done=gettext_lazy("The lot is recalled."),
            tone="danger",
            allowed=frozenset({LotStatus.AVAILABLE, LotStatus.QUARANTINED}),
            make=recall_lot,
        ),
    )
}
MOVEMENTS = {
    "RECEIVED": gettext_lazy("Received"),
    "QUARANTINED": gettext_lazy("Put in quarantine"),
    "RECALLED": gettext_lazy("Recalled"),
    "RELEASED": gettext_lazy("Put back in use"),
}


@reachable_by(Who.STAFF)
@require_GET
def shelves(request: HttpRequest) -> HttpResponse:
    """Show a site's lots: `site` (code) and `q` (lot or product) choose."""
    actor = staff_of(request)
    search = request.GET.get("q", "")[:100]
    shown = read_shelves(
        actor=actor, at=clock.now(), site_code=request.GET.get("site", ""), search=search
    )
    address = reverse("desk:stock")
    return render(
        request,
        "desk/stock/shelves.html",
        {
            "shown": shown,
            "search": search,
            "can_receive": has_right(actor, Right.MANAGE_STOCK),
            "tabs": [
                Tab(
                    label=site.name,
                    href=f"{address}?site={site.code}",
                    current=site.id == shown.site.id,
                )
                for site in shown.sites
            ],
        },
    )


@reachable_by(Who.STAFF)
@require_http_methods(["GET", "POST"])
def receive(request: HttpRequest) -> HttpResponse:
    """Take in a delivery; “read the code” only fills in the form."""
    actor = staff_of(request)
    require(actor, Right.MANAGE_STOCK)
    if request.method == "GET":
        return _delivery_page(request, _delivery_form(actor))
    form = _delivery_form(actor, request.POST)
    is_valid = form.is_valid()
    if request.POST.get("action") == "read":
        return _code_read(request, actor, form)
    if not is_valid:
        return _delivery_page(request, form, status=UNPROCESSABLE)
    product_id, site_id = form.chosen
    try:
        lot_id = receive_lot(
            product_id=product_id,
            site_id=site_id,
            number=form.cleaned_data["number"],
            expiry=form.cleaned_data["expiry"],
            quantity=form.cleaned_data["quantity"],
            serials=form.serial_numbers,
            actor=actor,
            at=clock.now(),
        )
    except DomainError as error:
        add_refusal(form, error)
        return _delivery_page(request, form, status=UNPROCESSABLE)
    messages.success(
        request,
        ngettext("%(n)s unit taken in.", "%(n)s units taken in.", form.cleaned_data["quantity"])
        % {"n": form.cleaned_data["quantity"]},
    )
    return redirect("desk:stock_lot", lot_id)


def _delivery_form(
    actor: Actor, data: Mapping[str, Any] | None = None, initial: dict[str, Any] | None = None
) -> DeliveryForm:
    at = clock.now()
    sites = staff_sites(actor=actor, at=at)
    return DeliveryForm(
        data,
        initial=initial,
        sites=sites,
        products=list_products(),
        today=at.astimezone(ZoneInfo(sites[0].time_zone)).date(),
    )


def _code_read(request: HttpRequest, actor: Actor, form: DeliveryForm) -> HttpResponse:
    """Show the form with what the code says; what was typed beside it stays."""
    code = form.cleaned_data.get("code")
    if "code" in form.errors or code is None:
        for name in [name for name in form.errors if name != "code"]:
            del form.errors[name]
        if code is None and "code" not in form.errors:
            form.add_error("code", _("Scan or paste a code first."))
        return _delivery_page(request, form, status=UNPROCESSABLE)
    typed = {name: value for name, value in request.POST.items() if value}
    filled = _delivery_form(actor, initial={**typed, **read_as_values(code)})
    return _delivery_page(request, filled, unknown=code.gtin if code.product is None else "")


def _delivery_page(
    request: HttpRequest, form: DeliveryForm, *, unknown: str = "", status: int = 200
) -> HttpResponse:
    return render(
        request, "desk/stock/receive.html", {"form": form, "unknown": unknown}, status=status
    )


@reachable_by(Who.STAFF)
@require_GET
def lot(request: HttpRequest, lot_id: UUID) -> HttpResponse:
    """Show a lot, what happened to it, and who received it."""
    actor = staff_of(request)
    return _lot_page(request, read_lot(lot_id=lot_id, actor=actor, at=clock.now()))


@reachable_by(Who.STAFF)
@require_POST
def change(request: HttpRequest, lot_id: UUID, change: str) -> HttpResponse:
    """Take a lot out of use, or back."""
    actor, at = staff_of(request), clock.now()
    chosen = CHANGES.get(change)
    if chosen is None:
        raise Http404
    require(actor, Right.MANAGE_STOCK)
    shown = read_lot(lot_id=lot_id, actor=actor, at=at)
    form = ChangeForm(request.POST, prefix=change)
    if form.is_valid():
        try:
            chosen.make(lot_id=lot_id, reason=form.cleaned_data["reason"], actor=actor, at=at)
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, str(chosen.done))
            return redirect("desk:stock_lot", lot_id)
    return _lot_page(request, shown, refused={change: form}, status=UNPROCESSABLE)


def _lot_page(
    request: HttpRequest,
    shown: LotPage,
    *,
    refused: Mapping[str, forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    actor = staff_of(request)
    refused = refused or {}
    changes = [
        (each, refused.get(each.name) or ChangeForm(prefix=each.name), each.name in refused)
        for each in CHANGES.values()
        if (shown.line.lot.status in each.allowed or each.name in refused)
        and has_right(actor, Right.MANAGE_STOCK)
    ]
    return render(
        request,
        "desk/stock/lot.html",
        {
            "shown": shown,
            "lot": shown.line.lot,
            "changes": changes,
            "can_read_record": has_right(actor, Right.READ_RECORD),
            "may_note": has_right(actor, Right.MANAGE_STOCK),
            "movements": [
                Step(
                    label=str(MOVEMENTS[line.kind]),
                    state="done",
                    detail=_movement_words(line.quantity, line.reason, line.by),
                    when=date_format(
                        line.at.astimezone(ZoneInfo(shown.site.time_zone)), "SHORT_DATETIME_FORMAT"
                    ),
                )
                for line in shown.movements
            ],
        },
        status=status,
    )


def _movement_words(quantity: int, reason: str, by: str) -> str:
    units = ngettext("%(n)s unit", "%(n)s units", quantity) % {"n": quantity} if quantity else ""
    return " – ".join(part for part in (units, reason, by) if part)
