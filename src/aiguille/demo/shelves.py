"""The demo's stock: lots of every age, and which unit a session takes next."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from aiguille.catalogue.queries import list_products
from aiguille.demo.premises import Place
from aiguille.kernel.actor import Actor
from aiguille.stock.operations import quarantine_lot, recall_lot, receive_lot
from aiguille.stock.queries import UnitFacts, usable_units

# Product, units in the main lot, how many days from today it expires.
_MAIN_LOTS = (
    ("roller-192-0-5", 60, 480),
    ("roller-192-1-0", 30, 510),
    ("roller-192-1-5", 40, 455),
    ("pen-cartridge-12", 80, 540),
    ("syringe-1-ml", 150, 900),
    ("needle-30g-4-mm", 150, 820),
    ("needle-32g-4-mm", 60, 790),
    ("ha-non-crosslinked", 90, 390),
    ("ha-polyvitamins", 40, 365),
    ("dexpanthenol-ampoule", 40, 610),
    ("biotin-ampoule", 60, 580),
    ("numbing-cream-5-g", 40, 700),
    ("antiseptic-alcoholic", 120, 650),
    ("drape-sterile", 160, 1100),
    ("saline-10-ml", 120, 870),
    ("petroleum-jelly-sterile", 110, 730),
    ("vitamin-a-gel", 20, 300),
)
_FIRST_SERIAL = 1000


@dataclass
class Shelves:
    """What can be opened at a site, those that expire first on top."""

    _units: dict[str, deque[UnitFacts]] = field(default_factory=dict)
    _out_of_use: set[UUID] = field(default_factory=set)

    def fill(self, site_id: UUID, *, on: date) -> None:
        """Learn what stands on a site's shelves."""
        kinds = sorted({product.kind for product in list_products()})
        self._units.clear()
        for unit in usable_units(product_kinds=kinds, site_id=site_id, on=on, limit=5000):
            self._units.setdefault(unit.product_code, deque()).append(unit)

    def take(self, product: str, *, on: date) -> UUID:
        """Return the next unit of a product that may be opened on a day.

        Raises:
            LookupError: the shelf is empty.
        """
        units = self._units[product]
        while units:
            unit = units.popleft()
            if unit.expiry >= on and unit.lot_id not in self._out_of_use:
                assert unit.unit_id is not None
                return unit.unit_id
        raise LookupError(f"no {product} is left")

    def leave_out(self, lot_id: UUID) -> None:
        """Take nothing of a lot any more."""
        self._out_of_use.add(lot_id)


@dataclass(frozen=True, slots=True)
class _OddLot:
    """A small lot that is not like the others; `days` to its expiry, counted from today."""

    product: str
    number: str
    quantity: int
    days: int
    fate: str = ""


_ODD_LOTS = {
    "Lyon": (
        _OddLot("drape-sterile", "L-CHAMP-11", 6, -12),
        _OddLot("petroleum-jelly-sterile", "L-VAS-07", 14, 9),
        _OddLot("ha-non-crosslinked", "L-HYA-23", 8, 420, fate="quarantine"),
    ),
    "Paris": (
        _OddLot("syringe-1-ml", "P-SER-04", 10, 18),
        # It expires before the main lot, so that the first sessions opened some of it.
        _OddLot("needle-30g-4-mm", "P-AIG-19", 12, 240, fate="recall"),
    ),
}


def receive_stock(place: Place, *, manager: Actor, since: datetime, today: date) -> dict[str, UUID]:
    """Receive a site's lots; return those that something will happen to, by their fate.

    Among them are one that has expired by `today` and some that are about to expire.
    """
    products = {product.code: product.id for product in list_products()}

    def receive(lot: _OddLot) -> UUID:
        return receive_lot(
            product_id=products[lot.product],
            site_id=place.id,
            number=lot.number,
            expiry=today + timedelta(days=lot.days),
            quantity=lot.quantity,
            serials=[str(_FIRST_SERIAL + index) for index in range(lot.quantity)],
            actor=manager,
            at=since,
        )

    for row, (code, quantity, days) in enumerate(_MAIN_LOTS, start=11):
        receive(_OddLot(code, f"{place.city[:1]}{since:%y}{row}{days:04d}", quantity, days))
    return {lot.fate: receive(lot) for lot in _ODD_LOTS[place.city]}


def set_aside(lots: Mapping[str, UUID], shelves: Shelves, *, manager: Actor, at: datetime) -> None:
    """Let the lots meet their fates: recalled after patients received some, or in quarantine."""
    if lot_id := lots.get("recall"):
        recall_lot(
            lot_id=lot_id,
            reason="Rappel du fabricant : défaut d’étanchéité possible de l’emballage.",
            actor=manager,
            at=at,
        )
        shelves.leave_out(lot_id)
    if lot_id := lots.get("quarantine"):
        quarantine_lot(
            lot_id=lot_id,
            reason="Livraison reçue à 14 °C : réponse du fabricant attendue.",
            actor=manager,
            at=at,
        )
        shelves.leave_out(lot_id)
