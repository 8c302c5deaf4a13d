"""Searching patients, and a patient's record as far as the reader's roles reach."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aiguille.accounts.rights import Right, has_right, require
from aiguille.desk.patients.forms import (
    CheckForm,
    ContactForm,
    IdentityForm,
    NewPatientForm,
    NoteForm,
)
from aiguille.journeys.new_patient import register_patient
from aiguille.journeys.reads.record import read_record
from aiguille.journeys.reads.search import search_patients
from aiguille.journeys.who import staff_of
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.patients.access import get_patient_by_number_for
from aiguille.patients.operations import (
    IdentityTraits,
    StalePatient,
    change_contact,
    check_identity,
    declare_identity,
    join_provisional,
    open_document,
    unmerge,
    withdraw_note,
    write_note,
)
from aiguille.patients.queries import get_identity
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.plumbing.refusals import add_refusal, explain

UNPROCESSABLE, STALE = 422, 409
_FORMS = ("GET", "HEAD", "POST")


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def patients(request: HttpRequest) -> HttpResponse:
    """Find a patient by a few letters, a telephone number or a birth date; else the latest."""
    actor = staff_of(request)
    query = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    found = search_patients(text=query, actor=actor, at=clock.now())
    context = {
        "query": query,
        "found": found,
        "can_register": has_right(actor, Right.BOOK) and has_right(actor, Right.EDIT_IDENTITY),
    }
    return render(request, "desk/patients/patients.html", context)


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
def new_patient(request: HttpRequest) -> HttpResponse:
    """Register a patient at the desk or on the telephone."""
    actor = staff_of(request)
    require(actor, Right.EDIT_IDENTITY)
    form = NewPatientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            number = register_patient(
                birth_name=given["birth_name"],
                first_names=given["first_names"],
                email=given["email"],
                phone=given["phone"],
                language=given["language"],
                traits=_traits(given) if given["birth_date"] else None,
                actor=actor,
                at=clock.now(),
            )
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("The record is open. Does it already exist? See below."))
            return redirect(_after_registering(request, number))
    return render(
        request,
        "desk/patients/new_patient.html",
        {"form": form},
        status=UNPROCESSABLE if form.errors else 200,
    )


def _after_registering(request: HttpRequest, number: int) -> str:
    """Return the record's page, or the booking that waits for the new patient."""
    wanted = request.GET.get("next", "")
    booking = reverse("desk:agenda_book")
    if wanted.startswith(f"{booking}?"):
        return f"{wanted}&patient={number}"
    return reverse("desk:patient", args=[number])


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def patient(request: HttpRequest, number: int) -> HttpResponse:
    """Show a record, and note that it was read."""
    actor = staff_of(request)
    at = clock.now()
    shown = read_record(number=number, actor=actor, at=at)
    return render(
        request,
        "desk/patients/patient.html",
        {
            "record": shown,
            "identity": shown.identity,
            "clinical": shown.clinical,
            "now": at,
            "can_edit": has_right(actor, Right.EDIT_IDENTITY),
            "can_book": has_right(actor, Right.BOOK),
            "can_write": has_right(actor, Right.WRITE_CONSULTATION),
            "can_decide": has_right(actor, Right.GIVE_VERDICT),
            "check_form": CheckForm(),
            "note_form": NoteForm(),
        },
    )


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
def edit_identity(request: HttpRequest, number: int) -> HttpResponse:
    """Correct the traits of an identity."""
    actor, patient_id = _editable(request, number)
    identity = get_identity(patient_id)
    form = IdentityForm(
        request.POST or None,
        initial={
            name: getattr(identity, name)
            for name in (
                "birth_name",
                "first_names",
                "used_name",
                "birth_date",
                "sex",
                "birthplace",
            )
        },
    )

    def save() -> None:
        declare_identity(
            patient_id=patient_id,
            traits=_traits(form.cleaned_data),
            actor=actor,
            at=clock.now(),
        )

    context = {"form": form, "identity": identity, "title": _("Identity")}
    return _edit(request, number, context, save)


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
def edit_contact(request: HttpRequest, number: int) -> HttpResponse:
    """Change how a patient is reached."""
    actor, patient_id = _editable(request, number)
    identity = get_identity(patient_id)
    form = ContactForm(
        request.POST or None,
        initial={
            "email": identity.email,
            "phone": identity.shown_phone,
            "language": identity.language,
            "version": identity.version,
        },
    )

    def save() -> None:
        given = form.cleaned_data
        change_contact(
            patient_id=patient_id,
            email=given["email"],
            phone=given["phone"],
            language=given["language"],
            version=given["version"] or 0,
            actor=actor,
            at=clock.now(),
        )

    context = {"form": form, "identity": identity, "title": _("Contact")}
    return _edit(request, number, context, save)


@reachable_by(Who.STAFF)
@require_POST
def check(request: HttpRequest, number: int) -> HttpResponse:
    """Note that the identity was compared with a document."""
    actor, patient_id = _editable(request, number)
    form = CheckForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say which document you saw."))
        return redirect("desk:patient", number)
    return _done(
        request,
        number,
        _("Identity checked."),
        lambda: check_identity(
            patient_id=patient_id,
            document=form.cleaned_data["document"],
            actor=actor,
            at=clock.now(),
        ),
    )


@reachable_by(Who.STAFF)
@require_POST
def join(request: HttpRequest, number: int) -> HttpResponse:
    """Join this record to another one of the same person (`into`, its number)."""
    actor, patient_id = _editable(request, number)
    at = clock.now()
    into = request.POST.get("into", "")
    if not (into.isascii() and into.isdigit()):
        raise Http404
    into_id = get_patient_by_number_for(actor=actor, number=int(into), at=at)
    return _done(
        request,
        int(into),
        _("The two records are joined."),
        lambda: join_provisional(provisional_id=patient_id, into_id=into_id, actor=actor, at=at),
        otherwise=number,
    )


@reachable_by(Who.STAFF)
@require_POST
def separate(request: HttpRequest, number: int) -> HttpResponse:
    """Undo a join."""
    actor, patient_id = _editable(request, number)
    return _done(
        request,
        number,
        _("The two records are separate again."),
        lambda: unmerge(provisional_id=patient_id, actor=actor, at=clock.now()),
    )


@reachable_by(Who.STAFF)
@require_http_methods(_FORMS)
def add_note(request: HttpRequest, number: int) -> HttpResponse:
    """Write a short fact into the record."""
    actor = staff_of(request)
    at = clock.now()
    patient_id = get_patient_by_number_for(
        actor=actor, number=number, at=at, right=Right.READ_RECORD
    )
    form = NoteForm(request.POST or None)

    def save() -> None:
        given = form.cleaned_data
        write_note(
            patient_id=patient_id, topic=given["topic"], text=given["text"], actor=actor, at=at
        )

    context = {"form": form, "identity": get_identity(patient_id), "title": _("Write a note")}
    return _edit(request, number, context, save)


@reachable_by(Who.STAFF)
@require_POST
def remove_note(request: HttpRequest, number: int, note_id: UUID) -> HttpResponse:
    """Mark a note as entered in error."""
    actor = staff_of(request)
    return _done(
        request,
        number,
        _("Note withdrawn; it stays in the history of the record."),
        lambda: withdraw_note(note_id=note_id, actor=actor, at=clock.now()),
    )


@reachable_by(Who.STAFF)
@require_GET
@never_cache
def document(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """Open a document of a record; the reading is noted."""
    opened = open_document(document_id=document_id, actor=staff_of(request), at=clock.now())
    return HttpResponse(
        opened.content,
        content_type=opened.media_type,
        headers={"Content-Disposition": f'inline; filename="{opened.file_name}.pdf"'},
    )


def _editable(request: HttpRequest, number: int) -> tuple[Actor, UUID]:
    actor = staff_of(request)
    require(actor, Right.EDIT_IDENTITY)
    return actor, get_patient_by_number_for(actor=actor, number=number, at=clock.now())


def _traits(given: dict[str, object]) -> IdentityTraits:
    names = ("birth_name", "first_names", "used_name", "birth_date", "sex", "birthplace")
    return IdentityTraits(**{name: given[name] for name in names})  # type: ignore[arg-type]


def _edit(
    request: HttpRequest, number: int, context: dict[str, object], save: Callable[[], None]
) -> HttpResponse:
    """Save a valid form and return to the record, else show it again with what is wrong."""
    form, status = context["form"], 200
    assert isinstance(form, forms.Form)
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                save()
            except StalePatient as error:
                add_refusal(form, error)
                status = STALE
            except DomainError as error:
                add_refusal(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("desk:patient", number)
    return render(request, "desk/patients/edit.html", context, status=status)


def _done(
    request: HttpRequest,
    number: int,
    done: str,
    change: Callable[[], object],
    *,
    otherwise: int | None = None,
) -> HttpResponse:
    """Make a change and return to the record, with its refusal where there is one."""
    try:
        change()
    except DomainError as error:
        messages.error(request, explain(error))
        return redirect("desk:patient", number if otherwise is None else otherwise)
    messages.success(request, done)
    return redirect("desk:patient", number)
