"""The shelves of a site, and a lot with everybody who received it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from aiguille.accounts.rights import Right, require
from aiguille.clinics.access import visible_site_ids
from aiguille.clinics.queries import SiteView, list_sites
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import LotStatus, ProductKind
from aiguille.kernel.labels import label
from aiguille.kernel.text import Text
from aiguille.patients.queries import Identity, get_identities
from aiguille.plumbing.access import NotVisible
from aiguille.stock.operations import note_tracing
from aiguille.stock.queries import (
    LotView,
    MovementLine,
    find_lots,
    get_lot,
    list_lots,
    movements_of,
)
from aiguille.stock.rules import FEW_UNITS, expires_soon, is_expired
from aiguille.stock.scanning import CodeUnreadable, read_code
from aiguille.treatment_sessions.queries import LotUse, used_of_lots, used_per_lot, uses_of_lot
from aiguille.treatment_sessions.recalls import Contact, LotReach, contacts_about, reach_of


@dataclass(frozen=True, slots=True)
class ShelfLine:
    """A lot of a site. `left` is None for a product that is not counted unit by unit."""

    lot: LotView
    left: int | None
    is_expired: bool
    expires_soon: bool

    @property
    def kind(self) -> Text:
        """Return the word for what the product is."""
        return label(ProductKind(self.lot.product_kind))

    @property
    def status(self) -> Text:
        """Return the word of the lot's status."""
        return label(LotStatus(self.lot.status))

    @property
    def is_usable(self) -> bool:
        """Tell whether its units may be opened today."""
        return self.lot.status == LotStatus.AVAILABLE and not self.is_expired and self.left != 0


@dataclass(frozen=True, slots=True)
class Shortage:
    """A single-use product of which few usable units are left at the site."""

    product_name: str
    left: int


@dataclass(frozen=True, slots=True)
class Shelves:
    """A site's stock; `lines` are those that match what was searched."""

    site: SiteView
    sites: tuple[SiteView, ...]
    today: date
    lines: tuple[ShelfLine, ...]
    shortages: tuple[Shortage, ...]
    soon: int
    out: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """A patient who received units of a lot, or of a lot as a whole; all attempts to tell them."""

    patient: Identity
    uses: tuple[LotUse, ...]
    contacts: tuple[Contact, ...] = ()

    @property
    def is_told(self) -> bool:
        """Tell whether an attempt reached the person."""
        return any(contact.was_reached for contact in self.contacts)


@dataclass(frozen=True, slots=True)
class TracedLot:
    """A lot that a search found, and how far it went."""

    line: ShelfLine
    reach: LotReach


@dataclass(frozen=True, slots=True)
class LotPage:
    """A lot, what happened to it, and who received it."""

    line: ShelfLine
    site: SiteView
    movements: tuple[MovementLine, ...]
    recipients: tuple[Recipient, ...]

    @property
    def patients(self) -> int:
        """Return how many people received it."""
        return len(self.recipients)

    @property
    def told(self) -> int:
        """Return how many of them were told of it."""
        return sum(recipient.is_told for recipient in self.recipients)

    def recipient(self, number: int) -> Recipient:
        """Return who received it by the number of the patient.

        Raises:
            NotVisible: that patient did not.
        """
        for recipient in self.recipients:
            if recipient.patient.number == number:
                return recipient
        raise NotVisible


def staff_sites(*, actor: Actor, at: datetime) -> tuple[SiteView, ...]:
    """Return the sites where the actor works (two queries).

    Raises:
        NotVisible: there is none.
    """
    visible = visible_site_ids(actor=actor, at=at)
    sites = tuple(site for site in list_sites() if site.id in visible)
    if not sites:
        raise NotVisible
    return sites


def read_shelves(*, actor: Actor, at: datetime, site_code: str = "", search: str = "") -> Shelves:
    """Return the stock of the site named, or of the actor's first (four queries).

    `search` keeps the lots whose number or product contains it.

    Raises:
        NotAllowed: the actor does not see stock.
        NotVisible: the actor has no role at that site, or at none.
    """
    require(actor, Right.SEE_STOCK)
    sites = staff_sites(actor=actor, at=at)
    site = next((s for s in sites if site_code in ("", s.code)), None)
    if site is None:
        raise NotVisible
    today = _today(site, at)
    used = used_per_lot(site_id=site.id)
    lines = [_line(lot, used.get(lot.id, 0), today) for lot in list_lots(site_id=site.id)]
    wanted = search.casefold().strip()
    return Shelves(
        site=site,
        sites=sites,
        today=today,
        lines=tuple(
            line
            for line in lines
            if wanted in line.lot.number.casefold() or wanted in line.lot.product_name.casefold()
        ),
        shortages=_shortages(lines),
        soon=sum(line.is_usable and line.expires_soon for line in lines),
        out=sum(line.is_expired or line.lot.status != LotStatus.AVAILABLE for line in lines),
    )


def read_lot(*, lot_id: UUID, actor: Actor, at: datetime) -> LotPage:
    """Return a lot of a site where the actor works, with who received it (nine queries).

    Whoever reads names of patients leaves a trace.

    Raises:
        NotAllowed: the actor does not see stock.
        NotVisible: there is no such lot at the actor's sites.
    """
    require(actor, Right.SEE_STOCK)
    sites = {site.id: site for site in staff_sites(actor=actor, at=at)}
    lot = get_lot(lot_id)
    if lot.site_id not in sites:
        raise NotVisible
    uses = uses_of_lot(lot_id)
    with transaction.atomic():
        if uses:
            note_tracing(lot_id=lot_id, actor=actor, at=at)
    return LotPage(
        line=_line(lot, len(uses), _today(sites[lot.site_id], at)),
        site=sites[lot.site_id],
        movements=tuple(movements_of(lot_id)),
        recipients=_recipients(uses, contacts_about(lot_id)),
    )


def trace(*, search: str, actor: Actor, at: datetime) -> tuple[TracedLot, ...]:
    """Return the lots of the actor's sites that a number or a scanned code names (six queries).

    A number finds every lot that begins with it, whatever its case, the oldest expiry first; a
    GS1 code the lot that it names, of its product.

    Raises:
        NotAllowed: the actor does not see stock.
        NotVisible: the actor has no role at any site.
    """
    require(actor, Right.SEE_STOCK)
    sites = {site.id: site for site in staff_sites(actor=actor, at=at)}
    product_id, number = _lot_asked(search, _today(next(iter(sites.values())), at))
    if not number:
        return ()
    lots = find_lots(number=number, product_id=product_id, site_ids=sites)
    reach = reach_of([lot.id for lot in lots])
    used = used_of_lots([lot.id for lot in lots])
    return tuple(
        TracedLot(
            line=_line(lot, used.get(lot.id, 0), _today(sites[lot.site_id], at)),
            reach=reach.get(lot.id, LotReach(sessions=0, patients=0)),
        )
        for lot in lots
    )


def _lot_asked(search: str, today: date) -> tuple[UUID | None, str]:
    """Return the product and lot that were asked for; the product where a code names one."""
    try:
        code = read_code(search, today=today)
    except CodeUnreadable:
        return None, search.strip()
    return code.product.id if code.product else None, code.lot


def _recipients(
    uses: list[LotUse], contacts: dict[UUID, tuple[Contact, ...]]
) -> tuple[Recipient, ...]:
    """Group what was used by who received it; who was not told yet comes first, then by name."""
    by_patient: dict[UUID, list[LotUse]] = defaultdict(list)
    for use in uses:
        by_patient[use.patient_id].append(use)
    patients = get_identities(by_patient.keys())
    found = [
        Recipient(
            patient=patients[patient_id], uses=tuple(used), contacts=contacts.get(patient_id, ())
        )
        for patient_id, used in by_patient.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.is_told, one.patient.full_name.casefold())))


def _today(site: SiteView, at: datetime) -> date:
    return at.astimezone(ZoneInfo(site.time_zone)).date()


def _line(lot: LotView, used: int, today: date) -> ShelfLine:
    return ShelfLine(
        lot=lot,
        left=lot.units - used if lot.is_single_use else None,
        is_expired=is_expired(lot.expiry, on=today),
        expires_soon=expires_soon(lot.expiry, on=today),
    )


def _shortages(lines: list[ShelfLine]) -> tuple[Shortage, ...]:
    left: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.lot.is_single_use:
            left[line.lot.product_name] += (line.left or 0) if line.is_usable else 0
    return tuple(
        Shortage(product_name=name, left=count)
        for name, count in sorted(left.items())
        if count <= FEW_UNITS
    )
