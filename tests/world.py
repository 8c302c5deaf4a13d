"""The one small world that tests share, built through operations as an installation would be.

Anna is the patient and Dr Bruno treats her in Lyon; Marc is another patient. Diane keeps the front
desk and Hugo assists in Lyon, Paula is a physician in Paris, Ines administers the group. Carla has
an account, but her role ended: she works elsewhere.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.test import Client

from aiguille.accounts.operations import create_user, grant_qualification
from aiguille.accounts.signing import note_confirmation
from aiguille.clinics.operations import (
    Opening,
    add_membership,
    appoint_medical_director,
    create_group,
    create_resource,
    create_site,
    set_weekly_hours,
)
from aiguille.journeys.become_patient import open_space
from aiguille.kernel.actor import SYSTEM, Actor, ActorKind
from aiguille.kernel.codes import ResourceKind, StaffRole
from aiguille.kernel.text import Text
from aiguille.patients.operations import IdentityTraits, create_provisional, make_link

# A Monday morning in Lyon, before the clocks go forward on 29 March.
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PASSWORD = "eleven quiet herons"
ANNA_BORN = date(1988, 4, 3)
MARC_BORN = date(1979, 11, 23)


@dataclass(frozen=True)
class Person:
    """Somebody who signs in, and the actor that they are."""

    user_id: UUID
    email: str
    actor: Actor


@dataclass(frozen=True)
class SpacePerson(Person):
    """A patient with a space of their own."""

    patient_id: UUID
    birth_date: date


@dataclass(frozen=True)
class World:
    """Who and what there is at `at`."""

    at: datetime
    lyon: UUID
    paris: UUID
    bruno: Person
    paula: Person
    diane: Person
    hugo: Person
    ines: Person
    carla: Person
    anna: SpacePerson
    marc: SpacePerson
    bruno_resource: UUID
    paula_resource: UUID
    lyon_room: UUID
    paris_room: UUID
    lyon_pen: UUID

    def staff_client(self, person: Person) -> Client:
        """Return a browser in which a member of staff has signed in, by the clock as it is."""
        client = _client(person)
        confirm(client, person.user_id)
        return client

    def space_client(self, person: SpacePerson) -> Client:
        """Return a browser in which a patient's space is open."""
        client = _client(person)
        confirm(client, person.user_id, patient_id=person.patient_id)
        session = client.session
        session["space-patient"] = str(person.patient_id)
        session["space-opened"] = [str(person.patient_id)]
        session.save()
        return client


def build_world(at: datetime = AT) -> World:
    """Build the world as it is at the instant `at`."""
    today = at.date()
    since = today - timedelta(days=365)
    create_group(
        name="Peau & Soin",
        legal_name="Peau & Soin SELARL",
        email="contact@example.org",
        phone="+33478000000",
        actor=SYSTEM,
        at=at,
    )
    lyon, paris = _site("lyon", "Lyon", at=at), _site("paris", "Paris", at=at)
    bruno = _staff("Bruno Delmas", StaffRole.PHYSICIAN, lyon, since=since, at=at)
    paula = _staff("Paula Roche", StaffRole.PHYSICIAN, paris, since=since, at=at)
    for person, rpps in ((bruno, "10003456786"), (paula, "10003456794")):
        grant_qualification(
            user_id=person.user_id,
            title="physician",
            specialty="Dermatologie",
            rpps=rpps,
            ordre_number="69/12345",
            valid_from=since,
            actor=SYSTEM,
            at=at,
        )
    appoint_medical_director(user_id=bruno.user_id, valid_from=since, actor=SYSTEM, at=at)
    weekdays = range(5)
    bruno_resource = _practitioner("bruno", "Bruno Delmas", bruno, at=at)
    paula_resource = _practitioner("paula", "Paula Roche", paula, at=at)
    lyon_room = _thing(ResourceKind.ROOM, "lyon-room-1", "Salle 1", lyon, at=at)
    paris_room = _thing(ResourceKind.ROOM, "paris-room-1", "Salle 1", paris, at=at)
    lyon_pen = _thing(ResourceKind.DEVICE, "lyon-pen-1", "Stylo 1", lyon, at=at)
    for resource_id, site_id in (
        (bruno_resource, lyon),
        (paula_resource, paris),
        (lyon_room, lyon),
        (paris_room, paris),
        (lyon_pen, lyon),
    ):
        set_weekly_hours(
            resource_id=resource_id,
            openings=[Opening(site_id, weekday, 9 * 60, 18 * 60) for weekday in weekdays],
            actor=SYSTEM,
            at=at,
        )
    return World(
        at=at,
        lyon=lyon,
        paris=paris,
        bruno=bruno,
        paula=paula,
        diane=_staff("Diane Petit", StaffRole.FRONT_DESK, lyon, since=since, at=at),
        hugo=_staff("Hugo Blanc", StaffRole.ASSISTANT, lyon, since=since, at=at),
        ines=_staff("Ines Morel", StaffRole.ADMINISTRATOR, lyon, since=since, at=at),
        carla=_staff(
            "Carla Simon",
            StaffRole.PHYSICIAN,
            lyon,
            since=since,
            until=today - timedelta(days=1),
            at=at,
        ),
        anna=_patient("Anna", "Martin", ANNA_BORN, at=at),
        marc=_patient("Marc", "Lefèvre", MARC_BORN, at=at),
        bruno_resource=bruno_resource,
        paula_resource=paula_resource,
        lyon_room=lyon_room,
        paris_room=paris_room,
        lyon_pen=lyon_pen,
    )


def _site(code: str, city: str, *, at: datetime) -> UUID:
    return create_site(
        code=code,
        name=f"Peau & Soin {city}",
        street="12 rue des Tilleuls",
        postcode="69002" if code == "lyon" else "75011",
        city=city,
        phone="+33478000001",
        email=f"{code}@example.org",
        access=Text(fr="Au deuxième étage, avec ascenseur.", en="Second floor, with a lift."),
        actor=SYSTEM,
        at=at,
    )


def _staff(
    name: str,
    role: StaffRole,
    site_id: UUID,
    *,
    since: date,
    at: datetime,
    until: date | None = None,
) -> Person:
    email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
    user_id = create_user(
        email=email,
        display_name=name,
        kind="STAFF",
        language="fr",
        password=PASSWORD,
        actor=SYSTEM,
        at=at,
    )
    add_membership(
        user_id=user_id,
        site_id=site_id,
        role=role,
        valid_from=since,
        valid_until=until,
        actor=SYSTEM,
        at=at,
    )
    roles = frozenset({role}) if until is None else frozenset()
    actor = Actor(kind=ActorKind.STAFF, id=user_id, display_name=name, roles=roles, confirmed_at=at)
    return Person(user_id=user_id, email=email, actor=actor)


def _practitioner(code: str, name: str, person: Person, *, at: datetime) -> UUID:
    return create_resource(
        kind=ResourceKind.PRACTITIONER,
        code=code,
        name=name,
        title="Dr",
        skills=("needling", "mesotherapy"),
        user_id=person.user_id,
        actor=SYSTEM,
        at=at,
    )


def _thing(kind: ResourceKind, code: str, name: str, site_id: UUID, *, at: datetime) -> UUID:
    return create_resource(
        kind=kind,
        code=code,
        name=name,
        skills=("needling-pen",) if kind is ResourceKind.DEVICE else ("consultation", "treatment"),
        site_id=site_id,
        actor=SYSTEM,
        at=at,
    )


def _patient(first_name: str, name: str, born: date, *, at: datetime) -> SpacePerson:
    email = f"{first_name.lower()}@example.net"
    patient_id = create_provisional(
        birth_name=name,
        first_names=first_name,
        email=email,
        phone="06 12 34 56 78" if first_name == "Anna" else "06 98 76 54 32",
        language="fr",
        actor=SYSTEM,
        at=at,
    )
    token = make_link(
        patient_id=patient_id, scope="SPACE", expires_at=at + timedelta(days=7), at=at
    )
    traits = IdentityTraits(
        birth_name=name,
        first_names=first_name,
        birth_date=born,
        sex="F" if first_name == "Anna" else "M",
        birthplace="Lyon",
    )
    space = open_space(token=token, birth_date=born, traits=traits, address="192.0.2.1", at=at)
    actor = Actor(
        kind=ActorKind.PATIENT,
        id=space.user_id,
        display_name=f"{first_name} {name}",
        confirmed_at=at,
    )
    return SpacePerson(
        user_id=space.user_id,
        email=email,
        actor=actor,
        patient_id=patient_id,
        birth_date=born,
    )


def confirm(client: Client, user_id: UUID, *, patient_id: UUID | None = None) -> None:
    """Let somebody prove in this browser that it is they, by the clock as it is.

    A patient's login names the patient whose birth date it gives.
    """
    request = HttpRequest()
    request.session = client.session
    user = get_user_model().objects.get(pk=user_id)
    note_confirmation(request, user, patient_id=patient_id)
    request.session.save()


def _client(person: Person) -> Client:
    client = Client()
    client.force_login(
        get_user_model().objects.get(pk=person.user_id),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client
