"""Beginning a session and recording its events; every guard is asked here, for every path."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from aiguille.accounts.rights import Right, require
from aiguille.accounts.signing import signature_of, signed_digest
from aiguille.audit.operations import record
from aiguille.booking import gate
from aiguille.booking.placing import constraint_of
from aiguille.booking.queries import AppointmentView, get_appointment
from aiguille.booking.states import NotYet
from aiguille.care.informing import information_of
from aiguille.care.queries import get_plan
from aiguille.catalogue.queries import get_treatment
from aiguille.consent.queries import current_consent
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import Indication, ServiceKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.kernel.text import Text
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.models import authored_by
from aiguille.protocols.accepting import Accepted, accept
from aiguille.protocols.events import (
    Body,
    Corrected,
    Event,
    EventMalformed,
    SessionBegun,
    SessionClosed,
    UnitOpened,
    body_as_json,
    body_from_json,
    event_as_json,
)
from aiguille.protocols.refusals import Refused
from aiguille.protocols.state import RunState
from aiguille.stock.queries import UnitFacts as StockUnit
from aiguille.stock.queries import find_unit_or_lot
from aiguille.treatment_sessions import events
from aiguille.treatment_sessions.asked_again import (
    QuestionsNotAsked,
    asked_again_at,
    is_asked_on_its_day,
)
from aiguille.treatment_sessions.incidents import open_incidents
from aiguille.treatment_sessions.models import (
    SessionEvent,
    SessionSignature,
    SessionState,
    TreatmentSession,
    UnitUse,
)
from aiguille.treatment_sessions.runs import (
    SessionWorld,
    local_date_of,
    protocol_of,
    state_of,
    unit_for_engine,
)
from aiguille.treatment_sessions.signed import session_content


class ConsentNeeded(DomainError):
    """The patient has not signed the current text for this treatment, or withdrew."""

    code = "consent_needed"
    default_text = Text(
        fr="Le patient n’a pas signé le consentement en vigueur pour ce soin.",
        en="The patient has not signed the current consent for this treatment.",
    )


class VerdictNeeded(DomainError):
    """There is no valid verdict for this treatment today."""

    code = "verdict_needed"
    default_text = Text(
        fr="Aucun avis médical valable n’autorise cette séance aujourd’hui.",
        en="No valid verdict allows this session today.",
    )


class InformationUnread(DomainError):
    """The patient has not said that they read what the rule book asks to tell them."""

    code = "information_unread"
    default_text = Text(
        fr="Le patient n’a pas encore lu les informations qui le concernent : elles l’attendent "
        "dans son espace.",
        en="The patient has not read the information that concerns them yet: it waits in their "
        "space.",
    )


class NotASession(DomainError):
    """The appointment is not a session that can begin."""

    code = "not_a_session"
    default_text = Text(
        fr="Ce rendez-vous n’est pas une séance à commencer.",
        en="This appointment is not a session that can begin.",
    )


class EventRefused(DomainError):
    """A guard of the protocol refuses the event; `refused` says which and why."""

    code = "event_refused"

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.text, field=refused.field or None)
        self.refused = refused


class OnlyThePerformerCloses(DomainError):
    """Somebody else led the session."""

    code = "only_the_performer_closes"
    default_text = Text(
        fr="Le médecin qui a conduit la séance la clôt et la signe.",
        en="The physician who led the session closes and signs it.",
    )


class IncidentsOpen(DomainError):
    """Entries made without a network wait for a physician to settle them."""

    code = "incidents_open"
    default_text = Text(
        fr="Des saisies faites hors ligne restent à vérifier avant la clôture.",
        en="Entries made offline are still to be checked before the session closes.",
    )


class EventUnreadable(DomainError):
    """The event does not have the shape of its type."""

    code = "event_unreadable"


class UnitGone(DomainError):
    """Somebody else consumed the unit first, or its lot was taken out of use meanwhile."""

    code = "unit_gone"
    default_text = Text(
        fr="Cette unité vient d’être utilisée ou retirée : prenez-en une autre.",
        en="This unit was just used or taken out of use: take another one.",
    )


@transaction.atomic
def begin_session(*, appointment_id: UUID, actor: Actor, at: datetime) -> UUID:
    """Begin the session of an appointment; return the session that runs already, if one does.

    Raises:
        NotAllowed: the actor may not run sessions.
        NotASession: the appointment is no session, or has no plan.
        NotYet: the appointment is on another day.
        ConsentNeeded: there is no current consent.
        VerdictNeeded: no verdict opens this day.
        PlanNeeded, AnswersForbid: see `booking.gate.refuse_unless_open`.
        InformationUnread: the patient did not say that they read what concerns them.
        QuestionsNotAsked: the starred questions were not asked today.
        EventRefused: the protocol refuses to begin.
    """
    require(actor, Right.RUN_SESSION)
    appointment = get_appointment(appointment_id)
    if (
        appointment.kind != ServiceKind.SESSION
        or appointment.plan_id is None
        or appointment.treatment_id is None
    ):
        raise NotASession
    running = TreatmentSession.objects.filter(appointment_id=appointment_id).first()
    if running is not None:
        return running.id
    session = _new_session(appointment, appointment.plan_id, actor=actor, at=at)
    try:
        with transaction.atomic():
            session.save(force_insert=True)
    except IntegrityError as error:
        if constraint_of(error) not in _GATES:
            # A second tap: the session that the first one began is there by now.
            return TreatmentSession.objects.get(appointment_id=appointment_id).id
        raise _GATES[constraint_of(error)] from error
    treatment = get_treatment(session.treatment_id)
    protocol = protocol_of(session.protocol_version_id)
    record(
        action=events.BEGUN,
        actor=actor,
        at=at,
        subject_kind="session",
        subject_id=session.id,
        patient_id=session.patient_id,
        site_id=session.site_id,
        details={"protocol": protocol.id, "version": protocol.version},
    )
    _append(
        session,
        SessionBegun(
            protocol=protocol.id,
            version=protocol.version,
            indication=Indication(treatment.indication),
        ),
        idempotency_key=new_id(),
        acknowledged={},
        actor=actor,
        at=at,
        unit=None,
    )
    return session.id


# What the database says when a consent or a verdict was taken back at the same moment.
_GATES: Mapping[str, type[DomainError]] = {
    "session_needs_current_consent": ConsentNeeded,
    "session_consent": ConsentNeeded,
    "session_needs_valid_verdict": VerdictNeeded,
    "session_matches_appointment": NotASession,
    "session_needs_information_read": InformationUnread,
    "session_needs_questions_asked": QuestionsNotAsked,
}


def _new_session(
    appointment: AppointmentView, plan_id: UUID, *, actor: Actor, at: datetime
) -> TreatmentSession:
    assert actor.id is not None, "who runs sessions signs in"
    plan = get_plan(plan_id)
    consent = current_consent(patient_id=appointment.patient_id, treatment_id=plan.treatment_id)
    if consent is None:
        raise ConsentNeeded
    session = TreatmentSession(
        appointment_id=appointment.id,
        patient_id=appointment.patient_id,
        treatment_id=plan.treatment_id,
        plan_id=plan.id,
        consent_id=consent.id,
        protocol_version_id=plan.protocol_version_id,
        site_id=appointment.site_id,
        performer_id=actor.id,
        performer_name=actor.display_name,
        begun_at=at,
    )
    today = local_date_of(session, at=at)
    if today != appointment.local_date:
        raise NotYet
    try:
        verdict = gate.refuse_unless_open(
            patient_id=appointment.patient_id,
            treatment_id=plan.treatment_id,
            plan_id=plan.id,
            verdict_id=appointment.verdict_id,
            day=today,
        )
    except gate.VerdictNeeded as error:
        raise VerdictNeeded from error
    if not all(item.is_read for item in information_of(verdict=verdict, plan=plan, day=today)):
        raise InformationUnread
    if not is_asked_on_its_day(appointment, asked_again_at([appointment.id]).get(appointment.id)):
        raise QuestionsNotAsked
    return session


@transaction.atomic
def note_refusal(
    *,
    session_id: UUID,
    body: Mapping[str, Any],
    refused: EventRefused | UnitGone,
    actor: Actor,
    at: datetime,
) -> None:
    """Leave the attempt in the audit trail; runs after the refused transaction was rolled back."""
    session = TreatmentSession.objects.get(id=session_id)
    guard = refused.refused.guard if isinstance(refused, EventRefused) else refused.code
    details = {"guard": guard, "kind": str(body.get("type", "")), "step": str(body.get("step", ""))}
    if body.get("type") == UnitOpened.type:
        details["unit"] = str(body.get("unit", ""))
    record(
        action=events.EVENT_REFUSED,
        actor=actor,
        at=at,
        subject_kind="session",
        subject_id=session.id,
        patient_id=session.patient_id,
        site_id=session.site_id,
        details=details,
    )


@transaction.atomic
def record_event(
    *,
    session_id: UUID,
    idempotency_key: UUID,
    body: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    acknowledged: Mapping[str, str] | None = None,
) -> RunState:
    """Record one event of a session; sent twice with one key, it is recorded once.

    `body` is an event's JSON body in the protocol engine's words. Of a unit only `step`, `field`
    and `unit` (a unit's or a lot's id) are read: its facts come from stock, and it is consumed in
    this transaction.

    Raises:
        NotVisible: there is no such session.
        NotAllowed: the actor may not work in a session.
        EventUnreadable: the body is malformed, or names no unit of this site; `field` says which
            key.
        EventRefused: a guard refuses the event.
        IncidentsOpen: the event closes the session, and an entry made offline is not settled.
        OnlyThePerformerCloses, ConfirmIdentity: the event closes the session, and the actor did not
            lead it, or did not prove within five minutes that it is they.
        UnitGone: the unit was consumed or its lot taken out of use at the same moment.
    """
    require(actor, Right.ASSIST_SESSION)
    session = TreatmentSession.objects.select_for_update(of=("self",)).filter(id=session_id).first()
    if session is None:
        raise NotVisible
    sent = SessionEvent.objects.filter(idempotency_key=idempotency_key).first()
    if sent is not None:
        if sent.session_id != session.id:
            raise EventUnreadable(
                Text(
                    fr="Cette saisie appartient à une autre séance.",
                    en="This entry belongs to another session.",
                ),
                field="idempotency_key",
            )
        return state_of(session)
    unit = stock_unit(body, session) if body.get("type") == UnitOpened.type else None
    return _append(
        session,
        _read(body, unit, session),
        idempotency_key=idempotency_key,
        acknowledged=acknowledged or {},
        actor=actor,
        at=at,
        unit=unit,
    )


def _read(body: Mapping[str, Any], unit: StockUnit | None, session: TreatmentSession) -> Body:
    try:
        if unit is not None:
            return unit_for_engine(unit, session=session).opened_for(
                step=str(body.get("step", "")), field=str(body.get("field", ""))
            )
        read = body_from_json(body)
    except EventMalformed as error:
        raise EventUnreadable(
            Text(
                fr=f"La saisie « {error.field} » n’est pas lisible.",
                en=f"The entry “{error.field}” cannot be read.",
            ),
            field=error.field,
        ) from error
    if isinstance(read, Corrected) and isinstance(read.body, UnitOpened):
        # Another unit is another consumption: withdraw the wrong one, then open the right one.
        raise EventUnreadable(
            Text(
                fr="Annulez la saisie du produit, puis ouvrez le bon.",
                en="Withdraw the entry of the product, then open the right one.",
            ),
            field="body",
        )
    return read


def stock_unit(body: Mapping[str, Any], session: TreatmentSession) -> StockUnit:
    """Return the unit, or the lot that is not traced unit by unit, that the body names.

    Raises:
        EventUnreadable: stock has none such at the session's site.
    """
    named = str(body.get("unit", ""))
    try:
        key = UUID(named)
    except ValueError:
        key = None
    found = find_unit_or_lot(key) if key else None
    if found is None:
        raise EventUnreadable(
            Text(fr="Cette unité n’est pas en stock.", en="This unit is not in stock."),
            field="unit",
        )
    if found.site_id != session.site_id:
        raise EventUnreadable(
            Text(
                fr="Cette unité est en stock sur un autre site.",
                en="This unit is in stock at another site.",
            ),
            field="unit",
        )
    if found.is_single_use and found.unit_id is None:
        raise EventUnreadable(
            Text(
                fr="Ce produit est à usage unique : choisissez l’unité, non le lot.",
                en="This product is for single use: choose the unit, not the lot.",
            ),
            field="unit",
        )
    return found


def _append(
    session: TreatmentSession,
    body: Body,
    *,
    idempotency_key: UUID,
    acknowledged: Mapping[str, str],
    actor: Actor,
    at: datetime,
    unit: StockUnit | None,
) -> RunState:
    """Ask every guard, then write the event with what it consumes and what it ends."""
    state = state_of(session)
    event = Event(
        seq=len(state.log) + 1,
        at=at,
        by=actor.display_name,
        body=body,
        acknowledged=dict(acknowledged),
    )
    world = SessionWorld(
        session,
        actor=actor,
        at=at,
        unit=unit_for_engine(unit, session=session) if unit else None,
    )
    outcome = accept(protocol_of(session.protocol_version_id), state, event, world)
    if isinstance(outcome, Refused):
        raise EventRefused(outcome)
    stored = SessionEvent.objects.create(
        session=session,
        sequence=event.seq,
        idempotency_key=idempotency_key,
        kind=body.type,
        payload=event_as_json(event),
        occurred_at=at,
        **authored_by(actor, at=at),
    )
    if unit is not None and isinstance(body, UnitOpened):
        _consume(session, stored, body, unit, at=at)
    note_event(session, stored, body, actor=actor, at=at)
    _end(session, outcome, actor=actor, at=at)
    return outcome.state


def _consume(
    session: TreatmentSession,
    event: SessionEvent,
    body: UnitOpened,
    unit: StockUnit,
    *,
    at: datetime,
) -> None:
    try:
        with transaction.atomic():
            use_of(session, event, body, unit, at=at).save(force_insert=True)
    except IntegrityError as error:
        raise UnitGone from error


def use_of(
    session: TreatmentSession,
    event: SessionEvent,
    body: UnitOpened,
    unit: StockUnit,
    *,
    at: datetime,
) -> UnitUse:
    """Return the row that traces what an event opened, not saved."""
    step = protocol_of(session.protocol_version_id).step(body.step)
    field = step.field(body.field) if step else None
    return UnitUse(
        session=session,
        event=event,
        patient_id=session.patient_id,
        lot_id=unit.lot_id,
        unit_id=unit.unit_id if unit.is_single_use else None,
        use=field.use.value if field and field.use else "",
        used_at=at,
    )


def note_event(
    session: TreatmentSession, stored: SessionEvent, body: Body, *, actor: Actor, at: datetime
) -> None:
    """Leave an event in the audit trail."""
    opened = isinstance(body, UnitOpened)
    record(
        action=events.UNIT_OPENED if opened else events.EVENT_RECORDED,
        actor=actor,
        at=at,
        subject_kind="session",
        subject_id=session.id,
        patient_id=session.patient_id,
        site_id=session.site_id,
        details={
            "sequence": stored.sequence,
            "kind": stored.kind,
            "step": str(body_as_json(body).get("step", "")),
        },
    )


def _end(session: TreatmentSession, outcome: Accepted, *, actor: Actor, at: datetime) -> None:
    closed = outcome.state.closed
    if closed is None or not isinstance(closed.body, SessionClosed):
        return
    if open_incidents(session.id):
        raise IncidentsOpen
    _sign(session, actor=actor, at=at)
    stopped = outcome.state.stopped is not None
    TreatmentSession.objects.filter(id=session.id).update(
        state=SessionState.STOPPED if stopped else SessionState.CLOSED, ended_at=at
    )
    record(
        action=events.STOPPED if stopped else events.CLOSED,
        actor=actor,
        at=at,
        subject_kind="session",
        subject_id=session.id,
        patient_id=session.patient_id,
        site_id=session.site_id,
    )


def _sign(session: TreatmentSession, *, actor: Actor, at: datetime) -> None:
    """Sign all that was recorded in a session, the event that closes it included."""
    if actor.id != session.performer_id:
        raise OnlyThePerformerCloses
    signature = signature_of(actor, on=local_date_of(session, at=at), at=at)
    row = SessionSignature(session=session, **signature)
    row.content_digest = signed_digest(row, session_content(row))
    row.save(force_insert=True)
