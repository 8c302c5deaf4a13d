"""Whether a service can take place at all, by what there is and when it is open, were nothing booked.

It is asked before a service is saved, and of every service after hours were changed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from uuid import UUID

from aiguille.catalogue.queries import NeedView, PhaseView, engine_shape
from aiguille.clinics.queries import ResourceHours
from aiguille.clinics.timetable import open_bits
from aiguille.kernel.text import Text
from aiguille.scheduling import facts as engine
from aiguille.scheduling.facts import Facts, dates_span
from aiguille.scheduling.search import find_starts
from aiguille.scheduling.services import Service
from aiguille.scheduling.timeline import TICK_MINUTES, all_ahead
from aiguille.scheduling.wallclock import WallClock

LOOKED_AT = timedelta(weeks=26)
_LOOKED_AT_FIRST = timedelta(weeks=2)
# All that is compared is on the wall clock of one site at a time: any one zone will do.
_ANY_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a service cannot take place.

    `field` is `needs.<place>.skill`, `phases.<place>.minutes`, `phases` or `site_ids`.
    """

    field: str
    text: Text


class Openings:
    """When everything is open in the half year from a date on, read once for many services."""

    def __init__(self, resources: Sequence[ResourceHours], *, on: date) -> None:
        self.resources = tuple(resources)
        self.on = on
        self.names = {str(hours.id): f"{hours.title} {hours.name}".strip() for hours in resources}

    def obstacle_of(
        self,
        *,
        needs: Sequence[NeedView],
        phases: Sequence[PhaseView],
        site_ids: Collection[UUID] = (),
    ) -> Obstacle | None:
        """Return why a service of these parts can never take place, or None where it can.

        Where sites are given, it is at these that it is to take place.

        Raises:
            ValueError: the parts do not fit together (see `scheduling.services.Service`).
        """
        service = engine_shape(
            code="asked",
            needs=needs,
            phases=phases,
            min_notice_minutes=0,
            max_horizon_days=LOOKED_AT.days,
        )
        # Most services fit into the first fortnight, which is much less to look at.
        sites = {str(site) for site in site_ids}
        if self._fits(service, self._near, sites) or self._fits(service, self._far, sites):
            return None
        for place, need in enumerate(needs):
            if found := self._obstacle_of_need(service, place, need, phases):
                return found
        if sites and self._fits(service, self._far, set()):
            return Obstacle(
                "site_ids",
                Text(
                    fr="Cette prestation ne peut avoir lieu sur aucun des sites choisis : il y "
                    "manque une personne, une salle ou un appareil.",
                    en="This service cannot take place at any of the sites chosen: somebody, a "
                    "room or a device is missing there.",
                ),
            )
        return Obstacle(
            "phases",
            Text(
                fr="À aucun moment les praticiens, salles et appareils demandés ne sont ouverts "
                "ensemble assez longtemps sur un même site. Raccourcissez les phases ou "
                "élargissez des horaires.",
                en="At no time are the practitioners, rooms and devices asked for open together "
                "for long enough at one site. Shorten the phases or lengthen some hours.",
            ),
        )

    @cached_property
    def _near(self) -> Facts:
        return self._facts(_LOOKED_AT_FIRST)

    @cached_property
    def _far(self) -> Facts:
        return self._facts(LOOKED_AT)

    def _facts(self, length: timedelta) -> Facts:
        span = dates_span(zone=_ANY_ZONE, first_date=self.on, last_date=self.on + length)
        clock = WallClock(_ANY_ZONE, span)
        sites: set[UUID] = set()
        opened = []
        for hours in self.resources:
            there = {o.site_id for o in hours.weekly} | {o.site_id for o in hours.extra}
            bits = {str(site): open_bits(clock, hours, site) for site in there}
            sites |= there
            opened.append(
                engine.Resource(
                    id=str(hours.id),
                    kind=hours.kind,
                    skills=hours.skills,
                    open={site: ticks for site, ticks in bits.items() if ticks},
                )
            )
        return Facts(
            clock=clock,
            step_minutes=TICK_MINUTES,
            sites=tuple(sorted(map(str, sites))),
            resources=tuple(opened),
        )

    def _fits(self, service: Service, facts: Facts, sites: Collection[str]) -> bool:
        starts = find_starts(
            facts=facts,
            service=service,
            at=datetime.combine(self.on, time(), tzinfo=UTC),
            first_date=self.on,
            last_date=self.on + LOOKED_AT,
        )
        return any(site.bits for site in starts.sites if not sites or site.site in sites)

    def _obstacle_of_need(
        self, service: Service, place: int, need: NeedView, phases: Sequence[PhaseView]
    ) -> Obstacle | None:
        asked = next(each for each in service.needs if each.name == need.name)
        suited = [each for each in self._far.resources if each.suits(asked)]
        if not suited:
            return Obstacle(
                f"needs.{place}.skill",
                Text(
                    fr="Rien ni personne d’actif ne possède cette compétence ou cet usage.",
                    en="Nobody and nothing active has this skill or use.",
                ),
            )
        best = max(suited, key=lambda each: (_longest_opening(each), each.id))
        limit = _longest_opening(best)
        runs = service.stretches[need.name]
        if all((run.open_to - run.open_from) * TICK_MINUTES <= limit for run in runs):
            return None
        held = [number for number, phase in enumerate(phases) if need.name in phase.needs]
        worst = max(held, key=lambda number: phases[number].minutes)
        name = self.names[best.id]
        return Obstacle(
            f"phases.{worst}.minutes",
            Text(
                fr=f"Plus long que toute ouverture possible : la plus longue est celle de {name}, "
                f"{limit} minutes. Raccourcissez la phase ou élargissez ces horaires.",
                en=f"Longer than any opening there is: the longest is that of {name}, {limit} "
                "minutes. Shorten the phase or lengthen those hours.",
            ),
        )


def _longest_opening(resource: engine.Resource) -> int:
    """Return the minutes of a resource's longest opening."""
    return max((_longest_run(bits) for bits in resource.open.values()), default=0)


def _longest_run(bits: int) -> int:
    """Return the minutes of the longest run of ticks."""
    low, high = 0, max(1, bits.bit_length())
    while low < high:
        middle = (low + high + 1) // 2
        if all_ahead(bits, middle):
            low = middle
        else:
            high = middle - 1
    return low * TICK_MINUTES
