"""Receiving what a tablet recorded while it had no network: nothing lost, nothing there twice.

An entry that makes sense in the session's list of events joins it, whatever stock, verdict or rule
book say by now: it has happened. What they say becomes an incident, for a physician to settle
before the session ends. An entry that makes no sense in the list any more (another tablet was
faster) is kept whole in an incident of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from aiguille.accounts.rights import Right, require
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.models import authored_by
from aiguille.protocols.accepting import admit
from aiguille.protocols.events import (
    Body,
    Event,
    EventMalformed,
    SessionBegun,
    SessionClosed,
    UnitOpened,
    body_from_json,
    event_as_json,
)
from aiguille.protocols.refusals import Refused, text_of
from aiguille.stock.queries import UnitFacts as StockUnit
from aiguille.treatment_sessions.incidents import open_incident
from aiguille.treatment_sessions.models import (
    SessionEvent,
    SessionIncident,
    TreatmentSession,
)
from aiguille.treatment_sessions.operations import (
    EventUnreadable,
    note_event,
    stock_unit,
    use_of,
)
from aiguille.treatment_sessions.runs import SessionWorld, protocol_of, state_of, unit_for_engine

MOST_ENTRIES = 500
LONGEST_DEVICE = 40


class UploadRefused(DomainError):
    """The whole upload is not of a shape that a tablet sends; nothing of it is taken."""

    code = "upload_refused"
    default_text = Text(
        fr="Cet envoi de la tablette n’est pas lisible.",
        en="This upload from the tablet cannot be read.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event as a tablet kept it.

    `occurred_at` is the instant by the server's clock, reckoned from the time elapsed since the
    tablet last heard it; `device_at` is what the tablet's own clock said.
    """

    key: UUID
    body: Mapping[str, Any]
    occurred_at: datetime
    device_at: datetime
    acknowledged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Received:
    """What became of an entry: its place in the list, None where it has none; its incidents."""

    key: UUID
    sequence: int | None
    incidents: int


@transaction.atomic
def receive_events(
    *, session_id: UUID, device: str, entries: Sequence[Entry], actor: Actor, at: datetime
) -> tuple[Received, ...]:
    """Take in what a tablet kept, in its order; an entry that is here already is only answered.

    Raises:
        NotVisible: there is no such session.
        NotAllowed: the actor may not work in a session.
        UploadRefused: too many entries, no device, an entry from after its receipt, or one that
            begins or closes a session: that is done with the network.
    """
    require(actor, Right.ASSIST_SESSION)
    session = TreatmentSession.objects.select_for_update(of=("self",)).filter(id=session_id).first()
    if session is None:
        raise NotVisible
    _check(device, entries, at=at)
    return tuple(
        _known(session, entry) or _take(session, entry, device=device, actor=actor, at=at)
        for entry in entries
    )


def _check(device: str, entries: Sequence[Entry], *, at: datetime) -> None:
    if not 0 < len(device.strip()) <= LONGEST_DEVICE:
        raise UploadRefused(field="device")
    if len(entries) > MOST_ENTRIES:
        raise UploadRefused(field="events")
    for place, entry in enumerate(entries):
        if entry.occurred_at > at:
            raise UploadRefused(field=f"events.{place}.occurred_at")
        if entry.body.get("type") in {SessionBegun.type, SessionClosed.type}:
            raise UploadRefused(field=f"events.{place}.type")


def _known(session: TreatmentSession, entry: Entry) -> Received | None:
    """Return the answer to an entry that was received before, None for a new one."""
    event = SessionEvent.objects.filter(idempotency_key=entry.key).first()
    incidents = list(SessionIncident.objects.filter(idempotency_key=entry.key))
    sessions = {incident.session_id for incident in incidents}
    if event is not None:
        sessions.add(event.session_id)
    if not sessions:
        return None
    if sessions != {session.id}:
        raise UploadRefused(field="key")
    return Received(entry.key, event.sequence if event else None, len(incidents))


def _take(
    session: TreatmentSession, entry: Entry, *, device: str, actor: Actor, at: datetime
) -> Received:
    """Put one entry into the list, or into an incident; with what the world says against it."""
    state = state_of(session)
    # Another tablet may have recorded something later already: the list keeps its order.
    place = max(entry.occurred_at, state.last_at or entry.occurred_at)
    unit = _unit_of(entry, session)
    try:
        body = _body_of(entry, unit, session)
    except EventMalformed as wrong:
        reason = Text(
            fr=f"La saisie « {wrong.field} » n’est pas lisible.",
            en=f"The entry “{wrong.field}” cannot be read.",
        )
        return _set_aside(session, entry, "unreadable", reason, actor=actor, at=at)
    event = Event(
        seq=len(state.log) + 1,
        at=place,
        by=actor.display_name,
        body=body,
        acknowledged=dict(entry.acknowledged),
    )
    known = unit_for_engine(unit, session=session) if unit else None
    world = SessionWorld(session, actor=actor, at=place, unit=known)
    answer = admit(protocol_of(session.protocol_version_id), state, event, world)
    if isinstance(answer, Refused):
        return _set_aside(session, entry, answer.guard, answer.text, actor=actor, at=at)
    stored = SessionEvent.objects.create(
        session=session,
        sequence=event.seq,
        idempotency_key=entry.key,
        kind=body.type,
        payload=event_as_json(event),
        occurred_at=place,
        device=device.strip(),
        device_at=entry.device_at,
        received_at=at,
        **authored_by(actor, at=place),
    )
    is_traced = _consume(session, stored, body, unit, at=place)
    concerns = {concern.guard: concern.text for concern in answer.concerns}
    if not is_traced and not concerns:
        concerns["unit_used"] = text_of("unit_used", unit=unit.lot_number if unit else "")
    note_event(session, stored, body, actor=actor, at=at)
    for guard, reason in concerns.items():
        open_incident(
            session,
            event=stored,
            idempotency_key=entry.key,
            guard=guard,
            reason=reason,
            payload=entry.body,
            occurred_at=entry.occurred_at,
            lot_id=unit.lot_id if unit and not is_traced else None,
            unit_id=unit.unit_id if unit and not is_traced else None,
            actor=actor,
            at=at,
        )
    return Received(entry.key, stored.sequence, len(concerns))


def _unit_of(entry: Entry, session: TreatmentSession) -> StockUnit | None:
    """Return the unit that stock knows by the entry's key, None where it knows none."""
    if entry.body.get("type") != UnitOpened.type:
        return None
    try:
        return stock_unit(entry.body, session)
    except EventUnreadable:
        return None


def _body_of(entry: Entry, unit: StockUnit | None, session: TreatmentSession) -> Body:
    """Return the entry's body; of a unit that stock knows, with the facts of stock."""
    if unit is not None:
        return unit_for_engine(unit, session=session).opened_for(
            step=str(entry.body.get("step", "")), field=str(entry.body.get("field", ""))
        )
    return body_from_json(entry.body)


def _set_aside(
    session: TreatmentSession, entry: Entry, guard: str, reason: Text, *, actor: Actor, at: datetime
) -> Received:
    """Keep an entry that has no place in the list, whole."""
    open_incident(
        session,
        event=None,
        idempotency_key=entry.key,
        guard=guard,
        reason=reason,
        payload=entry.body,
        occurred_at=entry.occurred_at,
        actor=actor,
        at=at,
    )
    return Received(entry.key, None, 1)


def _consume(
    session: TreatmentSession,
    event: SessionEvent,
    body: Body,
    unit: StockUnit | None,
    *,
    at: datetime,
) -> bool:
    """Consume what was opened; return False where the database refuses it by now.

    Somebody else may have used the unit, or its lot was recalled: the incident then keeps which
    lot this patient received, so that a recall finds them.
    """
    if unit is None or not isinstance(body, UnitOpened):
        return True
    try:
        with transaction.atomic():
            use_of(session, event, body, unit, at=at).save(force_insert=True)
    except IntegrityError:
        return False
    return True
