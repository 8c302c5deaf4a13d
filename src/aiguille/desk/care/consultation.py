"""The consultation's first page: what is known beside what is written; and what is being typed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from aiguille.accounts.rights import Right, require
from aiguille.booking.access import get_appointment_for
from aiguille.care.examination import examined_in, zone_sides_in
from aiguille.care.operations import StaleVersion, keep_draft, write_consultation
from aiguille.care.operations.consultation import checked_content
from aiguille.care.phototypes import phototype_guide
from aiguille.desk.care.consultation_form import ConsultationForm, draft_in
from aiguille.desk.care.words import steps_of
from aiguille.journeys.reads.consultation_sheet import ConsultationSheet, read_consultation_sheet
from aiguille.journeys.who import staff_of
from aiguille.kernel.errors import DomainError
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal

UNPROCESSABLE, STALE = 422, 409


@reachable_by(Who.STAFF)
@require_http_methods(("GET", "HEAD", "POST"))
@never_cache
def consultation(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Show what is known of the patient beside the form, and save the form.

    Whoever reads records and does not write consultations sees what is written.
    """
    actor = staff_of(request)
    at = clock.now()
    if request.method == "POST":
        require(actor, Right.WRITE_CONSULTATION)
    page = read_consultation_sheet(appointment_id=appointment_id, actor=actor, at=at)
    if request.method != "POST":
        form = ConsultationForm(initial=ConsultationForm.initial_of(page))
        return _show(request, page, form, status=200)
    form = ConsultationForm(request.POST)
    status = UNPROCESSABLE
    if form.is_valid():
        written = page.consultation
        try:
            content = checked_content(form.content())
            if written is not None and dict(written.content) == content:
                return redirect("desk:verdict", appointment_id)
            if form.cleaned_data["replaces"] != (written.id if written else None):
                raise StaleVersion
            write_consultation(
                patient_id=page.identity.id,
                procedure=page.appointment.procedure,
                content=content,
                appointment_id=appointment_id,
                replaces_id=written.id if written else None,
                reason=_("Completed during the consultation.") if written else "",
                actor=actor,
                at=at,
            )
        except DomainError as error:
            add_refusal(form, error)
            status = STALE if isinstance(error, StaleVersion) else UNPROCESSABLE
        else:
            messages.success(request, _("The consultation is saved."))
            return redirect("desk:verdict", appointment_id)
    return _show(request, page, form, status=status)


@reachable_by(Who.STAFF)
@require_POST
def draft(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Keep what is being typed, without judging it."""
    actor = staff_of(request)
    at = clock.now()
    appointment = get_appointment_for(
        actor=actor, appointment_id=appointment_id, at=at, right=Right.WRITE_CONSULTATION
    )
    keep_draft(
        appointment_id=appointment.id,
        patient_id=appointment.patient_id,
        content=draft_in(request.POST),
        actor=actor,
        at=at,
    )
    return HttpResponse(status=204)


def _show(
    request: HttpRequest, page: ConsultationSheet, form: ConsultationForm, *, status: int
) -> HttpResponse:
    written = page.consultation
    context = {
        "page": page,
        "form": form,
        "guide": phototype_guide(),
        "steps": steps_of(page, "consultation") if page.can_write else [],
        "zones": zone_sides_in(written.content) if written else (),
        "examined": examined_in(written.content) if written else (),
    }
    return render(request, "desk/care/consultation.html", context, status=status)
