"""Reading the group, its sites, and the people and things that appointments need."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, JSONField, OuterRef, Q, QuerySet

from aiguille.clinics.models import (
    MINUTES_PER_DAY,
    ClinicGroup,
    Closure,
    ExternalBusy,
    ExtraOpening,
    MedicalDirector,
    OpeningHours,
    Resource,
    Site,
)
from aiguille.kernel.codes import ResourceKind
from aiguille.kernel.text import Text
from aiguille.plumbing.models import Row


@dataclass(frozen=True, slots=True)
class GroupView:
    """The group that this installation serves."""

    id: UUID
    name: str
    legal_name: str
    email: str
    phone: str
    jurisdiction: str
    second_factor_required: bool


@dataclass(frozen=True, slots=True)
class SiteView:
    """A place of care."""

    id: UUID
    code: str
    name: str
    street: str
    postcode: str
    city: str
    country: str
    phone: str
    email: str
    time_zone: str
    access: Text

    @property
    def address(self) -> str:
        """Return the postal address on one line."""
        return f"{self.street}, {self.postcode} {self.city}"


@dataclass(frozen=True, slots=True)
class PractitionerView:
    """A practitioner as patients and colleagues see them."""

    id: UUID
    code: str
    name: str
    title: str
    presentation: Text | None
    skills: tuple[str, ...]
    user_id: UUID
    site_ids: frozenset[UUID]

    @property
    def full_name(self) -> str:
        """Return the title and the name."""
        return f"{self.title} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class WeeklyOpening:
    """A wall-clock opening of a resource at a site; `weekday` 0 is Monday.

    It holds from the local date `valid_from` (None: always did) up to, not including, `valid_until`.
    """

    site_id: UUID
    weekday: int
    from_minute: int
    until_minute: int
    valid_from: date | None = None
    valid_until: date | None = None

    def is_over(self, day: date) -> bool:
        """Tell whether it holds neither on a date nor afterwards."""
        return self.valid_until is not None and self.valid_until <= day

    def holds_on(self, day: date) -> bool:
        """Tell whether it is one of the hours of a date's week."""
        return not self.is_over(day) and (self.valid_from is None or self.valid_from <= day)


@dataclass(frozen=True, slots=True)
class DatedOpening:
    """An opening on one date only."""

    site_id: UUID
    on: date
    from_minute: int
    until_minute: int


@dataclass(frozen=True, slots=True)
class ClosedStretch:
    """A wall-clock stretch without opening, from `start` up to, not including, `end`.

    Both are naive and read on the clock of each site concerned; `site_id` None means everywhere.
    """

    start: datetime
    end: datetime
    site_id: UUID | None


@dataclass(frozen=True, slots=True)
class ResourceHours:
    """A resource with everything that the scheduling engine needs to know of its openings.

    `closures` include those of whole sites; `elsewhere` are the stretches, as instants, in which
    an external calendar says that the resource is taken.
    """

    id: UUID
    code: str
    kind: ResourceKind
    name: str
    title: str
    site_id: UUID | None
    skills: frozenset[str]
    weekly: tuple[WeeklyOpening, ...]
    extra: tuple[DatedOpening, ...]
    closures: tuple[ClosedStretch, ...]
    elsewhere: tuple[tuple[datetime, datetime], ...] = ()


# The group's key, for a statement that writes it into a row.
GROUP_ID = f"SELECT id FROM {ClinicGroup._meta.db_table} ORDER BY id LIMIT 1"  # noqa: S608 -- our own table


class NoGroup(Exception):
    """The installation has no clinic group yet: `aiguille demo` or the set-up makes one."""


def the_group() -> GroupView:
    """Return the group (one query).

    Raises:
        NoGroup: none exists yet.
    """
    row = ClinicGroup.objects.order_by("id").first()
    if row is None:
        raise NoGroup("create the clinic group first")
    return GroupView(
        id=row.id,
        name=row.name,
        legal_name=row.legal_name,
        email=row.email,
        phone=row.phone,
        jurisdiction=row.jurisdiction,
        second_factor_required=row.second_factor_required,
    )


def list_sites() -> list[SiteView]:
    """Return the open sites by city (one query)."""
    return [_site(row) for row in Site.objects.filter(is_open=True).order_by("city", "name")]


def get_site(site_id: UUID) -> SiteView | None:
    """Return a site, closed ones too, or None (one query)."""
    row = Site.objects.filter(id=site_id).first()
    return _site(row) if row else None


def site_by_code(code: str) -> SiteView | None:
    """Return the site with this code, or None (one query)."""
    row = Site.objects.filter(code=code).first()
    return _site(row) if row else None


def list_practitioners(
    site_id: UUID | None = None, *, on: date | None = None
) -> list[PractitionerView]:
    """Return the active practitioners by name, those with hours at `site_id` if given (two queries).

    With a date, hours that are over by then are left out.
    """
    rows = list(
        Resource.objects.filter(kind=ResourceKind.PRACTITIONER, is_active=True).order_by(
            "name", "id"
        )
    )
    views = _practitioners(rows, on=on)
    return [view for view in views if site_id is None or site_id in view.site_ids]


def get_practitioner(practitioner_id: UUID) -> PractitionerView | None:
    """Return a practitioner, inactive ones too, or None (two queries)."""
    rows = Resource.objects.filter(id=practitioner_id, kind=ResourceKind.PRACTITIONER)
    return next(iter(_practitioners(list(rows))), None)


def practitioner_of_user(user_id: UUID) -> PractitionerView | None:
    """Return the practitioner that the user is, or None (two queries)."""
    rows = Resource.objects.filter(user_id=user_id, kind=ResourceKind.PRACTITIONER)
    return next(iter(_practitioners(list(rows))), None)


def medical_director_user_id(on: date) -> UUID | None:
    """Return who is the medical director on that day, or None (one query)."""
    return (
        MedicalDirector.objects.filter(valid_during__contains=on)
        .values_list("user_id", flat=True)
        .first()
    )


def resources_with_hours() -> list[ResourceHours]:
    """Return every active resource with its openings and closures (one query)."""
    of_resource = {"resource": OuterRef("pk")}
    rows = (
        Resource.objects.filter(is_active=True)
        .order_by("code")
        .annotate(
            all_weekly=_rows(OpeningHours.objects.filter(**of_resource), _WEEKLY_COLUMNS),
            all_extra=_rows(ExtraOpening.objects.filter(**of_resource), _EXTRA_COLUMNS),
            all_closures=_rows(
                Closure.objects.filter(Q(**of_resource) | Q(resource=None)), _CLOSURE_COLUMNS
            ),
            all_elsewhere=_rows(ExternalBusy.objects.filter(**of_resource), _ELSEWHERE_COLUMNS),
        )
    )
    return [
        ResourceHours(
            id=row["id"],
            code=row["code"],
            kind=ResourceKind(row["kind"]),
            name=row["name"],
            title=row["title"],
            site_id=row["site_id"],
            skills=frozenset(row["skills"]),
            weekly=tuple(_weekly(*week) for week in row["all_weekly"]),
            extra=tuple(
                DatedOpening(UUID(site_id), date.fromisoformat(on), *minutes)
                for site_id, on, *minutes in row["all_extra"]
            ),
            closures=tuple(
                ClosedStretch(
                    start=_wall_clock(date.fromisoformat(from_date), from_minute),
                    end=_wall_clock(date.fromisoformat(until_date), until_minute),
                    site_id=UUID(site_id) if site_id else None,
                )
                for from_date, from_minute, until_date, until_minute, site_id in row["all_closures"]
            ),
            elsewhere=tuple(
                (datetime.fromisoformat(start), datetime.fromisoformat(end))
                for start, end in row["all_elsewhere"]
            ),
        )
        for row in rows.values(
            "id",
            "code",
            "kind",
            "name",
            "title",
            "site_id",
            "skills",
            "all_weekly",
            "all_extra",
            "all_closures",
            "all_elsewhere",
        )
    ]


# In the order in which they are sorted (but for the site) and unpacked.
_WEEKLY_COLUMNS = (
    "site_id",
    "weekday",
    "from_minute",
    "until_minute",
    "valid_from",
    "valid_until",
)
_EXTRA_COLUMNS = ("site_id", "date", "from_minute", "until_minute")
_CLOSURE_COLUMNS = ("from_date", "from_minute", "until_date", "until_minute", "site_id")
_ELSEWHERE_COLUMNS = ("period__startswith", "period__endswith")


def _rows(rows: QuerySet[Row], columns: Sequence[str]) -> ArraySubquery:
    """Return the rows that belong to an outer row, each as a JSON array of the columns."""
    as_json = Func(*columns, function="jsonb_build_array", output_field=JSONField())
    times = [name for name in columns if name != "site_id"]
    return ArraySubquery(rows.order_by(*times, "id").values(row=as_json))


def _practitioners(rows: Iterable[Resource], *, on: date | None = None) -> list[PractitionerView]:
    rows = list(rows)
    site_ids: dict[UUID, set[UUID]] = defaultdict(set)
    hours = OpeningHours.objects.filter(resource_id__in=[row.id for row in rows])
    if on is not None:
        hours = hours.filter(Q(valid_until=None) | Q(valid_until__gt=on))
    for resource_id, site_id in hours.values_list("resource_id", "site_id"):
        site_ids[resource_id].add(site_id)
    return [
        PractitionerView(
            id=row.id,
            code=row.code,
            name=row.name,
            title=row.title,
            presentation=row.presentation,
            skills=tuple(row.skills),
            user_id=row.user_id,
            site_ids=frozenset(site_ids[row.id]),
        )
        for row in rows
        if row.user_id is not None
    ]


def _weekly(
    site_id: str, weekday: int, first: int, until: int, since: str | None, end: str | None
) -> WeeklyOpening:
    return WeeklyOpening(UUID(site_id), weekday, first, until, _date(since), _date(end))


def _date(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None


def _wall_clock(day: date, minute: int) -> datetime:
    midnight = datetime.combine(day, time())  # on the site’s own clock
    if not 0 <= minute <= MINUTES_PER_DAY:
        raise ValueError("a minute of the day lies from 0 to 1440")
    return midnight + timedelta(minutes=minute)


def _site(row: Site) -> SiteView:
    return SiteView(
        id=row.id,
        code=row.code,
        name=row.name,
        street=row.street,
        postcode=row.postcode,
        city=row.city,
        country=row.country,
        phone=row.phone,
        email=row.email,
        time_zone=row.time_zone,
        access=row.access,
    )
