"""The demo's stock: lots of every age, and which unit a session takes next."""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from aiguille.catalogue.queries import list_products
from aiguille.demo.premises import Premises
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
    """What can be opened at each site, those that expire first on top."""

    _units: dict[tuple[UUID, str], deque[UnitFacts]] = field(default_factory=dict)
    _out_of_use: set[UUID] = field(default_factory=set)

    def fill(self, site_ids: Iterable[UUID], *, since: date) -> None:
        """Learn what stands on the shelves of the sites."""
        kinds = sorted({product.kind for product in list_products()})
        for site_id in site_ids:
            by_product: dict[str, deque[UnitFacts]] = defaultdict(deque)
            for unit in usable_units(product_kinds=kinds, site_id=site_id, on=since, limit=5000):
                by_product[unit.product_code].append(unit)
            self._units |= {(site_id, code): units for code, units in by_product.items()}

    def take(self, site_id: UUID, product: str, *, on: date) -> UUID:
        """Return the next unit of a product that may be opened on a day.

        Raises:
            LookupError: the shelf is empty.
        """
        units = self._units[site_id, product]
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
class OddLots:
    """The lots that something happens to while the demo's weeks go by."""

    recalled: UUID
    quarantined: UUID


def receive_stock(premises: Premises, *, since: datetime, today: date) -> OddLots:
    """Receive the lots of both sites; among them one expired, and one about to expire."""
    products = {product.code: product.id for product in list_products()}
    manager = premises.manager.actor
    for place in premises.places:
        for number, (code, quantity, days) in enumerate(_MAIN_LOTS):
            receive_lot(
                product_id=products[code],
                site_id=place.id,
                number=f"{place.city[:1]}{since:%y}{number + 11:02d}{quantity:03d}",
                expiry=today + timedelta(days=days),
                quantity=quantity,
                serials=[f"{_FIRST_SERIAL + index}" for index in range(quantity)],
                actor=manager,
                at=since,
            )

    def odd(code: str, number: str, quantity: int, days: int, place: int) -> UUID:
        return receive_lot(
            product_id=products[code],
            site_id=premises.places[place].id,
            number=number,
            expiry=today + timedelta(days=days),
            quantity=quantity,
            serials=[f"{index + 1:04d}" for index in range(quantity)],
            actor=manager,
            at=since,
        )

    odd("drape-sterile", "L-CHAMP-EXP", 6, -12, 0)
    odd("petroleum-jelly-sterile", "L-VAS-PROCHE", 14, 9, 0)
    odd("syringe-1-ml", "P-SER-PROCHE", 10, 18, 1)
    return OddLots(
        # Expires before the main lot: the first sessions opened some of it.
        recalled=odd("needle-30g-4-mm", "P-AIG-RAPPEL", 12, 240, 1),
        quarantined=odd("ha-non-crosslinked", "L-HYA-QUAR", 8, 420, 0),
    )


def set_aside(odd: OddLots, shelves: Shelves, *, actor: Actor, at: datetime) -> None:
    """Recall a lot that patients received, and put another one in quarantine."""
    recall_lot(
        lot_id=odd.recalled,
        reason="Rappel du fabricant : défaut d’étanchéité possible de l’emballage.",
        actor=actor,
        at=at,
    )
    quarantine_lot(
        lot_id=odd.quarantined,
        reason="Livraison reçue à 14 °C : réponse du fabricant attendue.",
        actor=actor,
        at=at,
    )
    shelves.leave_out(odd.recalled)
    shelves.leave_out(odd.quarantined)
