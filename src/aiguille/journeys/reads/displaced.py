"""The displaced appointments with what helps to put them right: free times, telephones."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiguille.accounts.rights import Right, require
from aiguille.booking.displaced import Displaced, Proposal, all_displaced, propose
from aiguille.clinics.access import visible_site_ids
from aiguille.clinics.queries import SiteView, list_sites
from aiguille.journeys.change_set_up import ImpossibleService, impossible_services
from aiguille.kernel.actor import Actor
from aiguille.patients.queries import Identity, get_identities
from aiguille.plumbing.access import NotVisible

A_PAGE = 5


@dataclass(frozen=True, slots=True)
class DisplacedLine:
    """A displaced appointment with its patient and the nearest free times."""

    displaced: Displaced
    identity: Identity
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True, slots=True)
class DisplacedPage:
    """A page of them, the soonest first; `count` is of all pages, `by_site` of all sites."""

    lines: tuple[DisplacedLine, ...]
    count: int
    number: int
    pages: int
    site: SiteView | None
    sites: tuple[tuple[SiteView, int], ...]
    impossible: tuple[ImpossibleService, ...]


def read_displaced(
    *, actor: Actor, at: datetime, site_code: str | None = None, number: int = 1
) -> DisplacedPage:
    """Return a page of the displaced appointments at the actor's sites, or at the one named.

    Raises:
        NotAllowed: the actor does not book.
        NotVisible: the actor has no role at that site.
    """
    require(actor, Right.BOOK)
    visible = visible_site_ids(actor=actor, at=at)
    sites = [site for site in list_sites() if site.id in visible]
    site = next((each for each in sites if each.code == site_code), None)
    if site_code and site is None:
        raise NotVisible
    found = [each for each in all_displaced(at=at) if each.appointment.site_id in visible]
    shown = [each for each in found if site is None or each.appointment.site_id == site.id]
    pages = max(1, -(-len(shown) // A_PAGE))
    number = min(max(1, number), pages)
    page = shown[(number - 1) * A_PAGE : number * A_PAGE]
    identities = get_identities({each.appointment.patient_id for each in page})
    return DisplacedPage(
        lines=tuple(
            DisplacedLine(
                displaced=each,
                identity=identities[each.appointment.patient_id],
                proposals=propose(each.appointment, at=at),
            )
            for each in page
        ),
        count=len(shown),
        number=number,
        pages=pages,
        site=site,
        sites=tuple((each, _count(found, each.id)) for each in sites),
        impossible=tuple(impossible_services(at=at)),
    )


def _count(found: list[Displaced], site_id: UUID) -> int:
    return sum(each.appointment.site_id == site_id for each in found)
