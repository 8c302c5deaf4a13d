"""Small random clinics around the days on which clocks change."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

ZONES = (
    "Europe/Paris",
    "Indian/Reunion",
    "America/Cayenne",
    "Pacific/Noumea",
    "America/Toronto",
    "Europe/Lisbon",
    "Australia/Lord_Howe",
)
_KINDS = ("practitioner", "room", "room", "device", "practitioner", "room")


def changes(zone: str) -> list[date]:
    """Return the local dates, from 2024 to 2035, within which a zone changes its clocks."""
    info = ZoneInfo(zone)
    found = []
    day = datetime(2024, 1, 1, tzinfo=UTC)
    while day.year < 2036:
        hours = [(day + timedelta(hours=hour)).astimezone(info) for hour in (0, 24)]
        if hours[0].utcoffset() != hours[1].utcoffset():
            hours = [(day + timedelta(hours=hour)).astimezone(info) for hour in range(25)]
            before = [hour for hour in hours if hour.utcoffset() == hours[0].utcoffset()]
            found.append(before[-1].date())
        day += timedelta(days=1)
    return found


CHANGES = {zone: changes(zone) or [date(2024 + i, 1 + i, 28) for i in range(12)] for zone in ZONES}
_NEEDS: tuple[list[str], ...] = (
    ["practitioner", "room"],
    ["practitioner", "room", "room"],
    ["room", "practitioner", "room", "device"],
    ["room", "room", "room"],
    ["practitioner"],
    ["device", "room"],
    [],
)

# Times near midnight and near the hours at which clocks change, and the ends of a working day.
_MINUTES = st.sampled_from(
    [
        *(0, 0, 5, 30, 55, 60, 90, 100, 115, 120, 125, 135, 150, 175, 180, 185, 240),
        *(360, 540, 720, 1020, 1200, 1380, 1410, 1435, 1440),
    ]
)


def written(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def openings(draw: st.DrawFn, sites: list[str], days: list[date], *, dated: bool) -> dict[str, Any]:
    start, end = sorted((draw(_MINUTES), draw(_MINUTES)))
    day = draw(st.sampled_from(days))
    when = {"date": day.isoformat()} if dated else {"weekday": day.weekday()}
    return {
        **when,
        "from": written(min(start, 1435)),
        "to": written(end),
        "site": draw(st.sampled_from(sites)),
    }


@st.composite
def closures(draw: st.DrawFn, days: list[date]) -> dict[str, str]:
    start, end = sorted((draw(st.sampled_from(days)), min(draw(_MINUTES), 1435)) for _ in range(2))
    return {
        "from": f"{start[0].isoformat()}T{written(start[1])}",
        "to": f"{end[0].isoformat()}T{written(end[1])}",
    }


@st.composite
def resources(draw: st.DrawFn, sites: list[str], days: list[date]) -> list[dict[str, Any]]:
    found = []
    for place in range(draw(st.integers(4, 7))):
        kind = _KINDS[place] if place < 4 else draw(st.sampled_from(_KINDS))
        hours = draw(st.lists(openings(sites, days, dated=False), max_size=3))
        if draw(st.integers(0, 3)):
            # Something to find: most resources are open all through a few days.
            site = sites[0] if draw(st.booleans()) else draw(st.sampled_from(sites))
            hours += [
                {"weekday": weekday, "from": "00:00", "to": "24:00", "site": site}
                for weekday in range(7)
            ]
        found.append(
            {
                "id": f"{kind[0]}{draw(st.sampled_from('zZéa'))}{place}",
                "kind": kind,
                "skills": draw(
                    st.sampled_from([[], ["laser"], ["clean", "laser"], ["laser", "clean"]])
                ),
                "hours": hours,
                "extra": draw(st.lists(openings(sites, days, dated=True), max_size=2)),
                "closures": draw(st.lists(closures(days), max_size=1)) if place % 2 else [],
            }
        )
    return found


@st.composite
def services(draw: st.DrawFn, name: str) -> dict[str, Any]:
    kinds = list(draw(st.sampled_from(_NEEDS)))
    names = [f"need-{place}" for place in range(len(kinds))]
    phases: list[dict[str, Any]] = [
        {
            "minutes": draw(st.sampled_from([5, 10, 30, 45, 240])),
            "needs": draw(st.lists(st.sampled_from(names), unique=True)) if names else [],
        }
        for _ in range(draw(st.integers(1, 4)))
    ]
    for need in names:
        if not any(need in phase["needs"] for phase in phases):
            draw(st.sampled_from(phases))["needs"].append(need)
    buffers = st.sampled_from([0, 0, 5, 15, 60])
    return {
        "id": name,
        "needs": {
            need: {
                "kind": kind,
                "skill": draw(st.sampled_from([None, None, "laser", "clean"])),
                "buffer_before_minutes": draw(buffers),
                "buffer_after_minutes": draw(buffers),
            }
            for need, kind in zip(names, kinds, strict=True)
        },
        "phases": phases,
        "min_notice_minutes": draw(st.sampled_from([0, 0, 0, 60, 1440])),
        "max_horizon_days": draw(st.sampled_from([365, 365, 365, 2, 1])),
    }


@st.composite
def scenarios(draw: st.DrawFn, *, course: bool) -> dict[str, Any]:
    zone = draw(st.sampled_from(ZONES))
    change = draw(st.sampled_from(CHANGES[zone]))
    first = change - timedelta(days=draw(st.integers(0, 2)))
    last = first + timedelta(days=draw(st.integers(2, 5) if course else st.integers(0, 3)))
    days = [change + timedelta(days=offset) for offset in (-1, 0, 1)]
    sites = draw(st.sampled_from([["lyon"], ["lyon", "Évry"]]))
    midnight = datetime.combine(change, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
    people = draw(resources(sites, days))
    ids = [resource["id"] for resource in people]

    def instant(least: int, most: int) -> datetime:
        return midnight + timedelta(minutes=5 * draw(st.integers(least, most)))

    bookings = []
    for _ in range(draw(st.integers(0, 6))):
        start = instant(-400, 500)
        end = start + timedelta(minutes=5 * draw(st.integers(0, 40)))
        bookings.append(
            {
                "resources": draw(st.lists(st.sampled_from(ids), unique=True, max_size=3)),
                "from": start.isoformat(),
                "to": end.isoformat(),
            }
        )
    offered = [draw(services("consult")), draw(services("session"))]
    now = instant(-1200, 50) + timedelta(seconds=draw(st.sampled_from([0, 0, 1, 299])))
    doctors = [resource["id"] for resource in people if resource["kind"] == "practitioner"]
    query: dict[str, Any] = {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "practitioner": draw(st.sampled_from([None, None, None, *doctors])),
        "site": draw(st.sampled_from([None, None, *sites])),
    }
    if course:
        chain = draw(st.lists(st.sampled_from(["consult", "session"]), min_size=1, max_size=3))
        needs = [service["needs"] for service in offered if service["id"] in chain]
        with_doctor = all(
            any(need["kind"] == "practitioner" for need in named.values()) for named in needs
        )
        gaps = [sorted(draw(st.integers(1, 2)) for _ in range(2)) for _ in chain[1:]]
        query |= {
            "type": "course",
            "services": chain,
            "gaps": [{"min_days": least, "max_days": most} for least, most in gaps],
            "same_practitioner": with_doctor and draw(st.booleans()),
        }
    else:
        query |= {"type": "slots", "service": draw(st.sampled_from(["consult", "session"]))}
    return {
        "timezone": zone,
        "now": now.isoformat(),
        "slot_step_minutes": draw(st.sampled_from([5, 15, 20, 30, 35, 60])),
        "sites": sites,
        "resources": people,
        "closures": draw(st.sampled_from([[], [], [draw(closures(days))]])),
        "services": offered,
        "bookings": bookings,
        "query": query,
    }
