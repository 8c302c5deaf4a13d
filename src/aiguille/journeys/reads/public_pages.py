"""What the public pages show of the clinic: treatments, prices, people and places."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from aiguille.catalogue.queries import (
    ServiceView,
    TreatmentView,
    list_services,
    list_treatments,
)
from aiguille.clinics.queries import (
    GroupView,
    NoGroup,
    PractitionerView,
    ResourceHours,
    SiteView,
    WeeklyOpening,
    list_practitioners,
    list_sites,
    medical_director_user_id,
    resources_with_hours,
    the_group,
)
from aiguille.clinics.weeks import weeks_of
from aiguille.kernel.codes import Procedure, ResourceKind, ServiceKind


@dataclass(frozen=True, slots=True)
class Practice:
    """The open sites and the practitioners, with where each one works."""

    sites: tuple[SiteView, ...]
    practitioners: tuple[PractitionerView, ...]

    def sites_of(self, practitioner: PractitionerView) -> list[SiteView]:
        """Return where the practitioner works, in the order of the sites."""
        return [site for site in self.sites if site.id in practitioner.site_ids]


@dataclass(frozen=True, slots=True)
class FrontPage:
    """The home page: what is treated, by whom and where."""

    treatments: tuple[TreatmentView, ...]
    practice: Practice

    @property
    def offers(self) -> list[tuple[Procedure, list[TreatmentView]]]:
        """Return each procedure with its treatments."""
        return [
            (procedure, [entry for entry in self.treatments if entry.procedure is procedure])
            for procedure in Procedure
        ]


@dataclass(frozen=True, slots=True)
class ConsultingDay:
    """A weekday (0 is Monday) with the wall-clock stretches in which a doctor receives."""

    weekday: int
    stretches: tuple[tuple[time, time], ...]


@dataclass(frozen=True, slots=True)
class SitePage:
    """A site with the names of who works there, and when."""

    site: SiteView
    practitioners: tuple[str, ...]
    days: tuple[ConsultingDay, ...]


@dataclass(frozen=True, slots=True)
class PriceGroup:
    """The bookable services of one procedure, the consultation first."""

    procedure: Procedure
    consultations: tuple[ServiceView, ...]
    sessions: tuple[ServiceView, ...]


@dataclass(frozen=True, slots=True)
class LegalPage:
    """Who publishes the site: the group (None before the set-up), its sites and its director."""

    group: GroupView | None
    sites: tuple[SiteView, ...]
    director: PractitionerView | None


def read_practice(*, on: date) -> Practice:
    """Return the sites and the practitioners as from a date on (three queries)."""
    return Practice(tuple(list_sites()), tuple(list_practitioners(on=on)))


def read_front_page(*, on: date) -> FrontPage:
    """Return what the home page shows (four queries)."""
    return FrontPage(tuple(list_treatments()), read_practice(on=on))


def read_sites(*, on: date) -> tuple[SitePage, ...]:
    """Return the open sites with their people and the consulting days of a date (two queries).

    Somebody whose hours begin later is shown with the hours to come.
    """
    hours = resources_with_hours()
    practitioners = [entry for entry in hours if entry.kind is ResourceKind.PRACTITIONER]
    minutes: dict[tuple[UUID, int], list[tuple[int, int]]] = defaultdict(list)
    for entry in practitioners:
        for opening in _hours_shown(entry, on):
            minutes[opening.site_id, opening.weekday].append(
                (opening.from_minute, opening.until_minute)
            )
    return tuple(
        SitePage(
            site=site,
            practitioners=tuple(
                f"{entry.title} {entry.name}".strip()
                for entry in sorted(practitioners, key=lambda entry: entry.name)
                if any(opening.site_id == site.id for opening in _hours_shown(entry, on))
            ),
            days=tuple(
                ConsultingDay(weekday, _stretches(minutes[site.id, weekday]))
                for weekday in range(7)
                if minutes[site.id, weekday]
            ),
        )
        for site in list_sites()
    )


def _hours_shown(practitioner: ResourceHours, on: date) -> tuple[WeeklyOpening, ...]:
    ahead = [week for week in weeks_of(practitioner.weekly) if not week.is_over(on)]
    return next((week.openings for week in ahead if week.openings), ())


def read_prices() -> tuple[PriceGroup, ...]:
    """Return what each act costs, by procedure (three queries)."""
    services = list_services()

    def of(procedure: Procedure, kind: ServiceKind) -> tuple[ServiceView, ...]:
        return tuple(s for s in services if s.procedure is procedure and s.kind is kind)

    return tuple(
        PriceGroup(
            procedure=procedure,
            consultations=of(procedure, ServiceKind.CONSULTATION),
            sessions=of(procedure, ServiceKind.SESSION),
        )
        for procedure in Procedure
    )


def read_legal(*, on: date) -> LegalPage:
    """Return who publishes the site on that day (at most five queries)."""
    try:
        group = the_group()
    except NoGroup:
        group = None
    director_id = medical_director_user_id(on)
    people = list_practitioners() if director_id else []
    director = next((person for person in people if person.user_id == director_id), None)
    return LegalPage(group=group, sites=tuple(list_sites()), director=director)


def _stretches(minutes: Iterable[tuple[int, int]]) -> tuple[tuple[time, time], ...]:
    """Join overlapping and touching stretches of a day; midnight at its end reads 23:59."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(minutes):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return tuple((_clock(begin), _clock(end)) for begin, end in joined)


def _clock(minute: int) -> time:
    return time(minute // 60, minute % 60) if minute < 1440 else time(23, 59)
