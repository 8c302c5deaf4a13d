"""Reading what is in stock, and whether a unit may be opened."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count

from aiguille.kernel.codes import LotStatus
from aiguille.plumbing.access import NotVisible
from aiguille.stock.models import Lot, Movement, Unit


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit with all that decides whether it may be opened; `unit_id` is None for a whole lot."""

    unit_id: UUID | None
    serial: str
    lot_id: UUID
    lot_number: str
    expiry: date
    lot_status: LotStatus
    site_id: UUID
    product_id: UUID
    product_code: str
    product_name: str
    product_kind: str
    product_status: str
    actives: tuple[str, ...]
    is_sterile: bool
    is_single_use: bool
    needle_mm: Decimal | None
    volume_ml: Decimal | None
    lidocaine_mg_per_unit: Decimal | None


@dataclass(frozen=True, slots=True)
class LotView:
    """A lot with its count of units received."""

    id: UUID
    product_id: UUID
    product_name: str
    product_kind: str
    is_single_use: bool
    site_id: UUID
    site_name: str
    number: str
    expiry: date
    status: str
    units: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class MovementLine:
    """A delivery, or a change of a lot's status."""

    kind: str
    quantity: int
    reason: str
    by: str
    at: datetime


def list_lots(*, site_id: UUID | None = None) -> list[LotView]:
    """Return the lots, those that expire first on top (one query)."""
    rows = Lot.objects.select_related("product", "site").annotate(received=Count("units"))
    if site_id is not None:
        rows = rows.filter(site_id=site_id)
    return [_lot(row) for row in rows.order_by("expiry", "number")]


def find_lots(
    *, number: str, product_id: UUID | None, site_ids: Collection[UUID], limit: int = 100
) -> list[LotView]:
    """Return the lots whose number begins with `number`, whatever its case (one query)."""
    rows = Lot.objects.select_related("product", "site").annotate(received=Count("units"))
    rows = rows.filter(number__istartswith=number, site_id__in=list(site_ids))
    if product_id is not None:
        rows = rows.filter(product_id=product_id)
    return [_lot(row) for row in rows.order_by("expiry", "number")[:limit]]


def get_lot(lot_id: UUID) -> LotView:
    """Return a lot (one query).

    Raises:
        NotVisible: there is none.
    """
    for row in (
        Lot.objects.select_related("product", "site")
        .annotate(received=Count("units"))
        .filter(id=lot_id)
    ):
        return _lot(row)
    raise NotVisible


def movements_of(lot_id: UUID) -> list[MovementLine]:
    """Return what happened to a lot, latest first (one query)."""
    return [
        MovementLine(
            kind=row.kind,
            quantity=row.quantity,
            reason=row.reason,
            by=row.author_name,
            at=row.recorded_at,
        )
        for row in Movement.objects.filter(lot_id=lot_id).order_by("-recorded_at", "-id")
    ]


def usable_units(
    *,
    product_kinds: Sequence[str],
    site_id: UUID,
    on: date,
    used_unit_ids: Iterable[UUID] = (),
    limit: int = 60,
) -> list[UnitFacts]:
    """Return units that may be opened at a site on a day, those that expire first on top.

    Which units were consumed is known to the area of sessions: pass them as `used_unit_ids`.
    """
    rows = (
        Unit.objects.filter(
            lot__product__kind__in=list(product_kinds),
            lot__site_id=site_id,
            lot__status=LotStatus.AVAILABLE,
            lot__expiry__gte=on,
        )
        .exclude(id__in=used_unit_ids)
        .select_related("lot__product")
        .order_by("lot__expiry", "lot__number", "serial")
    )
    return [_facts(row.lot, row) for row in rows[:limit]]


def find_unit_or_lot(key: UUID) -> UnitFacts | None:
    """Return the facts of the unit, or of the lot as a whole, with this key; None for neither."""
    return find_units_and_lots([key]).get(key)


def find_units_and_lots(keys: Collection[UUID]) -> dict[UUID, UnitFacts]:
    """Return the facts of the units, and of the lots as wholes, with these keys (two queries)."""
    found: dict[UUID, UnitFacts] = {}
    for unit in Unit.objects.filter(id__in=list(keys)).select_related("lot__product"):
        found[unit.id] = _facts(unit.lot, unit)
    for lot in Lot.objects.filter(id__in=list(keys)).select_related("product"):
        found[lot.id] = _facts(lot, None)
    return found


def find_units(
    *, site_id: UUID, lot_number: str, gtin: str = "", serial: str = ""
) -> list[UnitFacts]:
    """Return the units at a site of a lot as a label names it, whatever their state."""
    rows = Unit.objects.filter(lot__site_id=site_id, lot__number=lot_number)
    if gtin:
        rows = rows.filter(lot__product__gtin=gtin)
    if serial:
        rows = rows.filter(serial=serial)
    found = rows.select_related("lot__product").order_by("lot__expiry", "serial")[:60]
    return [_facts(row.lot, row) for row in found]


def _lot(row: Any) -> LotView:
    """Return the view of a lot with its product, its site and its count of units (`received`)."""
    return LotView(
        id=row.id,
        product_id=row.product_id,
        product_name=row.product.name,
        product_kind=row.product.kind,
        is_single_use=row.product.is_single_use,
        site_id=row.site_id,
        site_name=row.site.name,
        number=row.number,
        expiry=row.expiry,
        status=row.status,
        units=row.received,
        received_at=row.received_at,
    )


def _facts(lot: Lot, unit: Unit | None) -> UnitFacts:
    product = lot.product
    return UnitFacts(
        unit_id=unit.id if unit else None,
        serial=unit.serial if unit else "",
        lot_id=lot.id,
        lot_number=lot.number,
        expiry=lot.expiry,
        lot_status=LotStatus(lot.status),
        site_id=lot.site_id,
        product_id=product.id,
        product_code=product.code,
        product_name=product.name,
        product_kind=product.kind,
        product_status=product.status,
        actives=tuple(product.actives),
        is_sterile=product.is_sterile,
        is_single_use=product.is_single_use,
        needle_mm=product.needle_mm,
        volume_ml=product.volume_ml,
        lidocaine_mg_per_unit=product.lidocaine_mg_per_unit,
    )
