"""Other calendars: added, read by the worker, shown with their state, and taken away."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from aiguille.accounts.rights import Right, has_right
from aiguille.audit.models import AuditEvent
from aiguille.clinics.external.operations import (
    AddressRefused,
    FileRefused,
    TooManyCalendars,
    ZoneUnknown,
    add_address,
    add_file,
    may_edit,
    read_again,
    remove_calendar,
    replace_file,
)
from aiguille.clinics.external.queries import (
    busy_elsewhere,
    calendars_of,
    get_calendar,
    zones_of_resource,
)
from aiguille.clinics.external.refreshing import FIRST_DELAY, INTERVAL, LONGEST_DELAY, read_all_due
from aiguille.clinics.jobs import read_external_calendars, read_external_calendars_now
from aiguille.clinics.models import ExternalBusy, ExternalCalendar
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.ids import new_id
from aiguille.plumbing.access import NotVisible

pytestmark = pytest.mark.django_db
WEEKLY = "RRULE:FREQ=WEEKLY"
SECRET = "https://calendar.example.org/private-1234/basic.ics"


def calendar(*starts: str, more: str = "") -> bytes:
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{start}\r\nDTSTART:{start}\r\nDURATION:PT1H\r\n"
        f"SUMMARY:Dentist of Zoe\r\nDESCRIPTION:Bring the card\r\n{more}END:VEVENT\r\n"
        for start in starts
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n".encode()


class Server(ThreadingHTTPServer):
    """Another company's calendar; a test says what it answers."""

    daemon_threads = True
    status = 200
    content = calendar("20260303T090000Z")
    etag = '"one"'
    asked: list[str | None]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/private-1234/basic.ics"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        known = self.headers.get("If-None-Match")
        self.server.asked.append(known)
        status = 304 if known and known == self.server.etag else self.server.status
        self.send_response(status)
        body = self.server.content if status == 200 else b""
        self.send_header("ETag", self.server.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server(settings) -> Iterator[Server]:
    settings.FETCH_FROM_THIS_MACHINE = True
    serving = Server(("127.0.0.1", 0), Handler)
    serving.asked = []
    thread = threading.Thread(target=serving.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield serving
    serving.shutdown()
    serving.server_close()
    thread.join()


def add(world, address=SECRET, **changes) -> UUID:
    given = {
        "resource_id": world.bruno_resource,
        "name": "Privé",
        "address": address,
        "actor": world.bruno.actor,
        "at": world.at,
    }
    return add_address(**(given | changes))


def hand_in(world, content=None, **changes) -> UUID:
    given = {
        "resource_id": world.bruno_resource,
        "name": "Hôpital",
        "content": calendar("20260303T090000Z") if content is None else content,
        "actor": world.bruno.actor,
        "at": world.at,
    }
    return add_file(**(given | changes))


def starts(world) -> list[str]:
    found = busy_elsewhere(world.bruno_resource, after=world.at - timedelta(days=2))
    return [f"{start:%m-%d %H:%M}" for start, _ in found]


class TestAdding:
    def test_by_address_asks_the_worker_and_shows_the_host_only(self, world):
        calendar_id = add(world)
        shown = get_calendar(calendar_id)
        assert shown is not None
        assert (shown.name, shown.host, shown.is_file) == ("Privé", "calendar.example.org", False)
        assert (shown.read_at, shown.failure) == (None, None)
        assert shown.time_zone == "Europe/Paris"
        jobs = ProcrastinateJob.objects.values_list("task_name", flat=True)
        assert any(name.endswith("read_external_calendars_now") for name in jobs)

    def test_keeps_the_address_sealed(self, world):
        row = ExternalCalendar.objects.get(id=add(world))
        assert "private" not in row.sealed_address
        assert "example" not in row.sealed_address
        for event in AuditEvent.objects.filter(subject_id=row.id).values():
            assert "private" not in str(event)

    def test_takes_webcal_for_https(self, world):
        shown = get_calendar(add(world, "webcal://calendar.example.org/a.ics"))
        assert shown is not None
        assert shown.host == "calendar.example.org"

    @pytest.mark.parametrize(
        "address",
        ["", "calendar", "http://example.org/a.ics", "https://u:p@example.org/a", "file:///a"],
    )
    def test_refuses_other_addresses(self, world, address):
        with pytest.raises(AddressRefused) as refusal:
            add(world, address)
        assert refusal.value.field == "address"

    def test_twice_with_one_key_makes_one(self, world):
        key = new_id()
        assert add(world, calendar_id=key) == add(world, calendar_id=key)
        assert hand_in(world, calendar_id=key) == key
        assert ExternalCalendar.objects.count() == 1

    def test_more_than_five_is_refused(self, world):
        for _ in range(5):
            add(world)
        with pytest.raises(TooManyCalendars):
            add(world)

    def test_a_zone_that_does_not_exist_is_refused(self, world):
        with pytest.raises(ZoneUnknown):
            add(world, time_zone="Europe/Atlantis")

    def test_a_file_is_read_at_once(self, world):
        shown = get_calendar(hand_in(world, calendar("20260303T090000Z", more=f"{WEEKLY}\r\n")))
        assert shown is not None
        assert (shown.is_file, shown.read_at, shown.stretches) == (True, world.at, 114)
        assert starts(world)[:2] == ["03-03 09:00", "03-10 09:00"]

    def test_a_file_that_is_none_is_refused(self, world):
        for content in (b"", b"%PDF-1.7", b"x" * (4 * 1024 * 1024 + 1)):
            with pytest.raises(FileRefused):
                hand_in(world, content)
        assert ExternalCalendar.objects.count() == 0

    def test_a_newer_file_takes_the_place_of_the_earlier(self, world):
        calendar_id = hand_in(world)
        later = world.at + timedelta(days=1)
        replace_file(
            calendar_id=calendar_id,
            content=calendar("20260304T090000Z"),
            actor=world.bruno.actor,
            at=later,
        )
        assert starts(world) == ["03-04 09:00"]
        shown = get_calendar(calendar_id)
        assert shown is not None
        assert shown.read_at == later


class TestWho:
    def test_may_change_them(self, world):
        for person in (world.paula, world.diane, world.hugo, world.carla, world.anna):
            assert not may_edit(actor=person.actor, user_id=world.bruno.user_id)
            with pytest.raises(NotVisible):
                add(world, actor=person.actor)
            with pytest.raises(NotVisible):
                hand_in(world, actor=person.actor)
        assert has_right(world.ines.actor, Right.MANAGE_CLINIC)
        calendar_id = add(world, actor=world.ines.actor)
        for change in (remove_calendar, read_again):
            with pytest.raises(NotVisible):
                change(calendar_id=calendar_id, actor=world.paula.actor, at=world.at)
        remove_calendar(calendar_id=calendar_id, actor=world.bruno.actor, at=world.at)

    def test_a_room_has_none(self, world):
        with pytest.raises(NotVisible):
            add(world, resource_id=world.lyon_room, actor=SYSTEM)

    def test_another_ones_key_is_not_taken(self, world):
        key = add(world)
        with pytest.raises(NotVisible):
            add(world, calendar_id=key, resource_id=world.paula_resource, actor=world.paula.actor)


class TestReading:
    def test_keeps_busy_time_and_nothing_else(self, world, server):
        calendar_id = add(world, server.address)
        assert read_all_due(at=world.at) == 1
        assert starts(world) == ["03-03 09:00"]
        kept = str(list(ExternalBusy.objects.values())) + str(
            list(ExternalCalendar.objects.values())
        )
        for word in ("Dentist", "Zoe", "card", "private-1234"):
            assert word not in kept
        shown = get_calendar(calendar_id)
        assert shown is not None
        assert (shown.read_at, shown.failure, shown.stretches) == (world.at, None, 1)

    def test_is_the_workers_job(self, world, server):
        add(world, server.address)
        assert read_external_calendars_now() == 1
        assert read_external_calendars(0) == 0
        assert starts(world) == ["03-03 09:00"]

    def test_comes_again_after_the_interval(self, world, server):
        add(world, server.address)
        read_all_due(at=world.at)
        assert read_all_due(at=world.at + INTERVAL - timedelta(seconds=1)) == 0
        server.content, server.etag = calendar("20260305T090000Z"), '"two"'
        assert read_all_due(at=world.at + INTERVAL) == 1
        assert starts(world) == ["03-05 09:00"]

    def test_leaves_everything_when_nothing_changed(self, world, server):
        add(world, server.address)
        read_all_due(at=world.at)
        before = list(ExternalBusy.objects.values())
        read_all_due(at=world.at + INTERVAL)
        assert server.asked == [None, '"one"']
        assert list(ExternalBusy.objects.values()) == before

    def test_asks_for_everything_once_the_end_comes_near(self, world, server):
        server.content = calendar("20260303T090000Z", more=f"{WEEKLY}\r\n")
        calendar_id = add(world, server.address)
        read_all_due(at=world.at)
        known = get_calendar(calendar_id)
        later = world.at + timedelta(days=40)
        read_all_due(at=later)
        now = get_calendar(calendar_id)
        assert known is not None
        assert now is not None
        assert server.asked == [None, None]
        assert known.read_until is not None
        assert now.read_until == known.read_until + timedelta(days=40)

    @pytest.mark.parametrize(
        ("status", "content", "words"),
        [
            (404, b"", "no calendar at this address"),
            (403, b"", "refuses access"),
            (500, b"", "reports an error"),
            (200, b"<html>Sign in</html>", "not a calendar"),
            (200, calendar("20260303T090000Z")[:-20], "not a calendar"),
        ],
    )
    def test_that_fails_keeps_the_last_good_busy_time(self, world, server, status, content, words):
        calendar_id = add(world, server.address)
        read_all_due(at=world.at)
        server.status, server.content, server.etag = status, content, '"other"'
        failed_at = world.at + INTERVAL
        read_all_due(at=failed_at)
        shown = get_calendar(calendar_id)
        assert shown is not None
        assert shown.failure is not None
        assert words in shown.failure.en
        assert (shown.read_at, shown.tried_at) == (world.at, failed_at)
        assert starts(world) == ["03-03 09:00"]

    def test_that_fails_again_comes_later_and_later(self, world, server):
        server.status = 500
        calendar_id = add(world, server.address)
        at, delays = world.at, []
        for _ in range(10):
            read_all_due(at=at)
            due = ExternalCalendar.objects.get(id=calendar_id).next_try_at
            assert due is not None
            delays.append(due - at)
            at = due
        assert delays[:3] == [FIRST_DELAY, 2 * FIRST_DELAY, 4 * FIRST_DELAY]
        assert delays[-1] == LONGEST_DELAY
        server.status = 200
        read_all_due(at=at)
        shown = get_calendar(calendar_id)
        assert shown is not None
        assert (shown.failure, shown.read_at) == (None, at)

    def test_of_one_that_fails_does_not_hold_up_another(self, world, server):
        add(world, "http://127.0.0.1:9/none.ics")
        add(world, server.address)
        assert read_all_due(at=world.at) == 2
        assert starts(world) == ["03-03 09:00"]

    def test_never_leads_into_a_private_network(self, world):
        calendar_id = add(world, "https://127.0.0.1/a.ics")
        read_all_due(at=world.at)
        shown = get_calendar(calendar_id)
        assert shown is not None
        assert shown.failure is not None
        assert "private network" in shown.failure.en

    def test_with_a_lost_key_says_so(self, world, server, settings):
        calendar_id = add(world, server.address)
        settings.VAULT_KEYS = {"other": "c2Vjb25kLXNlY29uZC1zZWNvbmQtc2Vjb25kLXMtMzI="}
        read_all_due(at=world.at)
        shown = get_calendar(calendar_id)
        assert shown is not None
        assert shown.failure is not None
        assert "decrypted" in shown.failure.en

    def test_seals_the_address_with_the_newest_key(self, world, server, settings):
        calendar_id = add(world, server.address)
        newest = {"newest": "c2Vjb25kLXNlY29uZC1zZWNvbmQtc2Vjb25kLXMtMzI="}
        settings.VAULT_KEYS = newest | settings.VAULT_KEYS
        read_all_due(at=world.at)
        assert ExternalCalendar.objects.get(id=calendar_id).sealed_address.startswith("newest:")

    def test_at_once_when_somebody_asks(self, world, server):
        calendar_id = add(world, server.address)
        read_all_due(at=world.at)
        soon = world.at + timedelta(minutes=1)
        read_again(calendar_id=calendar_id, actor=world.bruno.actor, at=soon)
        assert read_all_due(at=soon) == 1

    def test_of_a_removed_one_is_forgotten(self, world, server):
        calendar_id = add(world, server.address)
        read_all_due(at=world.at)
        remove_calendar(calendar_id=calendar_id, actor=world.bruno.actor, at=world.at)
        assert starts(world) == []
        assert calendars_of([world.bruno_resource]) == {}
        events = AuditEvent.objects.filter(subject_id=calendar_id).order_by("position")
        assert list(events.values_list("action", flat=True)) == [
            "clinics:external_calendar:added",
            "clinics:external_calendar:removed",
        ]


def test_the_zone_of_most_hours_comes_first(world):
    assert zones_of_resource(world.bruno_resource) == ["Europe/Paris"]
    assert zones_of_resource(new_id()) == ["Europe/Paris"]


def test_a_stretch_of_the_past_is_over(world):
    hand_in(world, calendar("20260302T060000Z", "20260303T090000Z"))
    found = busy_elsewhere(world.bruno_resource, after=world.at)
    assert found[0][0] == datetime(2026, 3, 3, 9, tzinfo=UTC)
