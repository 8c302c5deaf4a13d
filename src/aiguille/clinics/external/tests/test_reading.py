"""Calendar files: what takes time, what does not, and on which walls."""

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiguille.clinics.external import reading
from aiguille.clinics.external.reading import BusyTime, NotACalendar, TooMuch, read_busy_time

PARIS = ZoneInfo("Europe/Paris")
REUNION = ZoneInfo("Indian/Reunion")
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 4, 15, tzinfo=UTC)


def file(*components, head="VERSION:2.0"):
    lines = ["BEGIN:VCALENDAR", *head.split("\n")]
    for component in components:
        lines += component.strip().split("\n")
    return "\r\n".join(line.strip() for line in [*lines, "END:VCALENDAR"]).encode()


def event(text, uid="one"):
    return f"BEGIN:VEVENT\nUID:{uid}\n{text.strip()}\nEND:VEVENT"


def read(content, zone=PARIS):
    return read_busy_time(content, zone=zone, first=FIRST, end=END)


def shown(content, zone=PARIS):
    """Return each stretch as `03-02 09:00-10:00` in UTC."""
    found = read(content, zone).stretches
    return [
        f"{start:%m-%d %H:%M}-"
        + (f"{end:%H:%M}" if start.date() == end.date() else f"{end:%m-%d %H:%M}")
        for start, end in found
    ]


MORNING = "DTSTART:20260302T090000Z\nDTEND:20260302T100000Z"


class TestBusyTime:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (MORNING, ["03-02 09:00-10:00"]),
            ("DTSTART:20260302T090000Z\nDURATION:PT90M", ["03-02 09:00-10:30"]),
            ("DTSTART:20260302T090000Z", []),
            ("DTSTART:20260302T100000Z\nDTEND:20260302T090000Z", []),
            (f"{MORNING}\nTRANSP:TRANSPARENT", []),
            (f"{MORNING}\nTRANSP:OPAQUE\nSTATUS:TENTATIVE", ["03-02 09:00-10:00"]),
            (f"{MORNING}\nSTATUS:CANCELLED", []),
            ("DTSTART:20250302T090000Z\nDTEND:20250302T100000Z", []),
            ("DTSTART:20260228T230000Z\nDTEND:20260301T010000Z", ["02-28 23:00-03-01 01:00"]),
            (
                "DTSTART;TZID=Europe/Paris:20260302T090000\nDTEND;TZID=Europe/Paris:20260302T100000",
                ["03-02 08:00-09:00"],
            ),
            (
                "DTSTART;TZID=W. Europe Standard Time:20260302T090000\nDURATION:PT1H",
                ["03-02 08:00-09:00"],
            ),
            ("DTSTART;VALUE=DATE:20260302", ["03-01 23:00-03-02 23:00"]),
            (
                "DTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260330",
                ["03-27 23:00-03-29 22:00"],
            ),
        ],
    )
    def test_is_what_an_event_takes(self, text, expected):
        assert shown(file(event(text))) == expected

    def test_without_a_zone_is_read_on_the_sites_walls(self):
        floating = file(event("DTSTART:20260302T090000\nDTEND:20260302T100000"))
        assert shown(floating) == ["03-02 08:00-09:00"]
        assert shown(floating, REUNION) == ["03-02 05:00-06:00"]
        whole = file(event("DTSTART;VALUE=DATE:20260302"))
        assert shown(whole, REUNION) == ["03-01 20:00-03-02 20:00"]

    def test_of_a_zone_that_the_file_defines_itself(self):
        zone = (
            "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
            "TZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD\nEND:VTIMEZONE"
        )
        text = "DTSTART;TZID=Ours:20260302T090000\nDTEND;TZID=Ours:20260302T100000"
        assert shown(file(zone, event(text))) == ["03-02 03:30-04:30"]

    def test_keeps_its_wall_time_over_a_clock_change(self):
        weekly = event(
            "DTSTART;TZID=Europe/Paris:20260323T090000\n"
            "DTEND;TZID=Europe/Paris:20260323T100000\nRRULE:FREQ=WEEKLY;COUNT=2"
        )
        assert shown(file(weekly)) == ["03-23 08:00-09:00", "03-30 07:00-08:00"]

    def test_repeats_whole_days_on_the_walls(self):
        daily = event(
            "DTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260329\nRRULE:FREQ=WEEKLY;COUNT=2"
        )
        assert shown(file(daily)) == ["03-27 23:00-03-28 23:00", "04-03 22:00-04-04 22:00"]

    def test_leaves_out_what_is_excepted(self):
        text = f"{MORNING}\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE:20260303T090000Z,20260304T090000Z"
        assert shown(file(event(text))) == ["03-02 09:00-10:00", "03-05 09:00-10:00"]
        text = f"{MORNING}\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20260303"
        assert shown(file(event(text))) == ["03-02 09:00-10:00", "03-04 09:00-10:00"]

    def test_adds_single_dates_and_periods(self):
        text = (
            f"{MORNING}\nRDATE:20260310T140000Z\n"
            "RDATE;VALUE=PERIOD:20260311T140000Z/PT15M,20260312T140000Z/20260312T160000Z"
        )
        assert shown(file(event(text))) == [
            "03-02 09:00-10:00",
            "03-10 14:00-15:00",
            "03-11 14:00-14:15",
            "03-12 14:00-16:00",
        ]

    def test_follows_an_occurrence_that_was_moved_or_cancelled(self):
        series = event(f"{MORNING}\nRRULE:FREQ=DAILY;COUNT=4")
        moved = event(
            "RECURRENCE-ID:20260303T090000Z\nDTSTART:20260303T150000Z\nDTEND:20260303T153000Z"
        )
        cancelled = event(
            "RECURRENCE-ID:20260304T090000Z\nDTSTART:20260304T090000Z\n"
            "DTEND:20260304T100000Z\nSTATUS:CANCELLED"
        )
        assert shown(file(series, moved, cancelled)) == [
            "03-02 09:00-10:00",
            "03-03 15:00-15:30",
            "03-05 09:00-10:00",
        ]

    def test_counts_an_occurrence_moved_out_of_the_past_series(self):
        series = event("DTSTART:20250106T090000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2")
        moved = event(
            "RECURRENCE-ID:20250113T090000Z\nDTSTART:20260303T150000Z\nDTEND:20260303T153000Z"
        )
        assert shown(file(series, moved)) == ["03-03 15:00-15:30"]

    def test_reads_free_busy_files(self):
        busy = (
            "BEGIN:VFREEBUSY\nFREEBUSY;FBTYPE=BUSY:20260302T090000Z/PT1H,20260302T110000Z/PT1H\n"
            "FREEBUSY;FBTYPE=FREE:20260303T090000Z/PT1H\n"
            "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260304T090000Z/20260304T100000Z\nEND:VFREEBUSY"
        )
        assert shown(file(busy)) == [
            "03-02 09:00-10:00",
            "03-02 11:00-12:00",
            "03-04 09:00-10:00",
        ]

    def test_joins_what_touches_or_overlaps(self):
        later = event("DTSTART:20260302T100000Z\nDTEND:20260302T110000Z", uid="two")
        inside = event("DTSTART:20260302T093000Z\nDTEND:20260302T094500Z", uid="three")
        assert shown(file(later, event(MORNING), inside)) == ["03-02 09:00-11:00"]

    def test_ignores_alarms_and_tasks(self):
        alarm = event(f"{MORNING}\nBEGIN:VALARM\nTRIGGER:-PT15M\nDURATION:PT9H\nEND:VALARM")
        task = "BEGIN:VTODO\nUID:t\nDTSTART:20260305T090000Z\nDUE:20260305T100000Z\nEND:VTODO"
        assert shown(file(alarm, task)) == ["03-02 09:00-10:00"]

    def test_of_a_cancelling_file_is_none(self):
        assert shown(file(event(MORNING), head="VERSION:2.0\nMETHOD:CANCEL")) == []

    def test_reads_folded_lines_and_a_byte_order_mark(self):
        content = file(event(MORNING)).replace(b"DTEND:2026", b"DTEND:20\r\n 26")
        assert shown(b"\xef\xbb\xbf" + content) == ["03-02 09:00-10:00"]


class TestWhatIsNotUnderstood:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (f"{MORNING}\nRRULE:FREQ=HOURLY", ["03-02 09:00-10:00"]),
            (f"{MORNING}\nRRULE:FREQ=YEARLY;BYWEEKNO=10", ["03-02 09:00-10:00"]),
            (f"{MORNING}\nRRULE:FREQ=NEVER", ["03-02 09:00-10:00"]),
            (f"{MORNING}\nRRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY", ["03-02 09:00-10:00"]),
            (f"{MORNING}\nRRULE:FREQ=DAILY\nEXDATE:sometimes", ["03-02 09:00-10:00"]),
            ("DTSTART:20260302T090000Z\nDURATION:20260302", []),
            ("DTSTART:yesterday\nDTEND:20260302T100000Z", []),
            ("SUMMARY:without a start", []),
        ],
    )
    def test_is_counted_and_its_first_time_kept(self, text, expected):
        found = read(file(event(text)))
        assert found.not_understood == 1
        assert shown(file(event(text))) == expected

    def test_does_not_hide_the_other_events(self):
        content = file(event("DTSTART:nonsense"), event(MORNING, uid="two"))
        assert (shown(content), read(content).not_understood) == (["03-02 09:00-10:00"], 1)


class TestLimits:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"<html><body>Sign in</body></html>",
            b"\xff\xfe\x00\x01",
            b"BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD",
            b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nEND:VCALENDAR",
            b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
            b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR",
        ],
    )
    def test_other_content_and_a_cut_file_are_refused(self, content):
        with pytest.raises(NotACalendar):
            read(content)

    def test_too_many_events_are_refused(self, monkeypatch):
        monkeypatch.setattr(reading, "MOST_EVENTS", 2)
        past = event("DTSTART:20200302T090000Z\nDTEND:20200302T100000Z", uid="past")
        two = [event(MORNING, uid=str(number)) for number in range(2)]
        assert len(read(file(past, past, *two)).stretches) == 1
        with pytest.raises(TooMuch):
            read(file(*two, event(MORNING, uid="three")))

    def test_a_rule_without_end_is_refused_instead_of_walked(self):
        forever = "DTSTART:00010101T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=9000000"
        with pytest.raises(TooMuch):
            read(file(event(forever)))


PIECES = st.sampled_from(
    ";|:|,|=|-|Z|T|9|\r\n|PT|DTSTART|DURATION:-P1W|VALUE=DATE|VALUE=PERIOD|/|MO|FREQ=YEARLY|"
    "COUNT=3|00010101|99991231T235959Z|99999999999|\xff".split("|")
)


@given(cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 6), PIECES), max_size=6))
@settings(max_examples=120, deadline=None)
def test_whatever_was_damaged_is_read_or_refused(cuts):
    text = file(
        event(
            "DTSTART;TZID=Europe/Paris:20260302T090000\nDTEND;TZID=Europe/Paris:20260302T100000\n"
            "RRULE:FREQ=MONTHLY;INTERVAL=2;BYDAY=-1MO,2TU;UNTIL=20261231T235959Z\n"
            "EXDATE;TZID=Europe/Paris:20260309T090000\nRDATE;VALUE=PERIOD:20260401T090000Z/PT2H"
        ),
        event("RECURRENCE-ID:20260309T080000Z\nDTSTART;VALUE=DATE:20260302\nDURATION:P2D"),
        "BEGIN:VFREEBUSY\nFREEBUSY:20260302T090000Z/PT1H\nEND:VFREEBUSY",
    ).decode()
    for place, length, piece in cuts:
        at = 17 + int(place * (len(text) - 34))
        text = text[:at] + piece + text[at + length :]
    with suppress(NotACalendar, TooMuch):
        assert all(start < end for start, end in read(text.encode()).stretches)


def test_nothing_but_times_is_read():
    """What a calendar says of its events is thrown away before the library parses the file."""
    secret = event(
        f"{MORNING}\nSUMMARY:Oncologist\nDESCRIPTION:Results of the scan\nLOCATION:Clinic\n"
        "ATTENDEE;CN=Somebody:mailto:a@example.org\nX-NOTE:private\nCOMMENT:private"
    )
    lines = reading._wanted(file(secret).decode().split("\r\n"))
    names = {line.partition(":")[0] for line in lines}
    assert names == {"BEGIN", "END", "VERSION", "UID", "DTSTART", "DTEND"}
    assert set(BusyTime.__slots__) == {"stretches", "not_understood"}
