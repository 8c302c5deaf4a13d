"""The scenarios' rules, spelled out tick by tick: slow, obvious, and written without the engine."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]
_FIVE = timedelta(minutes=5)
_MARGIN = timedelta(days=4)


def reference_answer(scenario: Json) -> Json:
    """Return the answer to a scenario that has no error."""
    clinic = _Clinic(scenario)
    query = scenario["query"]
    return clinic.slots(query) if query["type"] == "slots" else clinic.course(query)


class _Clinic:
    def __init__(self, scenario: Json) -> None:
        self.scenario = scenario
        self.now = datetime.fromisoformat(scenario["now"])
        self.services = {service["id"]: service for service in scenario["services"]}
        query = scenario["query"]
        self.first_date = date.fromisoformat(query["from"])
        self.last_date = date.fromisoformat(query["to"])
        zone = ZoneInfo(scenario["timezone"])
        start = datetime.combine(self.first_date, datetime.min.time(), UTC) - _MARGIN
        end = datetime.combine(self.last_date, datetime.min.time(), UTC) + _MARGIN
        self.instants = [start + i * _FIVE for i in range((end - start) // _FIVE)]
        self.local = [instant.astimezone(zone) for instant in self.instants]
        self.readings = [local.replace(tzinfo=None) for local in self.local]
        self.places: dict[datetime, list[int]] = {}
        for place, reading in enumerate(self.readings):
            self.places.setdefault(reading, []).append(place)
        self.resources = sorted(scenario["resources"], key=lambda r: r["id"])
        self.open = {
            (r["id"], site): self._open(r, site) for r in self.resources for site in self.sites
        }
        self.busy = {r["id"]: self._busy(r["id"]) for r in self.resources}
        self.fits = cache(self._fits)
        self.possible = cache(self._possible)

    @property
    def sites(self) -> list[str]:
        return sorted(set(self.scenario["sites"]))

    # Wall-clock times -------------------------------------------------------------------------

    def _place(self, reading: datetime, occurrence: int) -> int:
        if reading in self.places:
            return self.places[reading][occurrence]
        later = (place for place, shown in enumerate(self.readings) if shown > reading)
        return next(later, len(self.readings))  # the instant of the change

    def _interval(self, start: datetime, end: datetime) -> set[int]:
        if start == end:
            return set()
        return set(range(self._place(start, 0), self._place(end, -1)))

    @staticmethod
    def _at(day: date, time: str) -> datetime:
        hours, minutes = time.split(":")
        midnight = datetime.combine(day, datetime.min.time())
        return midnight + timedelta(hours=int(hours), minutes=int(minutes))

    def _closed(self, closures: list[Json]) -> set[int]:
        closed: set[int] = set()
        for closure in closures:
            start, end = (
                self._at(date.fromisoformat(closure[key][:10]), closure[key][11:])
                for key in ("from", "to")
            )
            closed |= self._interval(start, end)
        return closed

    def _open(self, resource: Json, site: str) -> set[int]:
        found: set[int] = set()
        day = self.readings[0].date()
        while day <= self.readings[-1].date():
            for hours in resource["hours"]:
                if hours["weekday"] == day.weekday() and hours["site"] == site:
                    found |= self._interval(
                        self._at(day, hours["from"]), self._at(day, hours["to"])
                    )
            for extra in resource.get("extra", []):
                if date.fromisoformat(extra["date"]) == day and extra["site"] == site:
                    found |= self._interval(
                        self._at(day, extra["from"]), self._at(day, extra["to"])
                    )
            day += timedelta(days=1)
        found -= self._closed(resource.get("closures", []))
        return found - self._closed(self.scenario.get("closures", []))

    def _busy(self, resource: str) -> set[int]:
        return {
            place
            for booking in self.scenario["bookings"]
            if resource in booking["resources"]
            for place, instant in enumerate(self.instants)
            if datetime.fromisoformat(booking["from"])
            <= instant
            < datetime.fromisoformat(booking["to"])
        }

    # One appointment ---------------------------------------------------------------------------

    def _fits(self, service_id: str, need: str, resource_id: str, site: str, start: int) -> bool:
        service = self.services[service_id]
        resource = next(r for r in self.resources if r["id"] == resource_id)
        wanted = service["needs"][need]
        if resource["kind"] != wanted["kind"]:
            return False
        if wanted["skill"] is not None and wanted["skill"] not in resource["skills"]:
            return False
        before, after = (wanted[f"buffer_{side}_minutes"] // 5 for side in ("before", "after"))
        held: list[int] = []
        place = start
        for phase in service["phases"]:
            ticks = range(place, place + phase["minutes"] // 5)
            if need in phase["needs"]:
                held.extend(ticks)
            place = ticks.stop
        if not all(tick in self.open[resource["id"], site] for tick in held):
            return False
        busy = self.busy[resource["id"]]
        for tick in held:
            widened = range(
                tick if tick - 1 in held else tick - before,
                tick + 1 if tick + 1 in held else tick + 1 + after,
            )
            if any(near in busy for near in widened):
                return False
        return True

    def _possible(self, service_id: str, start: int, site: str) -> tuple[str, ...] | None:
        """Return the practitioners with whom a start is possible, or None where it is not."""
        service = self.services[service_id]
        others = [n for n, need in service["needs"].items() if need["kind"] != "practitioner"]
        doctors = [n for n, need in service["needs"].items() if need["kind"] == "practitioner"]
        rooms = [r["id"] for r in self.resources if r["kind"] != "practitioner"]
        if not any(
            all(
                self.fits(service_id, need, room, site, start)
                for need, room in zip(others, chosen, strict=True)
            )
            for chosen in permutations(rooms, len(others))
        ):
            return None
        if not doctors:
            return ()
        able = tuple(
            r["id"]
            for r in self.resources
            if self.fits(service_id, doctors[0], r["id"], site, start)
        )
        return able or None

    def _starts(self, service_id: str) -> list[int]:
        service = self.services[service_id]
        earliest = self.now + timedelta(minutes=service["min_notice_minutes"])
        latest = self.now + timedelta(days=service["max_horizon_days"])
        return [
            place
            for place, instant in enumerate(self.instants)
            if earliest <= instant < latest
            and self.first_date <= self.readings[place].date() <= self.last_date
            and (self.readings[place].hour * 60 + self.readings[place].minute)
            % self.scenario["slot_step_minutes"]
            == 0
        ]

    # Questions ---------------------------------------------------------------------------------

    def slots(self, query: Json) -> Json:
        wanted = query.get("practitioner")
        found = []
        for place in self._starts(query["service"]):
            for site in self.sites:
                able = self.possible(query["service"], place, site)
                if query.get("site") not in {None, site} or able is None:
                    continue
                if wanted is not None:
                    if wanted not in able:
                        continue
                    able = (wanted,)
                start = self.local[place].isoformat()
                found.append({"start": start, "site": site, "practitioners": list(able)})
        return {"slots": found}

    def course(self, query: Json) -> Json:
        services = query["services"]
        starts = [self._starts(service) for service in services]
        same = query.get("same_practitioner", False)
        named = query.get("practitioner")
        everyone = [r["id"] for r in self.resources if r["kind"] == "practitioner"]
        people = [named] if named else everyone if same else [None]

        @cache  # what can follow depends on the day of the last appointment only
        def complete(number: int, last_day: date, site: str, who: str | None) -> list[int] | None:
            if number == len(services):
                return []
            for place in starts[number]:
                day = self.readings[place].date()
                if number:
                    gap = query["gaps"][number - 1]
                    if not gap["min_days"] <= (day - last_day).days <= gap["max_days"]:
                        continue
                able = self.possible(services[number], place, site)
                if able is None or (who is not None and who not in able):
                    continue
                rest = complete(number + 1, day, site, who)
                if rest is not None:
                    return [place, *rest]
            return None

        chains = [
            (chain, site, who if same else None)
            for site in self.sites
            for who in people
            if query.get("site") in {None, site}
            and (chain := complete(0, self.first_date, site, who)) is not None
        ]
        if not chains:
            return {"course": None}
        places, site, who = min(chains, key=lambda found: found[0])  # of equal ones, the first
        return {
            "course": [
                {"start": self.local[place].isoformat(), "site": site, "practitioner": who}
                for place in places
            ]
        }
