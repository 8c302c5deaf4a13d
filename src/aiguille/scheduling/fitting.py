"""Which resources can hold which needs, for all starts at once or for one.

For all starts at once, a resource that fits a need is the set of starts at which it is open and
free for every stretch of the need. Needs of one kind may compete for the same resources: then
they are matched, each to a resource of its own.
"""

from collections.abc import Mapping, Sequence
from math import prod

from aiguille.scheduling.facts import Busy, Facts, Openings, Resource
from aiguille.scheduling.services import Need, Service, Stretch
from aiguille.scheduling.timeline import all_ahead, any_ahead, ones, shifted, ticks_in

# Competing needs are counted off together, in a state for each way to have met some of them;
# beyond this number of states they are matched start by start.
_MOST_STATES = 1024


def _free(stretches: tuple[Stretch, ...], busy: int) -> int:
    """Return the starts at which none of the stretches meets a busy tick."""
    taken = 0
    for stretch in stretches:
        run = any_ahead(busy, stretch.busy_to - stretch.busy_from)
        taken |= shifted(run, stretch.busy_from)
    return ~taken


class Fitting:
    """What fits a service, computed once per resource and shape of need."""

    def __init__(self, *, facts: Facts, service: Service) -> None:
        self.facts = facts
        self.service = service
        self._free: dict[tuple[tuple[Stretch, ...], str], int] = {}

    def candidates(self, need: Need, site: str) -> list[Resource]:
        """Return the resources that suit a need and are ever open at the site."""
        return [r for r in self.facts.resources if r.suits(need) and r.open.get(site)]

    def starts(self, need: Need, resource: Resource, site: str) -> int:
        """Return the starts at which the resource is open at the site, and free, for the need."""
        stretches = self.service.stretches[need.name]
        starts = self._free_starts(stretches, resource)
        for stretch in stretches:
            length = stretch.open_to - stretch.open_from
            ahead = (
                resource.open.ahead(site, length)
                if isinstance(resource.open, Openings)
                else all_ahead(resource.open[site], length)
            )
            starts &= ahead >> stretch.open_from
        return starts

    def _free_starts(self, stretches: tuple[Stretch, ...], resource: Resource) -> int:
        busy = resource.busy
        if not busy:
            return -1
        if isinstance(busy, Busy):
            return busy.free_for(stretches, lambda: _free(stretches, busy))
        key = (stretches, resource.id)
        if key not in self._free:
            self._free[key] = _free(stretches, busy)
        return self._free[key]

    def together(self, needs: Sequence[Need], site: str, allowed: int) -> int:
        """Return the starts of `allowed` at which all of `needs`, of one kind, have a resource.

        No two needs share one.
        """
        if len(needs) == 1:
            return self._any_of(needs[0], site, allowed)
        # Needs that ask the same are interchangeable: they are counted, not told apart.
        alike: dict[tuple[str | None, tuple[Stretch, ...]], list[Need]] = {}
        for need in needs:
            alike.setdefault((need.skill, self.service.stretches[need.name]), []).append(need)
        wanted = tuple(len(group) for group in alike.values())
        if prod(count + 1 for count in wanted) > _MOST_STATES:
            return self._matched_one_by_one(needs, site, allowed)
        asked = [group[0] for group in alike.values()]
        return self._counted_off(asked, wanted, site, allowed)

    def starts_by_name(self, need: Need, site: str) -> list[tuple[str, int]]:
        """Return each candidate for a need at a site with its starts, by name; made once."""
        key = ("by name", need, self.service.stretches[need.name], site)
        found: list[tuple[str, int]] | None = self.facts.made.get(key)
        if found is None:
            by_name = sorted(self.candidates(need, site), key=lambda r: r.id)
            found = [(one.id, self.starts(need, one, site)) for one in by_name]
            self.facts.made[key] = found
        return found

    def _any_of(self, need: Need, site: str, allowed: int) -> int:
        key = ("any of", need, self.service.stretches[need.name], site)
        known: int | None = self.facts.made.get(key)
        if known is not None:
            return known & allowed
        found = 0
        for resource in self.candidates(need, site):
            found |= self.starts(need, resource, site)
            if found & allowed == allowed:
                return allowed
        self.facts.made[key] = found
        return found & allowed

    def _counted_off(
        self, asked: Sequence[Need], wanted: tuple[int, ...], site: str, allowed: int
    ) -> int:
        """Go through the resources once, giving each to one of the needs or to none.

        `met[counts]` are the starts at which the resources seen so far can meet `counts[i]` needs
        like `asked[i]`, for all i at once.
        """
        met = {tuple(0 for _ in asked): allowed}
        for resource in self.facts.resources:
            fits = [
                self.starts(need, resource, site)
                if resource.suits(need) and resource.open.get(site)
                else 0
                for need in asked
            ]
            if not any(fits):
                continue
            for counts, starts in list(met.items()):
                for place, fit in enumerate(fits):
                    if fit & starts and counts[place] < wanted[place]:
                        more = (*counts[:place], counts[place] + 1, *counts[place + 1 :])
                        met[more] = met.get(more, 0) | (fit & starts)
            if met.get(wanted) == allowed:
                break
        return met.get(wanted, 0)

    def _matched_one_by_one(self, needs: Sequence[Need], site: str, allowed: int) -> int:
        for need in needs:
            allowed = self._any_of(need, site, allowed)
        first = self.facts.clock.span.first
        found = 0
        for tick in ticks_in(self.facts.clock.span, allowed):
            if self.matched(needs, site, tick) is not None:
                found |= 1 << (tick - first)
        return found

    def _in_order(self, need: Need, site: str, turn: int) -> list[Resource]:
        by_id = sorted(self.candidates(need, site), key=lambda r: r.id)
        begin = turn % len(by_id) if by_id else 0
        return sorted(by_id[begin:] + by_id[:begin], key=lambda r: len(r.skills))

    def holds(self, need: Need, resource: Resource, site: str, tick: int) -> bool:
        """Tell whether the resource fits the need at the site for a start at `tick`."""
        place = tick - self.facts.clock.span.first
        opened = resource.open.get(site, 0)
        for stretch in self.service.stretches[need.name]:
            run = ones(stretch.open_to - stretch.open_from)
            if opened >> (place + stretch.open_from) & run != run:
                return False
            if resource.busy >> (place + stretch.busy_from) & ones(
                stretch.busy_to - stretch.busy_from
            ):
                return False
        return True

    def matched(
        self,
        needs: Sequence[Need],
        site: str,
        tick: int,
        only: Mapping[str, str] | None = None,
        turn: int = 0,
    ) -> dict[str, str] | None:
        """Return a resource for each need of a start at `tick`, by names, or None.

        `only` names the resource that a need must have. Resources with few skills are taken
        first, so that versatile ones stay free for what needs them; of those with equally many, in
        the order of their ids, beginning after the first `turn` of them.
        """
        only = only or {}
        options = {
            need.name: [
                resource.id
                for resource in self._in_order(need, site, turn)
                if only.get(need.name, resource.id) == resource.id
                and self.holds(need, resource, site, tick)
            ]
            for need in needs
        }
        holder: dict[str, str] = {}  # resource -> the need that has it

        def give(name: str, refused: set[str]) -> bool:
            for option in options[name]:
                if option not in refused:
                    refused.add(option)
                    if option not in holder or give(holder[option], refused):
                        holder[option] = name
                        return True
            return False

        for name in sorted(options, key=lambda name: (len(options[name]), name)):
            if not give(name, set()):
                return None
        return {name: resource for resource, name in holder.items()}
