"""Receiving lots, and taking them out of use."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from aiguille.accounts.rights import Right, require
from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.catalogue.queries import NotInCatalogue, ProductView, get_product
from aiguille.clinics.queries import get_site
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import LotStatus
from aiguille.kernel.errors import DomainError
from aiguille.kernel.labels import label
from aiguille.kernel.text import Text
from aiguille.plumbing.access import NotVisible
from aiguille.plumbing.models import authored_by
from aiguille.stock import events
from aiguille.stock.models import Lot, Movement, Unit
from aiguille.stock.rules import MOST_UNITS_A_DELIVERY, is_expired

LONGEST_LOT_NUMBER = 20
LONGEST_SERIAL = 40


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
        LotRefused: the delivery cannot be as it is said, or its lot is out of use; `field` says
            what.
    """
    require(actor, Right.MANAGE_STOCK)
    number = number.strip()
    serials = [serial.strip() for serial in serials]
    site, product = get_site(site_id), _product(product_id)
    if site is None or product is None:
        raise LotRefused(
            Text(fr="Choisissez un produit et un site.", en="Choose a product and a site."),
            field="product" if product is None else "site",
        )
    today = at.astimezone(ZoneInfo(site.time_zone)).date()
    _check_delivery(number, serials, quantity=quantity, expiry=expiry, today=today)
    lot, is_new = Lot.objects.select_for_update().get_or_create(
        product_id=product_id,
        site_id=site_id,
        number=number,
        defaults={"expiry": expiry, "received_at": at},
    )
    if lot.expiry != expiry:
        raise LotRefused(
            Text(
                fr=f"Ce lot est déjà en stock, à périmer le {lot.expiry:%d/%m/%Y}.",
                en=f"This lot is in stock already, to expire on {lot.expiry:%Y-%m-%d}.",
            ),
            field="expiry",
        )
    if lot.status != LotStatus.AVAILABLE:
        raise LotRefused(
            Text(
                fr="Ce lot est en quarantaine ou rappelé : mettez la livraison à part.",
                en="This lot is in quarantine or recalled: put the delivery aside.",
            ),
            field="number",
        )
    there = 0 if is_new else lot.units.count()
    names = serials or [f"{there + index:04d}" for index in range(1, quantity + 1)]
    try:
        with transaction.atomic():
            Unit.objects.bulk_create([Unit(lot=lot, serial=serial) for serial in names])
    except IntegrityError as error:
        raise LotRefused(
            Text(
                fr="Un de ces numéros de série est déjà en stock.",
                en="One of these serial numbers is in stock already.",
            ),
            field="serials",
        ) from error
    _move(lot, "RECEIVED", events.LOT_RECEIVED, actor, at, quantity=quantity)
    return lot.id


def _product(product_id: UUID) -> ProductView | None:
    try:
        return get_product(product_id)
    except NotInCatalogue:
        return None


def _check_delivery(
    number: str, serials: Sequence[str], *, quantity: int, expiry: date, today: date
) -> None:
    if not 1 <= len(number) <= LONGEST_LOT_NUMBER or not number.isprintable():
        raise LotRefused(
            Text(
                fr="Un numéro de lot a de 1 à 20 caractères.",
                en="A lot number has 1 to 20 characters.",
            ),
            field="number",
        )
    if not 1 <= quantity <= MOST_UNITS_A_DELIVERY:
        raise LotRefused(
            Text(
                fr=f"Une livraison compte de 1 à {MOST_UNITS_A_DELIVERY} unités.",
                en=f"A delivery counts 1 to {MOST_UNITS_A_DELIVERY} units.",
            ),
            field="quantity",
        )
    is_sound = all(0 < len(serial) <= LONGEST_SERIAL for serial in serials)
    if serials and (not is_sound or len(set(serials)) != quantity or len(serials) != quantity):
        raise LotRefused(
            Text(
                fr="Donnez un numéro de série différent par unité, de 40 caractères au plus.",
                en="Give each unit a serial number of its own, 40 characters at most.",
            ),
            field="serials",
        )
    if is_expired(expiry, on=today):
        raise LotRefused(
            Text(
                fr="Ce lot est périmé : il n’entre pas en stock.",
                en="This lot has expired: it is not taken in.",
            ),
            field="expiry",
        )


def quarantine_lot(*, lot_id: UUID, reason: str, actor: Actor, at: datetime) -> None:
    """Take a lot out of use until it is released or recalled.

    Raises:
        NotAllowed, NotVisible.
        LotRefused: it is no longer in use, or there is no reason.
    """
    _change(
        lot_id,
        allowed={LotStatus.AVAILABLE},
        to=LotStatus.QUARANTINED,
        kind="QUARANTINED",
        action=events.LOT_QUARANTINED,
        reason=reason,
        actor=actor,
        at=at,
    )


def recall_lot(*, lot_id: UUID, reason: str, actor: Actor, at: datetime) -> None:
    """Take a recalled lot out of use for good.

    Raises:
        NotAllowed, NotVisible.
        LotRefused: it is recalled already, or there is no reason.
    """
    _change(
        lot_id,
        allowed={LotStatus.AVAILABLE, LotStatus.QUARANTINED},
        to=LotStatus.RECALLED,
        kind="RECALLED",
        action=events.LOT_RECALLED,
        reason=reason,
        actor=actor,
        at=at,
    )


def release_lot(*, lot_id: UUID, reason: str, actor: Actor, at: datetime) -> None:
    """Give a quarantined lot back; a recalled one stays out.

    Raises:
        NotAllowed, NotVisible.
        LotRefused: it is not in quarantine, or there is no reason.
    """
    _change(
        lot_id,
        allowed={LotStatus.QUARANTINED},
        to=LotStatus.AVAILABLE,
        kind="RELEASED",
        action=events.LOT_RELEASED,
        reason=reason,
        actor=actor,
        at=at,
    )


@transaction.atomic
def _change(
    lot_id: UUID,
    *,
    allowed: Collection[LotStatus],
    to: LotStatus,
    kind: str,
    action: Action,
    reason: str,
    actor: Actor,
    at: datetime,
) -> None:
    require(actor, Right.MANAGE_STOCK)
    lot = Lot.objects.select_for_update().filter(id=lot_id).first()
    if lot is None:
        raise NotVisible
    if not reason.strip():
        raise LotRefused(Text(fr="Écrivez le motif.", en="Write the reason."), field="reason")
    if lot.status not in allowed:
        now = label(LotStatus(lot.status))
        raise LotRefused(
            Text(
                fr=f"L’état de ce lot ne le permet pas : {now.fr.lower()}.",
                en=f"The state of this lot does not allow it: {now.en.lower()}.",
            ),
            field="status",
        )
    lot.status = to
    lot.save()
    _move(lot, kind, action, actor, at, reason=reason.strip())


def note_tracing(*, lot_id: UUID, actor: Actor, at: datetime) -> None:
    """Leave in the audit trail that somebody read who received a lot."""
    _audit(Lot.objects.get(id=lot_id), events.LOT_TRACED, actor, at)


def _move(
    lot: Lot,
    kind: str,
    action: Action,
    actor: Actor,
    at: datetime,
    *,
    quantity: int = 0,
    reason: str = "",
) -> None:
    Movement.objects.create(
        lot=lot, kind=kind, quantity=quantity, reason=reason, **authored_by(actor, at=at)
    )
    _audit(lot, action, actor, at, quantity=quantity)


def _audit(lot: Lot, action: Action, actor: Actor, at: datetime, **details: int) -> None:
    with transaction.atomic():
        record(
            action=action,
            actor=actor,
            at=at,
            subject_kind="lot",
            subject_id=lot.id,
            site_id=lot.site_id,
            details=details,
        )
