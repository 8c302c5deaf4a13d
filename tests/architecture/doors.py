"""Every door to a session's appointment, with how to knock at it.

Anna's course is begun: three sessions are planned, two are booked, and a time is offered to her for
the third. Each door asks for something that is right as long as her verdict is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from aiguille.booking import states
from aiguille.booking.course_forms import written
from aiguille.booking.courses import Chosen, Move, arrange_course, book_course, move_course
from aiguille.booking.models import Offer
from aiguille.booking.offers import accept_offer, offer_free_times
from aiguille.booking.operations import book, check_in, move_appointment
from aiguille.booking.queries import get_appointment
from aiguille.booking.waiting import join_waiting_list
from aiguille.kernel.ids import new_id
from aiguille.patients.operations import make_link
from aiguille.patients.queries import get_identity
from aiguille.treatment_sessions.operations import begin_session
from tests.course import Course
from tests.session_day import ask_the_questions, go_to
from tests.world import Person, SpacePerson, World

DAY = timedelta(days=1)
# Wednesdays at ten in Lyon, three weeks apart; between the last two the clocks go forward.
FIRST = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
SECOND = FIRST + 21 * DAY
THIRD = datetime(2026, 4, 15, 8, 0, tzinfo=UTC)
OFFERED_FROM, OFFERED_UNTIL = date(2026, 4, 8), date(2026, 4, 14)


@dataclass
class Clinic:
    """Anna's course, and whoever knocks: staff, and a patient's login for a patient."""

    world: World
    course: Course
    first: UUID
    second: UUID
    offer: UUID
    waiting_token: str
    link_token: str
    as_patient: SpacePerson

    def post(self, who: Person, name: str, *args: object, **data: object) -> Any:
        """Post to an address as somebody, in French."""
        return self.client(who).post(self.address(name, *args), data)

    def client(self, who: Person) -> Client:
        """Return a browser in which somebody works, or has their space open."""
        if isinstance(who, SpacePerson):
            return self.world.space_client(who)
        return self.world.staff_client(who)

    def address(self, name: str, *args: object) -> str:
        """Return an address in French."""
        with override("fr"):
            return reverse(name, args=args)

    def number(self) -> int:
        """Return the number of the patient for whom somebody knocks."""
        return get_identity(self.as_patient.patient_id).number

    def change(self, appointment_id: UUID | None, start: datetime) -> str:
        """Return what the pages of a course post of a session that moves, or of a new one."""
        which = (
            "/" if appointment_id is None else f"{appointment_id}/{self.version(appointment_id)}"
        )
        return f"{which}/{written(Chosen(self.world.lyon, start))}"

    def query(self, start: datetime) -> str:
        """Return how the page of a course that moves is asked for a start."""
        return "?" + urlencode({"start": written(Chosen(self.world.lyon, start))})

    def version(self, appointment_id: UUID) -> int:
        """Return the version of an appointment."""
        return get_appointment(appointment_id).version


def clinic_of(world: World, course: Course) -> Clinic:
    """Book two of the course's sessions and offer a time for the third."""

    def booked(start: datetime) -> UUID:
        return book(
            patient_id=world.anna.patient_id,
            service_id=course.session_service,
            site_id=world.lyon,
            starts_at=start,
            plan_id=course.plan,
            actor=world.diane.actor,
            at=world.at,
        )

    first, second = booked(FIRST), booked(SECOND)
    ask_the_questions(world, first, at=FIRST)
    entry = join_waiting_list(
        patient_id=world.anna.patient_id,
        plan_id=course.plan,
        first_day=OFFERED_FROM,
        last_day=OFFERED_UNTIL,
        actor=world.diane.actor,
        at=world.at,
    )
    offer_free_times(at=world.at)

    def link(scope: str, subject_id: UUID) -> str:
        return make_link(
            patient_id=world.anna.patient_id,
            scope=scope,
            subject_id=subject_id,
            expires_at=world.at + 90 * DAY,
            at=world.at,
        )

    return Clinic(
        world=world,
        course=course,
        first=first,
        second=second,
        offer=Offer.objects.get().id,
        waiting_token=link("WAITING", entry),
        link_token=link("APPOINTMENT", first),
        as_patient=world.anna,
    )


Knock = Callable[[Clinic], Any]


def _start(c: Clinic, start: datetime) -> str:
    return f"{c.world.lyon}/{start.isoformat()}"


def _put_back(c: Clinic) -> Any:
    client = c.client(c.world.diane)
    stands = get_appointment(c.first)
    session = client.session
    session["agenda-undo"] = {
        "kind": "move",
        "given": {
            "appointment": str(c.first),
            "start": (FIRST + DAY).isoformat(),
            "site": str(stands.site_id),
            "practitioner": str(stands.practitioner_id),
            "version": stands.version,
            "name": "Anna Martin",
        },
        "until": (c.world.at + 99 * DAY).isoformat(),
    }
    session.save()
    return client.post(c.address("desk:agenda_put_back"))


def _on_the_day(knock: Knock) -> Knock:
    def act(c: Clinic) -> Any:
        go_to(FIRST)
        return knock(c)

    return act


def _agenda_book(c: Clinic) -> Any:
    spot = (
        f"?start={THIRD.strftime('%Y-%m-%dT%H:%M:%SZ')}&with=bruno&site=lyon&patient={c.number()}"
    )
    return c.client(c.world.diane).post(
        c.address("desk:agenda_book") + spot,
        {"what": f"plan:{c.course.plan}", "start": THIRD.isoformat(), "request_key": str(new_id())},
    )


# Addresses by their route's end; each posts what its page would.
ADDRESSES: dict[str, Knock] = {
    "/desk/patients/<int:number>/book/plan/<uuid:plan_id>/": lambda c: c.post(
        c.world.diane, "desk:book_plan", c.number(), c.course.plan, start=_start(c, THIRD)
    ),
    "/desk/agenda/book/": _agenda_book,
    "/desk/patients/<int:number>/plans/<uuid:plan_id>/course/": lambda c: c.post(
        c.world.diane, "desk:course", c.number(), c.course.plan, change=[c.change(None, THIRD)]
    ),
    "/desk/appointments/<uuid:appointment_id>/move/": lambda c: c.post(
        c.world.diane,
        "desk:move_appointment",
        c.first,
        start=_start(c, FIRST + DAY),
        version=c.version(c.first),
    ),
    "/desk/appointments/<uuid:appointment_id>/move/course/": lambda c: c.client(c.world.diane).post(
        c.address("desk:move_course", c.first) + c.query(FIRST + DAY),
        {"change": [c.change(c.first, FIRST + DAY), c.change(c.second, SECOND + DAY)]},
    ),
    "/desk/agenda/appointments/<uuid:appointment_id>/move/": lambda c: c.post(
        c.world.diane,
        "desk:agenda_move",
        c.first,
        start=(FIRST + DAY).isoformat(),
        version=c.version(c.first),
    ),
    "/desk/agenda/put-back/": _put_back,
    "/desk/displaced/<uuid:appointment_id>/move/": lambda c: c.post(
        c.world.diane,
        "desk:displaced_move",
        c.first,
        start=f"{_start(c, FIRST + DAY)}/",
        version=c.version(c.first),
    ),
    "/desk/waiting/offers/<uuid:offer_id>/accept/": lambda c: c.post(
        c.world.diane, "desk:accept_offer", c.offer
    ),
    "/desk/appointments/<uuid:appointment_id>/arrived/": _on_the_day(
        lambda c: c.post(c.world.diane, "desk:arrived", c.first)
    ),
    "/desk/appointments/<uuid:appointment_id>/begin/": _on_the_day(
        lambda c: c.post(c.world.bruno, "desk:begin", c.first)
    ),
    "/space/sessions/<uuid:plan_id>/book/": lambda c: c.post(
        c.as_patient, "portal:book_session", c.course.plan, start=_start(c, THIRD)
    ),
    "/space/plans/<uuid:plan_id>/course/": lambda c: c.post(
        c.as_patient, "portal:course", c.course.plan, change=[c.change(None, THIRD)]
    ),
    "/space/appointments/<uuid:appointment_id>/move/": lambda c: c.post(
        c.as_patient,
        "portal:move_appointment",
        c.second,
        start=_start(c, SECOND + DAY),
        version=c.version(c.second),
    ),
    "/space/appointments/<uuid:appointment_id>/move/course/": lambda c: c.client(c.as_patient).post(
        c.address("portal:move_course", c.second) + c.query(SECOND + DAY),
        {"change": [c.change(c.second, SECOND + DAY)]},
    ),
    "/space/waiting/offers/<uuid:offer_id>/accept/": lambda c: c.post(
        c.as_patient, "portal:accept_offer", c.offer
    ),
    "/a/<str:token>/move/": lambda c: Client().post(
        c.address("public:appointment_move", c.link_token),
        {
            "start": f"{(FIRST + DAY).isoformat()}/{c.world.lyon}/",
            "version": c.version(c.first),
        },
    ),
    "/w/<str:token>/accept/": lambda c: Client().post(
        c.address("public:waiting_accept", c.waiting_token), {"offer": str(c.offer)}
    ),
}

# One that opens to no session at all: a session is booked from its plan.
BY_SERVICE = "/desk/patients/<int:number>/book/service/<uuid:service_id>/"


def by_service(c: Clinic) -> Any:
    """Ask for a session as if it were any service."""
    return c.post(
        c.world.diane,
        "desk:book_service",
        c.number(),
        c.course.session_service,
        start=_start(c, THIRD),
    )


# Those by which the session of another's plan could be booked.
BOOKS = {
    "/desk/patients/<int:number>/book/plan/<uuid:plan_id>/",
    "/desk/agenda/book/",
    "/desk/patients/<int:number>/plans/<uuid:plan_id>/course/",
    "/space/sessions/<uuid:plan_id>/book/",
    "/space/plans/<uuid:plan_id>/course/",
}

# Public operations, called as any code may call them.
OPERATIONS: dict[str, Knock] = {
    "booking.operations:book": lambda c: book(
        patient_id=c.as_patient.patient_id,
        service_id=c.course.session_service,
        site_id=c.world.lyon,
        starts_at=THIRD,
        plan_id=c.course.plan,
        actor=c.world.diane.actor,
        at=c.world.at,
    ),
    "booking.operations:move_appointment": lambda c: move_appointment(
        appointment_id=c.first,
        starts_at=FIRST + DAY,
        actor=c.world.diane.actor,
        at=c.world.at,
    ),
    "booking.courses:book_course": lambda c: book_course(
        plan_id=c.course.plan,
        starts=[Chosen(c.world.lyon, THIRD)],
        request_key=None,
        actor=c.world.diane.actor,
        at=c.world.at,
    ),
    "booking.courses:arrange_course": lambda c: arrange_course(
        plan_id=c.course.plan,
        moves=[Move(c.second, None, Chosen(c.world.lyon, SECOND + DAY))],
        starts=[Chosen(c.world.lyon, THIRD + DAY)],
        request_key=None,
        actor=c.world.diane.actor,
        at=c.world.at,
    ),
    "booking.courses:move_course": lambda c: move_course(
        plan_id=c.course.plan,
        moves=[Move(c.second, None, Chosen(c.world.lyon, SECOND + DAY))],
        actor=c.world.diane.actor,
        at=c.world.at,
    ),
    "booking.offers:accept_offer": lambda c: accept_offer(
        offer_id=c.offer, actor=c.world.diane.actor, at=c.world.at
    ),
    "booking.states:check_in": lambda c: check_in(
        appointment_id=c.first, actor=c.world.diane.actor, at=FIRST
    ),
    "booking.states:begin": lambda c: states.begin(
        appointment_id=c.first, actor=c.world.bruno.actor, at=FIRST
    ),
    "treatment_sessions.operations:begin_session": lambda c: begin_session(
        appointment_id=c.first, actor=c.world.bruno.actor, at=FIRST
    ),
}
