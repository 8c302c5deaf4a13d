"""A course: proposed on its intervals, booked and moved all or nothing, told of once."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import icalendar
import pytest

from aiguille.booking.courses import (
    Bound,
    Change,
    Chosen,
    CourseTaken,
    Move,
    NothingToArrange,
    Trouble,
    arrange_course,
    book_course,
    move_course,
    propose_course,
    propose_following,
)
from aiguille.booking.gate import PlanComplete, TooSoon
from aiguille.booking.models import Appointment, Occupancy
from aiguille.booking.operations import (
    AlreadyBooked,
    book,
    cancel_appointment,
    mark_no_show,
    move_appointment,
)
from aiguille.booking.placing import PatientBusy
from aiguille.booking.queries import appointments_of_patient, get_appointment
from aiguille.booking.states import ChangeTooLate, StaleVersion
from aiguille.care.operations import suspend_verdict
from aiguille.clinics.operations import Opening, add_closure, set_weekly_hours
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.ids import new_id
from aiguille.messaging.delivery import send_all_due
from aiguille.messaging.models import OutboxMessage
from aiguille.messaging.queries import latest_mail
from tests.course import INTERVAL_DAYS, SESSIONS, open_course

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
MOST_DAYS = 28
DAY = timedelta(days=1)


@pytest.fixture
def course(world):
    return open_course(world)


@pytest.fixture
def propose(world, course):
    def proposal_of(**other):
        return propose_course(**({"plan_id": course.plan, "at": world.at} | other))

    return proposal_of


@pytest.fixture
def arrange(world, course):
    """Book or move what a proposal proposes; anything may be said otherwise."""

    def arrange_as(proposal, **other):
        facts = {
            "plan_id": course.plan,
            "moves": [
                Move(one.appointment.id, one.appointment.version, start_of(one))
                for one in proposal.moved
            ],
            "starts": [start_of(one) for one in proposal.changes if one.change is Change.NEW],
            "request_key": None,
            "actor": world.diane.actor,
            "at": world.at,
        }
        return arrange_course(**(facts | other))

    return arrange_as


def start_of(session):
    return Chosen(session.site_id, session.starts_at, session.practitioner_id)


def at_ten(day):
    return datetime.combine(day, time(10), tzinfo=PARIS)


def days_between(proposal):
    return [session.days_since for session in proposal.sessions[1:]]


def standing(world):
    found = [view for view in appointments_of_patient(world.anna.patient_id) if view.is_standing]
    return sorted(found, key=lambda view: view.starts_at)


def busy(world, course, day, *, until=18 * 60):
    """Close Lyon on a day, up to a minute."""
    add_closure(
        site_id=world.lyon,
        from_date=day,
        until_date=day if until < 24 * 60 else day + DAY,
        from_minute=0,
        until_minute=until if until < 24 * 60 else 0,
        reason="Travaux",
        actor=SYSTEM,
        at=world.at,
    )


class TestProposal:
    def test_is_the_earliest_chain_on_the_plans_intervals(self, world, propose):
        proposal = propose(site_id=world.lyon)
        assert days_between(proposal) == [INTERVAL_DAYS] * (SESSIONS - 1)
        first = proposal.sessions[0]
        assert first.local == datetime(2026, 3, 3, 9, 0, tzinfo=PARIS)  # notice: a day
        assert [one.change for one in proposal.sessions] == [Change.NEW] * SESSIONS
        assert {one.practitioner_id for one in proposal.sessions} == {world.bruno_resource}
        assert (proposal.missing, proposal.why_not, proposal.is_sound) == (0, None, True)

    def test_says_what_binds_each_session(self, world, propose):
        proposal = propose(site_id=world.lyon)
        assert [one.bound for one in proposal.sessions] == [
            Bound.NOTICE,
            Bound.INTERVAL,
            Bound.INTERVAL,
        ]
        busy(world, None, date(2026, 3, 17), until=24 * 60)
        assert propose(site_id=world.lyon).sessions[1].bound is Bound.TAKEN
        first_day = date(2026, 3, 9)
        assert propose(first_day=first_day).sessions[0].bound is Bound.FIRST_DAY
        assert propose(weekdays=frozenset({4})).sessions[0].bound is Bound.WISHES

    def test_begins_after_the_time_to_think_it_over(self, world):
        course = open_course(world, told_days_ago=5)
        first, *others = propose_course(plan_id=course.plan, at=world.at).sessions
        assert first.bound is Bound.REFLECTION
        assert first.local_date == world.at.date() + 10 * DAY
        assert {one.bound for one in others} == {Bound.INTERVAL}

    def test_the_desk_is_bound_by_no_notice(self, propose):
        desk = propose(is_offered_only=False)
        assert desk.sessions[0].local_date == date(2026, 3, 2)

    @pytest.mark.parametrize("weekdays", [{0}, {1, 3}, {4}])
    @pytest.mark.parametrize("part", [None, (0, 720), (720, 1020)])
    def test_keeps_to_the_days_and_hours_wished_for(self, propose, weekdays, part):
        proposal = propose(weekdays=frozenset(weekdays), part_of_day=part)
        assert len(proposal.changes) == SESSIONS
        for session in proposal.sessions:
            assert session.local.weekday() in weekdays
            minute = session.local.hour * 60 + session.local.minute
            assert part is None or part[0] <= minute < part[1]
        assert all(INTERVAL_DAYS <= days <= MOST_DAYS for days in days_between(proposal))

    def test_offers_other_days_and_parts_of_the_day(self, propose):
        alternatives = propose().alternatives()
        assert {one.weekday for one in alternatives} == {None, 0, 1, 2, 3, 4}
        assert {one.part_of_day for one in alternatives} == {
            None,
            (0, 720),
            (720, 1020),
            (1020, 1440),
        }
        assert all(one.count == SESSIONS for one in alternatives)

    def test_offers_others_than_the_days_and_hours_wished_for(self, world, propose):
        first = Chosen(world.lyon, at_ten(date(2026, 3, 5)), world.bruno_resource)
        narrow = {"weekdays": frozenset({3}), "part_of_day": (0, 720)}
        for proposal in (propose(**narrow), propose(**narrow, chosen=[first])):
            parts = {one.part_of_day for one in proposal.alternatives() if one.weekday is None}
            assert parts == {(0, 720), (720, 1020), (1020, 1440)}
            days = {one.weekday for one in proposal.alternatives()}
            assert days == {None, 0, 1, 2, 3, 4}

    def test_keeps_to_who_and_where(self, world, propose):
        paula = propose(practitioner_id=world.paula_resource)
        assert {one.site_id for one in paula.sessions} == {world.paris}
        assert propose(practitioner_id=world.paula_resource, site_id=world.lyon).changes == ()

    def test_stays_clear_of_the_patients_other_appointments(self, world, course, propose):
        for site, starts in ((world.paris, at_ten(date(2026, 3, 3))),):
            book(
                patient_id=world.anna.patient_id,
                service_id=course.consultation_service,
                site_id=site,
                starts_at=starts,
                actor=world.diane.actor,
                at=world.at,
            )
        first = propose(site_id=world.lyon, part_of_day=(600, 720)).sessions[0]
        assert first.local == datetime(2026, 3, 3, 10, 30, tzinfo=PARIS)

    def test_goes_on_with_several_practitioners_where_nobody_can_do_all(self, world, propose):
        # Bruno is away after the first session's days; Paula comes to Lyon then, for three weeks.
        set_weekly_hours(
            resource_id=world.paula_resource,
            openings=[Opening(world.lyon, day, 540, 1080) for day in range(5)],
            actor=SYSTEM,
            at=world.at,
        )
        for resource, first, last in (
            (world.bruno_resource, date(2026, 3, 10), date(2026, 9, 30)),
            (world.paula_resource, date(2026, 3, 1), date(2026, 3, 10)),
            (world.paula_resource, date(2026, 4, 4), date(2026, 9, 30)),
        ):
            add_closure(
                resource_id=resource,
                from_date=first,
                until_date=last,
                reason="Congé",
                actor=SYSTEM,
                at=world.at,
            )
        proposal = propose(site_id=world.lyon)
        assert proposal.has_several
        assert len(proposal.changes) == SESSIONS

    def test_proposes_what_the_verdict_allows_and_says_why_not_more(self, world, course):
        short = propose_course(
            plan_id=course.plan, at=world.at, first_day=world.at.date() + timedelta(days=160)
        )
        assert (len(short.changes), short.missing) == (2, 1)
        assert short.why_not is not None
        assert "avis médical" in short.why_not.fr

    def test_is_empty_under_a_verdict_that_opens_nothing(self, world, course, propose):
        suspend_verdict(
            verdict_id=course.verdict, reason="Doute", actor=world.bruno.actor, at=world.at
        )
        proposal = propose()
        assert (proposal.changes, proposal.missing) == ((), SESSIONS)
        assert proposal.why_not is not None

    def test_reads_everything_free_once(self, world, propose, django_assert_max_num_queries):
        propose()
        with django_assert_max_num_queries(16):
            proposal = propose()
            proposal.alternatives()


class TestTheUsualInterval:
    """The plan proposes 21 days, and allows 14 to 28."""

    def test_is_kept_between_the_sessions_proposed(self, world):
        course = open_course(world, usual_days=21)
        sessions = propose_course(plan_id=course.plan, at=world.at).sessions
        days = [one.local_date for one in sessions]
        assert [(b - a).days for a, b in pairwise(days)] == [21, 21]
        assert [one.bound for one in sessions[1:]] == [Bound.INTERVAL, Bound.INTERVAL]
        because = sessions[1].because
        assert because is not None
        assert because.fr.startswith("Le plan prévoit 21 jours après la séance")
        assert sessions[1].not_before == days[0] + timedelta(days=INTERVAL_DAYS)

    def test_gives_way_where_the_course_would_not_fit(self, world):
        course = open_course(world, usual_days=21, days=34)
        proposal = propose_course(plan_id=course.plan, at=world.at)
        days = [one.local_date for one in proposal.sessions]
        assert (len(days), proposal.missing) == (SESSIONS, 0)
        assert all(INTERVAL_DAYS <= (b - a).days <= MOST_DAYS for a, b in pairwise(days))
        assert days[-1] - days[0] < timedelta(days=42)

    def test_moves_nothing_that_was_booked_nearer(self, world):
        course = open_course(world, usual_days=21)
        first = propose_course(plan_id=course.plan, at=world.at).sessions[0]
        nearer = Chosen(first.site_id, first.starts_at + timedelta(days=15), None)
        book_course(
            plan_id=course.plan,
            starts=[Chosen(first.site_id, first.starts_at, None), nearer],
            request_key=None,
            actor=world.diane.actor,
            at=world.at,
        )
        proposal = propose_course(plan_id=course.plan, at=world.at)
        assert [one.change for one in proposal.sessions] == [Change.KEPT, Change.KEPT, Change.NEW]
        assert proposal.sessions[2].days_since == 21


class TestChosenStarts:
    def test_are_kept_and_the_rest_follows(self, world, propose):
        first = Chosen(world.lyon, at_ten(date(2026, 3, 5)), world.bruno_resource)
        proposal = propose(chosen=[first])
        assert proposal.sessions[0].starts_at == first.starts_at
        assert proposal.sessions[0].bound is Bound.CHOSEN
        assert proposal.sessions[1].local_date == date(2026, 3, 19)
        assert {one.site_id for one in proposal.sessions} == {world.lyon}

    @pytest.mark.parametrize(
        "starts",
        [
            [at_ten(date(2026, 3, 7))],  # a Saturday
            [at_ten(date(2026, 3, 5)) + timedelta(minutes=3)],  # between two ticks
            [at_ten(date(2026, 3, 5)), at_ten(date(2026, 3, 18))],  # thirteen days
            [at_ten(date(2026, 3, 5)), at_ten(date(2026, 4, 3))],  # twenty-nine
            [at_ten(date(2027, 3, 5))],  # after the verdict
        ],
    )
    def test_that_cannot_be_are_dropped(self, world, propose, starts):
        proposal = propose(chosen=[Chosen(world.lyon, start) for start in starts])
        assert [one.starts_at for one in proposal.dropped] == [starts[-1]]
        assert len(proposal.changes) == SESSIONS
        assert proposal.is_sound


class TestBooking:
    def test_books_every_session_under_the_gate(self, world, course, propose, arrange):
        keys = arrange(propose(site_id=world.lyon))
        views = [get_appointment(key) for key in keys]
        assert [view.session_number for view in views] == [1, 2, 3]
        assert {(view.plan_id, view.verdict_id) for view in views} == {
            (course.plan, course.verdict)
        }
        assert propose().changes == ()

    def test_is_all_or_nothing(self, world, course, propose, arrange):
        proposal = propose(site_id=world.lyon)
        book(
            patient_id=world.marc.patient_id,
            service_id=course.consultation_service,
            site_id=world.lyon,
            starts_at=proposal.sessions[1].starts_at,
            actor=world.diane.actor,
            at=world.at,
        )
        before = Counter(Occupancy.objects.values_list("appointment_id", flat=True))
        with pytest.raises(CourseTaken) as refused:
            arrange(proposal)
        assert [one.starts_at for one in refused.value.taken] == [proposal.sessions[1].starts_at]
        assert standing(world) == []
        assert Counter(Occupancy.objects.values_list("appointment_id", flat=True)) == before
        assert not OutboxMessage.objects.filter(patient_id=world.anna.patient_id).exists()
        again = propose(site_id=world.lyon)
        assert again.sessions[1].starts_at != proposal.sessions[1].starts_at
        arrange(again)

    def test_names_everything_that_is_taken(self, world, course, propose, arrange):
        proposal = propose(site_id=world.lyon)
        for session in proposal.sessions[::2]:
            book(
                patient_id=world.marc.patient_id,
                service_id=course.consultation_service,
                site_id=world.lyon,
                starts_at=session.starts_at,
                actor=world.diane.actor,
                at=world.at,
            )
        with pytest.raises(CourseTaken) as refused:
            arrange(proposal)
        taken = [one.starts_at for one in refused.value.taken]
        assert taken == [session.starts_at for session in proposal.sessions[::2]]

    def test_sent_twice_books_once(self, world, propose, arrange):
        proposal, key = propose(), new_id()
        arrange(proposal, request_key=key)
        with pytest.raises(AlreadyBooked):
            arrange(proposal, request_key=key)
        assert len(standing(world)) == SESSIONS

    def test_refuses_what_the_gate_refuses_as_a_whole(self, world, course, propose):
        starts = [start_of(one) for one in propose(site_id=world.lyon).sessions]
        facts = {
            "plan_id": course.plan,
            "request_key": None,
            "actor": world.diane.actor,
            "at": world.at,
        }
        late = Chosen(world.lyon, starts[0].starts_at + timedelta(days=60))
        close = Chosen(world.lyon, starts[0].starts_at + timedelta(days=7))
        with pytest.raises(PlanComplete):
            book_course(starts=[*starts, late], **facts)
        with pytest.raises(TooSoon):
            book_course(starts=[starts[0], close], **facts)
        with pytest.raises(NothingToArrange):
            book_course(starts=[], **facts)
        assert standing(world) == []

    def test_refuses_a_patient_who_is_elsewhere(self, world, course, propose, arrange):
        proposal = propose(site_id=world.lyon)
        book(
            patient_id=world.anna.patient_id,
            service_id=course.consultation_service,
            site_id=world.paris,
            starts_at=proposal.sessions[2].starts_at,
            actor=world.diane.actor,
            at=world.at,
        )
        with pytest.raises(PatientBusy):
            arrange(proposal)
        assert len(standing(world)) == 1


class TestTelling:
    @pytest.fixture(autouse=True)
    def _demo(self, settings):
        settings.DEMO = True

    def kinds(self, world):
        rows = OutboxMessage.objects.filter(patient_id=world.anna.patient_id)
        return Counter(rows.exclude(state="DROPPED").values_list("kind", flat=True))

    def test_is_one_message_with_every_time_and_a_reminder_each(self, world, propose, arrange):
        proposal = propose(site_id=world.lyon)
        arrange(proposal)
        kinds = self.kinds(world)
        assert (kinds["course_booked"], kinds["appointment_booked"]) == (1, 0)
        assert kinds["appointment_reminder"] == SESSIONS
        send_all_due(at=world.at)
        (mail,) = latest_mail(recipient=world.anna.email)
        for session in proposal.sessions:
            assert f"{session.local.day} " in mail.text
        ((name, _media_type, content),) = mail.attachments
        assert name == "appointments.ics"
        events = icalendar.Calendar.from_ical(content).events
        assert [event.start for event in events] == [
            session.starts_at for session in proposal.sessions
        ]

    def test_a_move_says_the_new_times_once(self, world, propose, arrange):
        arrange(propose(site_id=world.lyon))
        send_all_due(at=world.at)
        first, *_ = standing(world)
        shown = propose_following(
            appointment_id=first.id,
            starts_at=first.starts_at + 10 * DAY,
            at=world.at,
            is_offered_only=False,
        )
        arrange(shown)
        kinds = self.kinds(world)
        assert (kinds["course_moved"], kinds["appointment_moved"]) == (1, 0)
        send_all_due(at=world.at)
        rows = OutboxMessage.objects.filter(kind="appointment_reminder", state="QUEUED")
        assert rows.count() == SESSIONS


class TestMoving:
    @pytest.fixture
    def booked(self, world, propose, arrange):
        arrange(propose(site_id=world.lyon))
        return standing(world)

    def following(self, world, session, days, **other):
        facts = {
            "appointment_id": session.id,
            "starts_at": session.starts_at + timedelta(days=days),
            "at": world.at,
        }
        return propose_following(**(facts | other))

    def test_within_the_intervals_moves_nothing_else(self, world, booked):
        last = self.following(world, booked[2], 3)
        assert [one.appointment.id for one in last.moved] == [booked[2].id]
        assert last.is_sound

    def test_proposes_the_others_where_the_intervals_ask_for_it(self, world, booked, arrange):
        shown = self.following(world, booked[1], 7)
        assert [one.change for one in shown.sessions] == [Change.KEPT, Change.MOVED, Change.MOVED]
        assert shown.is_sound
        assert days_between(shown) == [21, 14]
        arrange(shown)
        after = standing(world)
        assert [view.id for view in after] == [view.id for view in booked]
        assert [view.starts_at for view in after] == [one.starts_at for one in shown.sessions]
        assert [view.session_number for view in after] == [1, 2, 3]

    @pytest.mark.parametrize("days", [7, 14, 21, 28])
    def test_of_the_first_keeps_every_interval(self, world, booked, arrange, days):
        shown = self.following(world, booked[0], days)
        assert shown.is_sound
        arrange(shown)
        held = Occupancy.objects.filter(patient_id=world.anna.patient_id)
        assert held.count() == SESSIONS
        days = [view.local_date for view in standing(world)]
        assert all(
            INTERVAL_DAYS <= (after - before).days <= MOST_DAYS for before, after in pairwise(days)
        )

    def test_may_take_over_each_others_times(self, world, course, booked):
        to = [booked[1], booked[2], booked[2]]
        starts = [view.starts_at for view in to]
        starts[2] += 14 * DAY
        move_course(
            plan_id=course.plan,
            moves=[
                Move(view.id, view.version, Chosen(world.lyon, start))
                for view, start in zip(booked, starts, strict=True)
            ],
            actor=world.diane.actor,
            at=world.at,
        )
        assert [view.starts_at for view in standing(world)] == starts

    def test_is_all_or_nothing(self, world, course, booked, arrange):
        shown = self.following(world, booked[1], 7)
        book(
            patient_id=world.marc.patient_id,
            service_id=course.consultation_service,
            site_id=world.lyon,
            starts_at=shown.sessions[2].starts_at,
            actor=world.diane.actor,
            at=world.at,
        )
        with pytest.raises(CourseTaken):
            arrange(shown)
        assert standing(world) == booked

    def test_refuses_a_session_that_changed_meanwhile(self, world, booked, arrange):
        shown = self.following(world, booked[1], 7)
        move_appointment(
            appointment_id=booked[2].id,
            starts_at=booked[2].starts_at + DAY,
            actor=world.diane.actor,
            at=world.at,
        )
        with pytest.raises(StaleVersion):
            arrange(shown)

    def test_refuses_other_peoples_and_other_kinds_of_appointments(self, world, course, booked):
        stranger = book(
            patient_id=world.marc.patient_id,
            service_id=course.consultation_service,
            site_id=world.paris,
            starts_at=at_ten(date(2026, 3, 5)),
            actor=world.diane.actor,
            at=world.at,
        )
        to = Chosen(world.paris, at_ten(date(2026, 3, 6)))
        for moves in ([Move(stranger, 1, to)], [Move(booked[0].id, 1, to)] * 2):
            with pytest.raises(NothingToArrange):
                move_course(plan_id=course.plan, moves=moves, actor=world.diane.actor, at=world.at)

    def test_binds_patients_by_the_limit_for_changes(self, world, course, booked):
        soon = booked[0].starts_at - timedelta(hours=3)
        move = Move(booked[0].id, None, Chosen(world.lyon, booked[0].starts_at + DAY))
        with pytest.raises(ChangeTooLate):
            move_course(plan_id=course.plan, moves=[move], actor=world.anna.actor, at=soon)


class TestAfterASessionIsLost:
    @pytest.fixture
    def booked(self, world, propose, arrange):
        arrange(propose(site_id=world.lyon))
        return standing(world)

    def test_a_cancelled_one_leaves_the_others_too_far_and_a_proposal(
        self, world, booked, propose, arrange
    ):
        late = move_all_by(world, booked, [0, 10, 20])
        cancel_appointment(appointment_id=late[1].id, actor=world.diane.actor, at=world.at)
        proposal = propose()
        assert [one.id for one in proposal.state.lost] == [late[1].id]
        assert [one.trouble for one in proposal.state.irregular] == [Trouble.TOO_FAR]
        assert proposal.state.needs_attention
        assert [one.change for one in proposal.sessions] == [Change.KEPT, Change.NEW, Change.KEPT]
        assert proposal.is_sound
        arrange(proposal)
        assert not propose().state.needs_attention
        assert [view.session_number for view in standing(world)] == [1, 2, 3]

    def test_the_interval_is_counted_from_the_session_performed(
        self, world, booked, propose, arrange
    ):
        # The second is missed on its day: there is no room any more between it and the third.
        at = booked[1].starts_at + timedelta(hours=1)
        Appointment.objects.filter(id=booked[0].id).update(state="DONE")
        mark_no_show(appointment_id=booked[1].id, actor=world.diane.actor, at=at)
        proposal = propose(at=at)
        performed = booked[0].local_date
        days = [one.local_date for one in proposal.sessions]
        assert days[0] == performed
        assert len(days) == SESSIONS
        assert all((after - before).days >= INTERVAL_DAYS for before, after in pairwise(days))
        assert proposal.sessions[1].local_date > at.date()
        arrange(proposal, at=at)
        assert not propose(at=at).state.needs_attention

    def test_keeps_what_is_booked_as_far_as_the_intervals_hold(self, world, booked, propose):
        cancel_appointment(appointment_id=booked[2].id, actor=world.diane.actor, at=world.at)
        proposal = propose()
        assert [one.change for one in proposal.sessions] == [Change.KEPT, Change.KEPT, Change.NEW]

    def test_a_session_booked_again_is_no_more_lost(self, world, course, booked, propose):
        cancel_appointment(appointment_id=booked[2].id, actor=world.diane.actor, at=world.at)
        later = world.at + timedelta(minutes=5)
        book(
            patient_id=world.anna.patient_id,
            service_id=course.session_service,
            site_id=world.lyon,
            starts_at=booked[2].starts_at + DAY,
            plan_id=course.plan,
            actor=world.diane.actor,
            at=later,
        )
        assert propose(at=later).state.lost == ()

    def test_says_where_nothing_keeps_the_most_days(self, world, booked, propose):
        at = booked[0].starts_at + timedelta(days=60)
        Appointment.objects.filter(id=booked[0].id).update(state="DONE")
        for view in booked[1:]:
            mark_no_show(appointment_id=view.id, actor=world.diane.actor, at=at)
        proposal = propose(at=at)
        assert proposal.is_late
        assert len(proposal.changes) == SESSIONS - 1
        assert proposal.sessions[1].trouble is Trouble.TOO_FAR
        assert proposal.sessions[2].trouble is None


def move_all_by(world, booked, days):
    """Move the sessions later by so many days each, the last first."""
    for view, more in reversed(list(zip(booked, days, strict=True))):
        if more:
            move_appointment(
                appointment_id=view.id,
                starts_at=view.starts_at + timedelta(days=more),
                actor=world.diane.actor,
                at=world.at,
            )
    return standing(world)
