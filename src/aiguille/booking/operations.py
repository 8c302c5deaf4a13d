"""Booking, moving and cancelling: every path takes its time through `placing`."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import Head, head_from, head_question, locked_head, record
from aiguille.booking import events, facts, notices, wake
from aiguille.booking.facts import Calendar, Ignored
from aiguille.booking.gate import (
    SessionFacts,
    SessionTerms,
    VerdictNeeded,
    facts_from,
    session_questions,
    session_terms,
)
from aiguille.booking.holds import hold_slot, release_hold
from aiguille.booking.models import AHEAD_STATES, Appointment, AppointmentState, Hold, Occupancy
from aiguille.booking.notices import News
from aiguille.booking.placing import (
    Choice,
    Contended,
    SlotTaken,
    Wanted,
    constraint_of,
    occupy,
    place,
    placed,
    refuse_unsuited,
)
from aiguille.booking.queries import hash_of, hold_view
from aiguille.booking.rules import is_bound_by_notice, may_still_change
from aiguille.booking.states import (
    ChangeTooLate,
    begin,
    check_in,
    confirm_under_verdict,
    expect_state,
    expect_version,
    finish,
    flag_needs_verdict,
    kind_of,
    locked,
    mark_no_show,
    note,
    recording_of,
    snapshot,
)
from aiguille.booking.writing import insert_appointment
from aiguille.catalogue.queries import ServiceView
from aiguille.clinics.queries import SiteView
from aiguille.kernel.actor import VISITOR, Actor, ActorKind
from aiguille.kernel.codes import ServiceKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.intervals import in_utc
from aiguille.kernel.text import Text
from aiguille.messaging.operations import wake_for
from aiguille.patients.queries import Contact, contact_from, contact_question
from aiguille.plumbing.statements import ask_together

__all__ = [
    "AlreadyBooked",
    "NotBookable",
    "begin",
    "book",
    "cancel_appointment",
    "check_in",
    "confirm_under_verdict",
    "finish",
    "flag_needs_verdict",
    "hold_slot",
    "mark_no_show",
    "move_appointment",
    "release_hold",
    "send_new_link",
]

# The constraints by which the database refuses a session without its verdict.
_VERDICT_CONSTRAINTS = frozenset(
    {"session_needs_valid_verdict", "sessions_need_a_verdict", "appointment_verdict"}
)


class NotBookable(DomainError):
    """This service is not booked this way, or not at this site."""

    code = "not_bookable"
    default_text = Text(
        fr="Cette prestation ne se réserve pas ici.", en="This service is not booked here."
    )


class AlreadyBooked(DomainError):
    """The same request made an appointment before; `appointment_id` is that one."""

    code = "already_booked"

    def __init__(self, appointment_id: UUID) -> None:
        self.appointment_id = appointment_id
        super().__init__(
            Text(fr="Ce rendez-vous est déjà pris.", en="This appointment is booked already.")
        )


def book(
    *,
    patient_id: UUID,
    service_id: UUID,
    site_id: UUID,
    starts_at: datetime,
    practitioner_id: UUID | None = None,
    plan_id: UUID | None = None,
    hold_browser: str | None = None,
    request_key: UUID | None = None,
    is_told: bool = True,
    moving_next: Collection[UUID] = (),
    actor: Actor,
    at: datetime,
) -> UUID:
    """Book a service for a patient and return the appointment's key.

    What `hold_browser` holds of this start becomes the appointment's own. Visitors and patients
    get what is offered online; staff may go below the notice and off the step. A session needs
    the terms of `gate.session_terms`; sessions that move after it in the same transaction,
    `moving_next`, are not in its way. The patient is reminded, and told at once where `is_told`.

    Raises:
        SlotTaken, PatientBusy: the start, or the patient, is taken.
        NotBookable: the service is not booked by this actor, or not at this site.
        AlreadyBooked: `request_key` made an appointment before.
        VerdictNeeded, PlanNeeded, PlanComplete, AnswersForbid, TooSoon: of a session.
        NotAllowed, NotInCatalogue, NotVisible (the patient).
    """
    if actor.kind is ActorKind.STAFF:
        require(actor, Right.BOOK)
    return placed(
        lambda carefully: _book(
            patient_id=patient_id,
            service_id=service_id,
            site_id=site_id,
            starts_at=in_utc(starts_at),
            practitioner_id=practitioner_id,
            plan_id=plan_id,
            hold_browser=hold_browser,
            request_key=request_key,
            is_told=is_told,
            moving_next=moving_next,
            carefully=carefully,
            actor=actor,
            at=at,
        ),
        in_one_statement=not hold_browser,
    )


def _book(
    *,
    patient_id: UUID,
    service_id: UUID,
    site_id: UUID,
    starts_at: datetime,
    practitioner_id: UUID | None,
    plan_id: UUID | None,
    hold_browser: str | None,
    request_key: UUID | None,
    is_told: bool,
    moving_next: Collection[UUID],
    carefully: bool,
    actor: Actor,
    at: datetime,
) -> UUID:
    calendar = facts.calendar_of(service_id)
    site = _bookable_site(calendar, site_id, actor)
    held = _own_hold(hold_browser)
    _refuse_second(request_key)
    contact, chain, known = _facts_of(patient_id, calendar)
    day = facts.local_day(starts_at, site.time_zone)
    terms = _terms(calendar, patient_id, plan_id, day, moving_next=moving_next, known=known)
    if terms is not None and terms.patient_id != patient_id:
        # Of another record of the same person, which has a chain of its own.
        patient_id = terms.patient_id
        chain = head_from(*ask_together(head_question(patient_id)))
    kept = _kept_choice(held, calendar.service, site, starts_at, practitioner_id, at=at)
    wanted = Wanted(
        calendar=calendar,
        site=site,
        starts_at=starts_at,
        practitioner_id=practitioner_id,
        patient_id=patient_id,
        ignored=Ignored(browser_hash=hash_of(hold_browser or "")),
        offered_only=is_bound_by_notice(actor),
    )

    def write(choice: Choice) -> tuple[Appointment, News]:
        under, head = terms, chain
        if carefully:
            head = locked_head(patient_id)
            if head != chain:  # something of this patient changed: what was known may not hold
                under = _terms(calendar, patient_id, plan_id, day, moving_next=moving_next)
        row = Appointment(
            patient_id=patient_id,
            service_id=service_id,
            kind=calendar.service.kind,
            treatment_id=calendar.service.treatment_id,
            verdict_id=under.verdict_id if under else None,
            plan_id=under.plan_id if under else None,
            session_number=under.session_number if under else None,
            request_key=request_key,
            created_at=at,
            changed_at=at,
            **_when_and_where(wanted, choice),
        )
        if choice is not kept:
            _take_over(held, row, is_kept=False)
        news = notices.news_of_booking(row, contact=contact, is_told=is_told, at=at)
        insert_appointment(
            row,
            choice=choice,
            kind=kind_of(events.BOOKED),
            after=snapshot(row),
            actor=actor,
            at=at,
            others=[
                *recording_of(row, events.BOOKED, actor=actor, at=at, after=head),
                *news.parts,
            ],
        )
        if choice is kept:
            _take_over(held, row, is_kept=True)
        return row, news

    try:
        row, news = place(
            wanted,
            at=at,
            write=write,
            first=kept,
            carefully=carefully,
            is_queue_written=held is None,
        )
    except SlotTaken:
        _refuse_second(request_key)
        raise
    except IntegrityError as error:
        if not carefully:
            raise Contended from error  # this transaction cannot tell why: the next one can
        _refuse_second(request_key)
        raise _gate_error(error) from error
    wake_for(news.messages, at=at)
    return row.id


@transaction.atomic
def move_appointment(
    *,
    appointment_id: UUID,
    starts_at: datetime,
    site_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    version: int | None = None,
    hold_browser: str | None = None,
    resource_ids: Collection[UUID] = (),
    told_after: timedelta | None = timedelta(0),
    moving_next: Collection[UUID] = (),
    actor: Actor,
    at: datetime,
) -> int:
    """Move an appointment and return its new version.

    `resource_ids` are rooms and devices that it is to have; the others are chosen anew.

    Sessions that move after it in the same transaction, `moving_next`, are not in its way yet.
    Where `site_id` is None the site stays; where `practitioner_id` is None anybody will do. The
    old time becomes free in the same transaction, and messages about it are not sent any more.
    What `hold_browser` holds of the new time becomes the appointment's own.
    The patient is told of the new one `told_after` this, or not at all where it is None.

    Raises:
        StaleVersion: the appointment is not at `version` any more.
        StateRefuses, ChangeTooLate: it may not be moved, or not any more by this actor.
        ResourceRefused: what is asked for by name does not serve, or is closed or taken then.
        and what `book` raises.
    """
    if actor.kind is ActorKind.STAFF:
        require(actor, Right.BOOK)
    row = locked(appointment_id, version=version)
    _expect_changeable(row, actor=actor, at=at)
    starts_at = in_utc(starts_at)
    calendar = facts.calendar_of(row.service_id)
    site = calendar.site(site_id or row.site_id)
    if site is None:
        raise NotBookable(field="site_id")
    held = _own_hold(hold_browser)
    kept = _kept_choice(held, calendar.service, site, starts_at, practitioner_id, at=at)
    day = facts.local_day(starts_at, site.time_zone)
    terms = _terms(
        calendar,
        row.patient_id,
        row.plan_id,
        day,
        moving=row.id,
        moving_next=moving_next,
    )
    wanted = Wanted(
        calendar=calendar,
        site=site,
        starts_at=starts_at,
        practitioner_id=practitioner_id,
        patient_id=row.patient_id if terms is None else terms.patient_id,
        ignored=Ignored(appointment_id=row.id, browser_hash=hash_of(hold_browser or "")),
        offered_only=is_bound_by_notice(actor),
        resource_ids=frozenset(resource_ids),
    )
    refuse_unsuited(wanted)
    before = snapshot(row)
    next_version = row.version + 1  # `write` may run more than once

    def write(choice: Choice) -> None:
        Occupancy.objects.filter(appointment=row).delete()
        changes = {**_when_and_where(wanted, choice), "state": AppointmentState.BOOKED}
        if terms is not None:
            changes |= {
                "patient_id": terms.patient_id,
                "verdict_id": terms.verdict_id,
                "session_number": terms.session_number,
            }
        for name, value in changes.items():
            setattr(row, name, value)
        row.version = next_version
        row.changed_at = at
        row.save()
        _take_over(held, row, is_kept=choice is kept)
        occupy(takings=choice.takings, appointment=row)

    try:
        place(wanted, at=at, write=write, first=None if resource_ids else kept)
    except IntegrityError as error:
        raise _gate_error(error) from error
    note(row, events.MOVED, before=before, actor=actor, at=at)
    notices.announce_move(row, told_after=told_after, at=at)
    wake.time_freed()
    return row.version


@transaction.atomic
def cancel_appointment(
    *,
    appointment_id: UUID,
    reason: str = "",
    version: int | None = None,
    actor: Actor,
    at: datetime,
) -> None:
    """Cancel an appointment; its time becomes free.

    Cancelled already, it stays as it is: a page sent twice does no harm.

    Raises:
        StaleVersion, StateRefuses, ChangeTooLate, NotAllowed, NotVisible.
    """
    if actor.kind is ActorKind.STAFF:
        require(actor, Right.BOOK)
    row = locked(appointment_id)
    if row.state == AppointmentState.CANCELLED:
        return
    expect_version(row, version)
    _expect_changeable(row, actor=actor, at=at)
    before = snapshot(row)
    Occupancy.objects.filter(appointment=row).delete()
    row.state, row.state_reason = AppointmentState.CANCELLED, reason[:300]
    row.version += 1
    row.changed_at = at
    row.save()
    note(row, events.CANCELLED, before=before, actor=actor, at=at)
    notices.announce_cancellation(row, at=at)
    wake.time_freed()


@transaction.atomic
def send_new_link(*, appointment_id: UUID, at: datetime) -> None:
    """Send the patient a new link to an appointment.

    Raises:
        NotVisible: there is none.
    """
    row = locked(appointment_id)
    record(
        action=events.LINK_ASKED,
        actor=VISITOR,
        at=at,
        subject_kind="appointment",
        subject_id=row.id,
        patient_id=row.patient_id,
        site_id=row.site_id,
    )
    notices.send_link(row, at=at)


# --- What they share ------------------------------------------------------------------------------


def _bookable_site(calendar: Calendar, site_id: UUID, actor: Actor) -> SiteView:
    service = calendar.service
    site = calendar.site(site_id)
    if site is None:
        raise NotBookable(field="site_id")
    is_public = service.is_bookable_online and service.kind is ServiceKind.CONSULTATION
    if (actor.kind is ActorKind.VISITOR and not is_public) or not service.is_active:
        raise NotBookable(field="service_id")
    return site


def _own_hold(browser: str | None) -> Hold | None:
    """Return the browser's hold, locked: a second submit waits here for the first."""
    if not browser:
        return None
    return Hold.objects.select_for_update().filter(browser_hash=hash_of(browser)).first()


def _take_over(held: Hold | None, row: Appointment, *, is_kept: bool) -> None:
    """Give the appointment what the hold takes, or free it where something else was chosen."""
    if held is None:
        return
    taken = Occupancy.objects.filter(hold=held)
    if is_kept:
        taken.update(hold=None, appointment=row)
    else:
        taken.delete()
    Hold.objects.filter(id=held.id).delete()


def _refuse_second(request_key: UUID | None) -> None:
    if request_key is None:
        return
    made = Appointment.objects.filter(request_key=request_key).values_list("id", flat=True).first()
    if made is not None:
        raise AlreadyBooked(made)


def _kept_choice(
    held: Hold | None,
    service: ServiceView,
    site: SiteView,
    starts_at: datetime,
    practitioner_id: UUID | None,
    *,
    at: datetime,
) -> Choice | None:
    """Return what the hold takes as a choice with nothing left to take, where it fits."""
    if held is None or held.expires_at <= at:
        return None
    practitioner = hold_view(held).practitioner_id
    fits = (held.service_id, held.site_id, held.starts_at) == (service.id, site.id, starts_at)
    if not fits or practitioner_id not in {None, practitioner}:
        return None
    held_ids = held.occupancies.values_list("resource_id", flat=True)
    return Choice(resource_ids=frozenset(held_ids), takings=(), practitioner_id=practitioner)


def _facts_of(patient_id: UUID, calendar: Calendar) -> tuple[Contact, Head, SessionFacts | None]:
    """Return the patient's contact, the end of their chain and what a session asks (one query).

    Raises:
        NotVisible: there is no such patient.
    """
    questions = (contact_question(patient_id), head_question(patient_id))
    treatment_id = calendar.service.treatment_id
    if calendar.service.kind is not ServiceKind.SESSION or treatment_id is None:
        contact, head = ask_together(*questions)
        return contact_from(contact), head_from(head), None
    contact, head, *answers = ask_together(
        *questions, *session_questions(patient_id=patient_id, treatment_id=treatment_id)
    )
    known = facts_from(answers, treatment_id=treatment_id, setup=calendar.setup)
    return contact_from(contact), head_from(head), known


def _terms(
    calendar: Calendar,
    patient_id: UUID,
    plan_id: UUID | None,
    day: date,
    *,
    moving: UUID | None = None,
    moving_next: Collection[UUID] = (),
    known: SessionFacts | None = None,
) -> SessionTerms | None:
    service = calendar.service
    if service.kind is not ServiceKind.SESSION:
        return None
    assert service.treatment_id is not None  # a constraint says so
    return session_terms(
        patient_id=patient_id,
        treatment_id=service.treatment_id,
        plan_id=plan_id,
        day=day,
        moving=moving,
        moving_next=moving_next,
        setup=calendar.setup,
        known=known,
    )


def _expect_changeable(row: Appointment, *, actor: Actor, at: datetime) -> None:
    expect_state(row, AHEAD_STATES)
    if not may_still_change(starts_at=row.starts_at, actor=actor, at=at):
        raise ChangeTooLate


def _when_and_where(wanted: Wanted, choice: Choice) -> dict[str, object]:
    local = wanted.starts_at.astimezone(ZoneInfo(wanted.site.time_zone))
    return {
        "site_id": wanted.site.id,
        "practitioner_id": choice.practitioner_id,
        "starts_at": wanted.starts_at,
        "ends_at": wanted.ends_at,
        "local_start": f"{local:%Y-%m-%dT%H:%M}",
        "time_zone": wanted.site.time_zone,
        "local_date": local.date(),
    }


def _gate_error(error: IntegrityError) -> Exception:
    """Return what the database's refusal means; an unknown one stays what it is."""
    return VerdictNeeded() if constraint_of(error) in _VERDICT_CONSTRAINTS else error
