"""The clinic workload is the same for everybody who follows its definition, and sound."""

import hashlib
import json
import subprocess
import sys
from collections import defaultdict
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from bench.reference import slow_starts
from bench.workload import BUFFER, ZONE, Workload, clock_change, default_start, generate

MONDAY = date(2026, 3, 2)
ROOT = Path(__file__).resolve().parents[2]


def digest(made):
    return hashlib.sha256(json.dumps(made, separators=(",", ":")).encode()).hexdigest()


class TestACalendar:
    @pytest.mark.parametrize(
        ("people", "days", "start", "known"),
        [
            (5, 7, MONDAY, "203e5dfc68014335652ef21e03883fd88d01ca2c624b91bd0a1af25e37bda07e"),
            (20, 28, MONDAY, "67772832ad4bda3591158bf8b15cc4bf705652ec1a3ad292ec2d11f1a2f2c751"),
            (
                5,
                14,
                date(2026, 10, 19),
                "8a06a8964214884e8b1e56262f5e92336cce1e90c1b234f0ef1850bdeb89fcc8",
            ),
        ],
    )
    def test_is_the_one_that_its_definition_gives(self, people, days, start, known):
        assert digest(generate(Workload(people, days, start))) == known

    def test_never_books_anybody_or_any_room_twice(self):
        made = generate(Workload(20, 14, MONDAY))
        taken = defaultdict(list)
        for booking in made["bookings"]:
            for who in (("p", booking["p"]), ("room", booking["room"])):
                taken[*who, booking["date"]].append((booking["s"], booking["e"] + BUFFER))
        for stretches in taken.values():
            assert all(before[1] <= after[0] for before, after in pairwise(sorted(stretches)))

    def test_is_as_full_as_asked_and_keeps_hours(self):
        made = generate(Workload(20, 14, MONDAY))
        assert made["meta"]["load_actual"] == pytest.approx(0.6, abs=0.05)
        open_hours = {row["id"]: row["open"] for row in made["practitioners"]}
        for booking in made["bookings"]:
            assert any(
                opens <= booking["s"] and booking["e"] <= closes
                for opens, closes in open_hours[booking["p"]]
            )
            local = datetime.fromisoformat(booking["utc_s"]).astimezone(ZONE)
            assert (local.date().isoformat(), local.hour * 60 + local.minute) == (
                booking["date"],
                booking["s"],
            )

    def test_begins_on_a_monday_and_may_span_a_change_of_clocks(self):
        assert default_start(date(2026, 3, 4)) == date(2026, 3, 16)
        assert clock_change("spring", date(2026, 1, 1)) == (date(2026, 3, 23), 14)
        assert clock_change("autumn", date(2026, 11, 22)) == (date(2027, 10, 25), 14)


def test_the_command_writes_it(tmp_path):
    file = tmp_path / "workload.json"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "bench.workload",
            "--p",
            "5",
            "--days",
            "7",
            "--start",
            MONDAY.isoformat(),
            "-o",
            str(file),
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    assert json.loads(file.read_text()) == generate(Workload(5, 7, MONDAY))


class TestTheReference:
    def test_offers_nobody_who_is_taken_or_at_lunch(self):
        made = generate(Workload(1, 7, MONDAY)) | {"bookings": []}
        offered = {
            at.astimezone(ZONE).strftime("%H:%M")
            for at, _who in slow_starts(made, MONDAY, rooms=True)
        }
        assert {"09:00", "11:15", "13:00", "18:15"} <= offered
        assert not {"08:45", "11:30", "12:45", "18:30"} & offered

    def test_rests_on_sundays(self):
        made = generate(Workload(5, 7, MONDAY))
        assert slow_starts(made, date(2026, 3, 8), rooms=False) == set()

    def test_needs_a_room_where_rooms_are_planned(self):
        made = generate(Workload(5, 7, MONDAY))
        with_rooms = slow_starts(made, MONDAY, rooms=True)
        assert with_rooms <= slow_starts(made, MONDAY, rooms=False)
