"""A lot followed to everybody who received it, and the list of who was told."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from aiguille.accounts.rights import Right, require
from aiguille.desk.stock.forms import ContactForm, TraceForm
from aiguille.journeys.reads.stock import read_lot, trace
from aiguille.journeys.who import staff_of
from aiguille.kernel.codes import ContactMeans
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.treatment_sessions.recalls import note_contact

UNPROCESSABLE = 422


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def find(request: HttpRequest) -> HttpResponse:
    """Find lots by the beginning of their number, or by a scanned code (`q`)."""
    actor = staff_of(request)
    require(actor, Right.SEE_STOCK)
    form = TraceForm(request.GET if "q" in request.GET else None)
    found = None
    if form.is_valid():
        found = trace(search=form.cleaned_data["q"], actor=actor, at=clock.now())
    return render(request, "desk/stock/trace.html", {"form": form, "found": found})


@reachable_by(Who.STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def told(request: HttpRequest, lot_id: UUID, number: int) -> HttpResponse:
    """Write that a patient who received a lot was told of it, or could not be reached."""
    actor, at = staff_of(request), clock.now()
    require(actor, Right.MANAGE_STOCK)
    shown = read_lot(lot_id=lot_id, actor=actor, at=at)
    recipient = shown.recipient(number)
    form = ContactForm(
        request.POST if request.method == "POST" else None, language=get_language() or "fr"
    )
    if form.is_valid():
        note_contact(
            lot_id=lot_id,
            patient_id=recipient.patient.id,
            means=ContactMeans(form.cleaned_data["means"]),
            was_reached=form.cleaned_data["was_reached"],
            note=form.cleaned_data["note"],
            actor=actor,
            at=at,
        )
        messages.success(request, _("Noted."))
        return redirect("desk:stock_lot", lot_id)
    context = {"shown": shown, "recipient": recipient, "form": form}
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "desk/stock/told.html", context, status=status)
