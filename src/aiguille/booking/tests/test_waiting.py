"""The waiting list: who is offered what, in which order, and what becomes of it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from aiguille.accounts.rights import NotAllowed
from aiguille.audit.models import AuditEvent
from aiguille.booking import offers
from aiguille.booking.models import Appointment, Hold, Occupancy, Offer, WaitingEntry
from aiguille.booking.offers import (
    OfferOver,
    accept_offer,
    decline_offer,
    end_overdue,
    offer_free_times,
)
from aiguille.booking.operations import NotBookable, book, cancel_appointment
from aiguille.booking.placing import SlotTaken
from aiguille.booking.queries import get_appointment
from aiguille.booking.states import ChangeTooLate
from aiguille.booking.waiting import (
    AlreadyWaiting,
    WaitInvalid,
    join_waiting_list,
    leave_waiting_list,
)
from aiguille.booking.waiting_queries import (
    appointment_given_back,
    get_waiting,
    list_waiting,
    waiting_of_patient,
)
from aiguille.care.operations import suspend_verdict
from aiguille.catalogue import seed
from aiguille.catalogue.queries import consultation_service, get_service
from aiguille.clinics.operations import Opening, set_weekly_hours
from aiguille.kernel.actor import SYSTEM, VISITOR
from aiguille.kernel.codes import Procedure
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.patients.operations import create_provisional
from aiguille.plumbing.access import NotVisible
from tests.course import open_course

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 11)
TEN = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)  # Wednesday, 10:00 in Lyon
# One start alone fits: the day, and from ten o'clock to the end of the appointment.
TEN_ONLY = {"first_day": DAY, "last_day": DAY, "from_minute": 600}


@pytest.fixture
def service(world):
    seed.load(actor=SYSTEM, at=world.at)
    return get_service(consultation_service(Procedure.MESOTHERAPY).id)


@pytest.fixture
def join(world, service):
    """Put Anna on the list for ten o'clock in Lyon; anything may be said otherwise."""

    def join_as(**other):
        facts = {
            "patient_id": world.anna.patient_id,
            "service_id": service.id,
            "sites": [world.lyon],
            **TEN_ONLY,
            "until_minute": 600 + service.minutes,
            "actor": world.diane.actor,
            "at": world.at,
        }
        return join_waiting_list(**(facts | other))

    return join_as


@pytest.fixture
def taken(world, service):
    """Book ten o'clock for a stranger; return the appointment."""
    return _book(world, service.id, patient_id=_stranger(world, "Zoe"))


def _book(world, service_id, **other):
    facts = {
        "patient_id": world.anna.patient_id,
        "service_id": service_id,
        "site_id": world.lyon,
        "starts_at": TEN,
        "actor": world.diane.actor,
        "at": world.at,
    }
    return book(**(facts | other))


def _stranger(world, first_names, email=""):
    return create_provisional(
        birth_name="Lebrun",
        first_names=first_names,
        email=email or f"{first_names.lower()}@example.net",
        phone="",
        language="fr",
        actor=SYSTEM,
        at=world.at,
    )


def _free(world, appointment_id, at=None):
    cancel_appointment(appointment_id=appointment_id, actor=world.diane.actor, at=at or world.at)


def _open_offers():
    return list(Offer.objects.filter(state="OPEN"))


class TestJoining:
    def test_keeps_what_is_asked_for(self, world, service, join):
        found = get_waiting(join(weekdays=[2, 0, 2], practitioners=[world.bruno_resource]))
        assert found.service_id == service.id
        assert found.sites == ("Lyon",)
        assert found.practitioners == ("Dr Bruno Delmas",)
        assert found.weekdays == (0, 2)
        assert (found.from_time, found.first_day, found.last_day) == ("10:00", DAY, DAY)
        assert AuditEvent.objects.filter(action="booking:waiting:joined").count() == 1

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"weekdays": [7]}, "weekdays"),
            ({"from_minute": -1}, "from_minute"),
            ({"from_minute": 1440}, "from_minute"),
            ({"until_minute": 1441}, "until_minute"),
            ({"until_minute": 601}, "until_minute"),
            ({"first_day": DAY + timedelta(days=1)}, "last_day"),
            ({"first_day": date(2026, 2, 1), "last_day": date(2026, 3, 1)}, "last_day"),
            ({"last_day": date(2028, 1, 1)}, "last_day"),
        ],
    )
    def test_refuses_what_fits_no_time_and_names_the_field(self, join, said, field):
        with pytest.raises(WaitInvalid) as refused:
            join(**said)
        assert refused.value.field == field
        assert not WaitingEntry.objects.exists()

    def test_of_one_form_happens_once(self, join):
        key = new_id()
        assert join(request_key=key) == join(request_key=key)

    def test_happens_once_for_a_service(self, join):
        first = join()
        with pytest.raises(AlreadyWaiting) as refused:
            join()
        assert refused.value.entry_id == first

    def test_again_is_possible_after_leaving(self, world, join):
        leave_waiting_list(entry_id=join(), actor=world.anna.actor, at=world.at)
        assert get_waiting(join()).is_waiting

    def test_for_a_session_needs_a_plan_of_ones_own(self, world):
        course = open_course(world)
        asked = {
            "first_day": DAY,
            "last_day": DAY,
            "actor": world.diane.actor,
            "at": world.at,
        }
        with pytest.raises(NotBookable):
            join_waiting_list(
                patient_id=world.anna.patient_id, service_id=course.session_service, **asked
            )
        with pytest.raises(NotVisible):
            join_waiting_list(patient_id=world.marc.patient_id, plan_id=course.plan, **asked)
        with pytest.raises(NotBookable):
            join_waiting_list(
                patient_id=world.anna.patient_id,
                plan_id=course.plan,
                **(asked | {"actor": VISITOR}),
            )
        join_waiting_list(patient_id=world.anna.patient_id, plan_id=course.plan, **asked)

    def test_instead_of_an_appointment_needs_ones_own_ahead(self, world, join, taken):
        with pytest.raises(NotVisible):
            join(instead_of=taken)
        own = _book(world, get_appointment(taken).service_id, starts_at=TEN + timedelta(days=1))
        _free(world, own)
        with pytest.raises(NotBookable):
            join(instead_of=own)

    def test_is_refused_to_staff_who_do_not_book(self, world, join):
        with pytest.raises(NotAllowed):
            join(actor=world.ines.actor)


class TestARound:
    def test_offers_nothing_that_is_taken(self, world, join, taken):
        join()
        assert offer_free_times(at=world.at) == 0

    def test_offers_what_became_free_and_holds_it(self, world, service, join, taken):
        entry = join()
        _free(world, taken)
        assert offer_free_times(at=world.at) == 1
        (offer,) = get_waiting(entry).offers
        assert offer.starts_at == TEN
        assert offer.practitioner_name == "Dr Bruno Delmas"
        assert offer.deadline == world.at + timedelta(hours=2)
        assert Hold.objects.get().expires_at == offer.deadline
        with pytest.raises(SlotTaken):
            _book(world, service.id, patient_id=world.marc.patient_id)
        assert AuditEvent.objects.filter(action="booking:offer:made").count() == 1

    def test_is_asked_for_in_the_transaction_that_frees_the_time(self, world, join, taken):
        _free(world, _book(world, get_appointment(taken).service_id, starts_at=TEN + timedelta(1)))
        assert not ProcrastinateJob.objects.filter(task_name__endswith="offer_times").exists()
        join()
        before = ProcrastinateJob.objects.filter(task_name__endswith="offer_times").count()
        with transaction.atomic():
            _free(world, taken)
            transaction.set_rollback(True)
        assert ProcrastinateJob.objects.filter(task_name__endswith="offer_times").count() == before
        _free(world, taken)
        jobs = ProcrastinateJob.objects.filter(task_name__endswith="offer_times")
        assert jobs.count() == before + 1
        assert jobs.latest("id").task_name == "aiguille.booking.jobs.offer_times"

    def test_serves_in_the_order_of_the_list(self, world, join, taken):
        second = join(patient_id=world.marc.patient_id, at=world.at + timedelta(minutes=2))
        first = join(at=world.at + timedelta(minutes=1))
        third = join(patient_id=_stranger(world, "Yves"), at=world.at + timedelta(minutes=3))
        _free(world, taken, at=world.at + timedelta(minutes=4))
        served = []
        at = world.at + timedelta(minutes=5)
        for _ in range(3):
            offer_free_times(at=at)
            (offer,) = _open_offers()
            served.append(offer.entry_id)
            at = offer.deadline
        assert served == [first, second, third]
        # Nobody hears of the same time twice.
        offer_free_times(at=at)
        assert _open_offers() == []

    def test_passes_on_what_is_declined_at_once(self, world, join):
        first = join()
        second = join(patient_id=world.marc.patient_id, at=world.at + timedelta(minutes=1))
        offer_free_times(at=world.at)
        (offer,) = _open_offers()
        decline_offer(offer_id=offer.id, actor=world.anna.actor, at=world.at)
        assert ProcrastinateJob.objects.filter(task_name__endswith="offer_times").exists()
        offer_free_times(at=world.at)
        (passed_on,) = _open_offers()
        assert (offer.entry_id, passed_on.entry_id) == (first, second)
        assert get_waiting(first).is_waiting

    def test_gives_two_people_two_times(self, world, service, join):
        wide = {"until_minute": 600 + 4 * service.minutes}
        join(**wide)
        join(patient_id=world.marc.patient_id, **wide)
        assert offer_free_times(at=world.at) == 2
        starts = {offer.starts_at for offer in _open_offers()}
        assert len(starts) == 2

    def test_makes_one_open_offer_a_person(self, world, join):
        other = consultation_service(Procedure.NEEDLING).id
        join()
        join(service_id=other, from_minute=660, until_minute=780)
        assert offer_free_times(at=world.at) == 1
        assert offer_free_times(at=world.at) == 0
        (offer,) = _open_offers()
        with pytest.raises(IntegrityError, match="one_open_offer_a_person"), transaction.atomic():
            Offer.objects.create(
                entry_id=WaitingEntry.objects.exclude(id=offer.entry_id).get().id,
                patient_id=offer.patient_id,
                site_id=offer.site_id,
                starts_at=offer.starts_at,
                ends_at=offer.ends_at,
                time_zone=offer.time_zone,
                deadline=offer.deadline,
                offered_at=world.at,
            )

    @pytest.mark.parametrize(
        "asked",
        [
            {"weekdays": [0, 1, 3, 4]},
            {"from_minute": 1080 - 5},
            {"first_day": date(2026, 3, 14), "last_day": date(2026, 3, 15)},
        ],
    )
    def test_offers_only_what_fits(self, world, join, asked):
        join(**({"until_minute": 1440} | asked))
        assert offer_free_times(at=world.at) == 0

    def test_offers_only_with_whom_is_asked_for(self, world, join):
        join(practitioners=[world.paula_resource])
        assert offer_free_times(at=world.at) == 0

    def test_offers_only_what_is_earlier(self, world, service, join):
        own = _book(world, service.id)
        join(instead_of=own, first_day=DAY, last_day=DAY, from_minute=0, until_minute=1440)
        offer_free_times(at=world.at)
        (offer,) = _open_offers()
        assert offer.starts_at < TEN

    def test_offers_nothing_while_the_person_is_elsewhere(self, world, service, join):
        join()
        _book(world, service.id, starts_at=TEN, site_id=world.paris)
        assert offer_free_times(at=world.at) == 0

    def test_offers_nothing_below_the_notice(self, world, service, join):
        notice = timedelta(minutes=service.min_notice_minutes)
        join(from_minute=840, until_minute=840 + service.minutes)
        two = TEN + timedelta(hours=4)
        for early, made in ((timedelta(0), 0), (timedelta(minutes=29), 0), (timedelta(hours=1), 1)):
            assert offer_free_times(at=two - notice - early) == made
        (offer,) = _open_offers()
        assert offer.deadline == two - notice

    def test_follows_extra_opening_hours(self, world, join):
        join(weekdays=[5], first_day=date(2026, 3, 14), last_day=date(2026, 3, 14))
        assert offer_free_times(at=world.at) == 0
        for resource in (world.bruno_resource, world.lyon_room):
            set_weekly_hours(
                resource_id=resource,
                openings=[Opening(world.lyon, day, 540, 1080) for day in range(6)],
                actor=SYSTEM,
                at=world.at,
            )
        assert offer_free_times(at=world.at) == 1

    def test_ends_a_stay_whose_last_day_is_past(self, world, join):
        entry = join()
        end_overdue(at=TEN + timedelta(days=1))
        assert get_waiting(entry).is_waiting
        end_overdue(at=TEN + timedelta(days=2))
        assert get_waiting(entry).state == "OVER"


class TestASession:
    @pytest.fixture
    def course(self, world):
        return open_course(world)

    def wait(self, world, course, **other):
        facts = {
            "patient_id": world.anna.patient_id,
            "plan_id": course.plan,
            "first_day": world.at.date(),
            "last_day": world.at.date() + timedelta(days=40),
            "actor": world.anna.actor,
            "at": world.at,
        }
        return join_waiting_list(**(facts | other))

    def test_is_offered_only_where_the_gate_opens(self, world, course):
        _book(world, course.session_service, plan_id=course.plan)
        self.wait(world, course, first_day=DAY - timedelta(days=2))
        offer_free_times(at=world.at)
        (offer,) = _open_offers()
        # The plan leaves fourteen days between two sessions.
        assert offer.starts_at.date() == DAY + timedelta(days=14)

    def test_is_not_offered_without_a_verdict(self, world, course):
        self.wait(world, course)
        suspend_verdict(
            verdict_id=course.verdict, reason="Grossesse", actor=world.bruno.actor, at=world.at
        )
        assert offer_free_times(at=world.at) == 0

    def test_is_not_offered_where_something_else_objects(self, world, course, monkeypatch):
        def object_to(_patient_id):
            raise DomainError

        monkeypatch.setattr(offers, "_objections", [object_to])
        self.wait(world, course)
        assert offer_free_times(at=world.at) == 0

    def test_that_became_forbidden_is_not_booked(self, world, course):
        self.wait(world, course)
        offer_free_times(at=world.at)
        (offer,) = _open_offers()
        suspend_verdict(
            verdict_id=course.verdict, reason="Grossesse", actor=world.bruno.actor, at=world.at
        )
        with pytest.raises(DomainError) as refused:
            accept_offer(offer_id=offer.id, actor=VISITOR, at=world.at)
        assert refused.value.code == "verdict_needed"

    def test_is_booked_from_its_plan(self, world, course):
        self.wait(world, course)
        offer_free_times(at=world.at)
        (offer,) = _open_offers()
        made = get_appointment(accept_offer(offer_id=offer.id, actor=VISITOR, at=world.at))
        assert (made.plan_id, made.verdict_id) == (course.plan, course.verdict)


class TestAccepting:
    @pytest.fixture
    def offer(self, world, join):
        join()
        offer_free_times(at=world.at)
        (offer,) = _open_offers()
        return offer

    def test_makes_an_appointment_of_what_is_held(self, world, offer):
        held = set(Occupancy.objects.filter(hold__isnull=False).values_list("id", flat=True))
        made = accept_offer(offer_id=offer.id, actor=VISITOR, at=world.at)
        view = get_appointment(made)
        assert (view.starts_at, view.patient_id) == (TEN, world.anna.patient_id)
        assert held <= set(Occupancy.objects.values_list("id", flat=True))
        assert not Hold.objects.exists()
        assert list_waiting() == []

    def test_twice_is_once(self, world, offer):
        made = accept_offer(offer_id=offer.id, actor=VISITOR, at=world.at)
        assert accept_offer(offer_id=offer.id, actor=VISITOR, at=world.at) == made
        assert Appointment.objects.count() == 1

    @pytest.mark.parametrize(
        ("late", "is_over"), [(timedelta(seconds=-1), False), (timedelta(0), True)]
    )
    def test_ends_with_the_deadline(self, offer, late, is_over):
        try:
            accept_offer(offer_id=offer.id, actor=VISITOR, at=offer.deadline + late)
        except OfferOver:
            assert is_over
        else:
            assert not is_over

    def test_is_refused_once_declined(self, world, offer):
        decline_offer(offer_id=offer.id, actor=VISITOR, at=world.at)
        decline_offer(offer_id=offer.id, actor=VISITOR, at=world.at)
        with pytest.raises(OfferOver):
            accept_offer(offer_id=offer.id, actor=VISITOR, at=world.at)
        assert not Hold.objects.exists()

    def test_is_refused_once_the_person_left(self, world, offer):
        leave_waiting_list(entry_id=offer.entry_id, actor=world.diane.actor, at=world.at)
        with pytest.raises(OfferOver):
            accept_offer(offer_id=offer.id, actor=VISITOR, at=world.at)
        assert not Hold.objects.exists()
        assert Offer.objects.get().state == "WITHDRAWN"

    def test_leaves_nothing_to_decline(self, world, offer):
        accept_offer(offer_id=offer.id, actor=VISITOR, at=world.at)
        with pytest.raises(OfferOver):
            decline_offer(offer_id=offer.id, actor=VISITOR, at=world.at)

    def test_stays_possible_below_the_notice_that_passed_meanwhile(self, world, service, offer):
        Offer.objects.update(deadline=TEN - timedelta(hours=1))
        Hold.objects.update(expires_at=TEN - timedelta(hours=1))
        accept_offer(offer_id=offer.id, actor=VISITOR, at=TEN - timedelta(hours=2))
        assert list_waiting() == []


class TestGivingBack:
    @pytest.fixture
    def later(self, world, service):
        return _book(world, service.id, starts_at=TEN + timedelta(days=7))

    @pytest.fixture
    def offer(self, world, join, later):
        join(instead_of=later)
        offer_free_times(at=world.at)
        (offer,) = _open_offers()
        return offer

    def test_moves_the_later_appointment_to_the_offered_time(self, world, service, offer, later):
        given = appointment_given_back(offer.id)
        assert given is not None
        assert given.id == later
        made = accept_offer(offer_id=offer.id, give_back=later, actor=VISITOR, at=world.at)
        assert made == later
        assert get_appointment(later).starts_at == TEN
        assert Appointment.objects.count() == 1
        assert not Hold.objects.exists()
        _book(
            world,
            service.id,
            patient_id=world.marc.patient_id,
            starts_at=TEN + timedelta(days=7),
        )

    def test_refuses_an_appointment_that_is_not_theirs(self, world, service, offer):
        other = _book(
            world, service.id, patient_id=world.marc.patient_id, starts_at=TEN + timedelta(days=8)
        )
        with pytest.raises(NotVisible):
            accept_offer(offer_id=offer.id, give_back=other, actor=VISITOR, at=world.at)

    def test_is_offered_to_whoever_has_one_of_the_same_service(self, world, join, later):
        join()
        offer_free_times(at=world.at)
        (offer,) = _open_offers()
        given = appointment_given_back(offer.id)
        assert given is not None
        assert given.id == later

    def test_is_no_more_possible_below_the_limit_for_changes(self, world, offer, later):
        near = get_appointment(later).starts_at - timedelta(hours=3)
        Offer.objects.update(
            starts_at=near + timedelta(hours=1), deadline=near + timedelta(minutes=30)
        )
        with pytest.raises(ChangeTooLate):
            accept_offer(offer_id=offer.id, give_back=later, actor=VISITOR, at=near)


class TestReading:
    def test_asks_a_bounded_number_of_questions(self, world, join, django_assert_max_num_queries):
        join()
        join(patient_id=world.marc.patient_id)
        offer_free_times(at=world.at)
        with django_assert_max_num_queries(5):
            assert len(list_waiting()) == 2
        with django_assert_max_num_queries(6):
            assert [one.patient_id for one in waiting_of_patient(world.anna.patient_id)] == [
                world.anna.patient_id
            ]
