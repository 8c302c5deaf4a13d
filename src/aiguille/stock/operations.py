"""Receiving lots, and taking them out of use."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import LotStatus
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.plumbing.models import authored_by
from aiguille.stock import events
from aiguille.stock.models import Lot, Movement, Unit

LONGEST_LOT_NUMBER = 20


class LotRefused(DomainError):
    """A delivery cannot be taken in as it stands."""

    code = "lot_refused"


@transaction.atomic
def receive_lot(
    *,
    product_id: UUID,
    site_id: UUID,
    number: str,
    expiry: date,
    quantity: int,
    actor: Actor,
    at: datetime,
    serials: Sequence[str] = (),
) -> UUID:
    """Take in a delivery of a lot: its units get the `serials` given, else counted ones.

    A second delivery of a lot that is already there adds units to it.

    Raises:
        NotAllowed: the actor's roles do not manage stock.
        LotRefused: the number, the quantity or the expiry cannot be.
    """
    require(actor, Right.MANAGE_STOCK)
    number = number.strip()
    if not 1 <= len(number) <= LONGEST_LOT_NUMBER:
        raise LotRefused(
            Text(
                fr="Un numéro de lot a de 1 à 20 caractères.",
                en="A lot number has 1 to 20 characters.",
            ),
            field="number",
        )
    if quantity < 1 or (serials and len(serials) != quantity):
        raise LotRefused(
            Text(fr="La quantité ne convient pas.", en="The quantity does not fit."),
            field="quantity",
        )
    lot, is_new = Lot.objects.select_for_update().get_or_create(
        product_id=product_id,
        site_id=site_id,
        number=number,
        defaults={"expiry": expiry, "received_at": at},
    )
    if not is_new and lot.expiry != expiry:
        raise LotRefused(
            Text(
                fr=f"Ce lot est déjà en stock, à périmer le {lot.expiry:%d/%m/%Y}.",
                en=f"This lot is in stock already, to expire on {lot.expiry:%Y-%m-%d}.",
            ),
            field="expiry",
        )
    there = lot.units.count()
    names = serials or [f"{there + index:04d}" for index in range(1, quantity + 1)]
    Unit.objects.bulk_create([Unit(lot=lot, serial=serial) for serial in names])
    _move(lot.id, "RECEIVED", events.LOT_RECEIVED, actor, at, quantity=quantity)
    return lot.id


def quarantine_lot(*, lot_id: UUID, reason: str, actor: Actor, at: datetime) -> None:
    """Take a lot out of use until it is released or recalled."""
    _set_status(
        lot_id, LotStatus.QUARANTINED, "QUARANTINED", events.LOT_QUARANTINED, reason, actor, at
    )


def recall_lot(*, lot_id: UUID, reason: str, actor: Actor, at: datetime) -> None:
    """Take a recalled lot out of use for good."""
    _set_status(lot_id, LotStatus.RECALLED, "RECALLED", events.LOT_RECALLED, reason, actor, at)


def release_lot(*, lot_id: UUID, reason: str, actor: Actor, at: datetime) -> None:
    """Give a quarantined lot back; a recalled one stays out.

    Raises:
        LotRefused: the lot is recalled.
    """
    if Lot.objects.filter(id=lot_id, status=LotStatus.RECALLED).exists():
        raise LotRefused(
            Text(
                fr="Un lot rappelé ne revient pas en stock.",
                en="A recalled lot does not come back.",
            ),
            field="status",
        )
    _set_status(lot_id, LotStatus.AVAILABLE, "RELEASED", events.LOT_RELEASED, reason, actor, at)


@transaction.atomic
def _set_status(
    lot_id: UUID,
    status: LotStatus,
    kind: str,
    action: Action,
    reason: str,
    actor: Actor,
    at: datetime,
) -> None:
    require(actor, Right.MANAGE_STOCK)
    if not reason.strip():
        raise LotRefused(Text(fr="Écrivez le motif.", en="Write the reason."), field="reason")
    Lot.objects.filter(id=lot_id).update(status=status)
    _move(lot_id, kind, action, actor, at, reason=reason)


def _move(
    lot_id: UUID,
    kind: str,
    action: Action,
    actor: Actor,
    at: datetime,
    *,
    quantity: int = 0,
    reason: str = "",
) -> None:
    Movement.objects.create(
        lot_id=lot_id, kind=kind, quantity=quantity, reason=reason, **authored_by(actor, at=at)
    )
    record(
        action=action,
        actor=actor,
        at=at,
        subject_kind="lot",
        subject_id=lot_id,
        details={"quantity": quantity},
    )
