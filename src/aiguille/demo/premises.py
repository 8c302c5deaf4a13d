"""The demo's places, people and shelves: what stands before the first patient comes.

The names are invented; telephone numbers come from the ranges that the French regulator keeps for
fiction, addresses of mail from domains that nobody can own, and RPPS numbers are only well formed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from stdnum import luhn

from aiguille.accounts.operations import create_user, grant_qualification
from aiguille.catalogue import operations as catalogue
from aiguille.catalogue import seed
from aiguille.clinics import operations as clinics
from aiguille.clinics.operations import Opening
from aiguille.consent.operations import publish_texts
from aiguille.kernel.actor import SYSTEM, Actor, ActorKind
from aiguille.kernel.codes import ResourceKind, StaffRole
from aiguille.kernel.text import Text
from aiguille.protocols.library import shipped_protocols
from aiguille.protocols.model import Adoption

PASSWORD = "peau calme au matin"  # noqa: S105 -- printed for whoever tries the demo
ZONE = ZoneInfo("Europe/Paris")
SUNDAY = 6
SUNDAY_HOURS = (9 * 60, 18 * 60)
_EVERY_DAY = range(6)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the staff: the login, and the actor that it is."""

    name: str
    email: str
    role: StaffRole
    user_id: UUID
    actor: Actor


@dataclass(frozen=True, slots=True)
class Doctor:
    """A physician as a colleague, and as what appointments hold."""

    colleague: Colleague
    resource_id: UUID
    openings: tuple[Opening, ...]

    @property
    def actor(self) -> Actor:
        """Return the physician as who acts."""
        return self.colleague.actor


@dataclass(frozen=True, slots=True)
class Place:
    """A site with its physicians."""

    id: UUID
    city: str
    doctors: tuple[Doctor, ...]


@dataclass(frozen=True, slots=True)
class Premises:
    """Everything that stands before the first patient comes."""

    places: tuple[Place, ...]
    desk: Colleague
    manager: Colleague
    open_sunday: date | None

    def hours_of(self, doctor: Doctor, day: date) -> list[tuple[int, int]]:
        """Return a physician's hours on a day, as minutes; none where the day is off."""
        if day == self.open_sunday:
            return [SUNDAY_HOURS]
        weekly = [opening for opening in doctor.openings if opening.weekday == day.weekday()]
        return [(opening.from_minute, opening.until_minute) for opening in weekly]


@dataclass(frozen=True, slots=True)
class _DoctorWords:
    name: str
    email: str
    site: str
    ordre: str
    specialty: str
    presentation: Text
    days: Sequence[int]
    hours: tuple[tuple[int, int], tuple[int, int]]


_DOCTORS = (
    _DoctorWords(
        name="Claire Vasseur",
        email="claire.vasseur@example.org",
        site="lyon",
        ordre="69/20417",
        specialty="Dermatologie et vénéréologie",
        presentation=Text(
            fr="Dermatologue, directrice médicale. Cicatrices d’acné et qualité de la peau.",
            en="Dermatologist, medical director. Acne scars and quality of the skin.",
        ),
        days=range(5),
        hours=((9 * 60, 12 * 60 + 30), (13 * 60 + 30, 18 * 60 + 30)),
    ),
    _DoctorWords(
        name="Malik Benhaddou",
        email="malik.benhaddou@example.org",
        site="lyon",
        ordre="69/22093",
        specialty="Médecine générale",
        presentation=Text(
            fr="Médecin esthétique. Mésothérapie du visage et du cuir chevelu.",
            en="Aesthetic physician. Mesotherapy of the face and the scalp.",
        ),
        days=range(1, 6),
        hours=((10 * 60, 13 * 60), (14 * 60, 19 * 60)),
    ),
    _DoctorWords(
        name="Hélène Marchetti",
        email="helene.marchetti@example.org",
        site="paris",
        ordre="75/81652",
        specialty="Chirurgie plastique, reconstructrice et esthétique",
        presentation=Text(
            fr="Chirurgienne plasticienne. Cicatrices chirurgicales et vergetures.",
            en="Plastic surgeon. Surgical scars and stretch marks.",
        ),
        days=range(5),
        hours=((9 * 60, 13 * 60), (14 * 60, 18 * 60)),
    ),
    _DoctorWords(
        name="Thomas Delaunay",
        email="thomas.delaunay@example.org",
        site="paris",
        ordre="75/83310",
        specialty="Dermatologie et vénéréologie",
        presentation=Text(
            fr="Dermatologue. Signes de l’âge et peaux à tendance acnéique.",
            en="Dermatologist. Signs of age and acne-prone skin.",
        ),
        days=(0, 2, 3, 4, 5),
        hours=((9 * 60 + 30, 13 * 60), (14 * 60, 19 * 60)),
    ),
)

_OTHERS = (
    ("Inès Caron", "ines.caron@example.org", StaffRole.ASSISTANT, ("lyon",)),
    ("Sarah Lemoine", "sarah.lemoine@example.org", StaffRole.NURSE, ("paris",)),
    ("Camille Perrin", "camille.perrin@example.org", StaffRole.FRONT_DESK, ("lyon", "paris")),
    ("Olivier Tessier", "olivier.tessier@example.org", StaffRole.MANAGER, ("lyon", "paris")),
    ("Nadia Roussel", "nadia.roussel@example.org", StaffRole.ADMINISTRATOR, ("lyon", "paris")),
)

ROLE_NAMES = {
    StaffRole.PHYSICIAN: Text(fr="médecin", en="physician"),
    StaffRole.NURSE: Text(fr="infirmière", en="nurse"),
    StaffRole.ASSISTANT: Text(fr="assistante", en="assistant"),
    StaffRole.FRONT_DESK: Text(fr="accueil", en="front desk"),
    StaffRole.MANAGER: Text(fr="gestion", en="manager"),
    StaffRole.ADMINISTRATOR: Text(fr="administration", en="administrator"),
}


@dataclass(frozen=True, slots=True)
class SignIn:
    """An address with which somebody of the demo signs in."""

    name: str
    email: str
    role: Text
    city: str


def staff_sign_ins() -> list[SignIn]:
    """Return who signs in with `PASSWORD`, physicians on top."""
    doctors = [
        SignIn(
            f"Dr {words.name}",
            words.email,
            ROLE_NAMES[StaffRole.PHYSICIAN],
            words.site.capitalize(),
        )
        for words in _DOCTORS
    ]
    others = [
        SignIn(name, email, ROLE_NAMES[role], ", ".join(site.capitalize() for site in sites))
        for name, email, role, sites in _OTHERS
    ]
    return [*doctors, *others]


def open_premises(*, since: datetime, today: date) -> Premises:
    """Found the group at the instant `since`, with all that it needs; return who and what there is.

    Where `today` is a Sunday, the clinic opens exceptionally, so that there is a day to look at.
    """
    clinics.create_group(
        name="Clinique Aiguille",
        legal_name="Clinique Aiguille (démonstration) SELARL",
        email="accueil@example.org",
        phone="04 65 71 20 00",
        second_factor_required=False,
        actor=SYSTEM,
        at=since,
    )
    sites = {
        "lyon": _site(
            "lyon",
            "Lyon",
            street="18 quai des Tisserandes",
            postcode="69002",
            phone="04 65 71 20 10",
            access=Text(
                fr="Métro Bellecour, à cinq minutes à pied. Entrée de plain-pied, ascenseur.",
                en="Five minutes’ walk from Bellecour metro station. Step-free entrance, lift.",
            ),
            at=since,
        ),
        "paris": _site(
            "paris",
            "Paris",
            street="7 rue des Herboristes",
            postcode="75011",
            phone="01 99 00 20 20",
            access=Text(
                fr="Métro Saint-Ambroise, sortie 1. Deuxième cour, ascenseur.",
                en="Saint-Ambroise metro station, exit 1. Second courtyard, lift.",
            ),
            at=since,
        ),
    }
    doctors = {code: [] for code in sites}  # type: dict[str, list[Doctor]]
    for number, words in enumerate(_DOCTORS, start=1):
        doctors[words.site].append(_doctor(words, number, sites[words.site], at=since))
    clinics.appoint_medical_director(
        user_id=doctors["lyon"][0].colleague.user_id,
        valid_from=since.date(),
        actor=SYSTEM,
        at=since,
    )
    others = {
        role: _colleague(name, email, role, [sites[code] for code in codes], at=since)
        for name, email, role, codes in _OTHERS
    }
    things = [thing for code in sites for thing in _things(code, sites[code], at=since)]
    if today.weekday() == SUNDAY:
        holders = [(d.resource_id, sites[code]) for code in sites for d in doctors[code]]
        _open_on(today, [*holders, *things], at=since)
    _open_catalogue(at=since)
    return Premises(
        places=tuple(
            Place(id=sites[code], city=code.capitalize(), doctors=tuple(doctors[code]))
            for code in sites
        ),
        desk=others[StaffRole.FRONT_DESK],
        manager=others[StaffRole.MANAGER],
        open_sunday=today if today.weekday() == SUNDAY else None,
    )


def _site(
    code: str,
    city: str,
    *,
    street: str,
    postcode: str,
    phone: str,
    access: Text,
    at: datetime,
) -> UUID:
    return clinics.create_site(
        code=code,
        name=f"Clinique Aiguille {city}",
        street=street,
        postcode=postcode,
        city=city,
        phone=phone,
        email=f"{code}@example.org",
        access=access,
        actor=SYSTEM,
        at=at,
    )


def _colleague(
    name: str, email: str, role: StaffRole, site_ids: Iterable[UUID], *, at: datetime
) -> Colleague:
    user_id = create_user(
        email=email,
        display_name=name,
        kind="STAFF",
        language="fr",
        password=PASSWORD,
        actor=SYSTEM,
        at=at,
    )
    for site_id in site_ids:
        clinics.add_membership(
            user_id=user_id,
            site_id=site_id,
            role=role,
            valid_from=at.date(),
            actor=SYSTEM,
            at=at,
        )
    actor = Actor(kind=ActorKind.STAFF, id=user_id, display_name=name, roles=frozenset({role}))
    return Colleague(name=name, email=email, role=role, user_id=user_id, actor=actor)


def _doctor(words: _DoctorWords, number: int, site_id: UUID, *, at: datetime) -> Doctor:
    colleague = _colleague(words.name, words.email, StaffRole.PHYSICIAN, [site_id], at=at)
    stem = f"1000099{number:03d}"
    grant_qualification(
        user_id=colleague.user_id,
        title="physician",
        specialty=words.specialty,
        rpps=stem + luhn.calc_check_digit(stem),
        ordre_number=words.ordre,
        valid_from=at.date(),
        actor=SYSTEM,
        at=at,
    )
    resource_id = clinics.create_resource(
        kind=ResourceKind.PRACTITIONER,
        code=words.email.partition("@")[0].replace(".", "-"),
        name=words.name,
        title="Dr",
        presentation=words.presentation,
        skills=("needling", "mesotherapy"),
        user_id=colleague.user_id,
        actor=SYSTEM,
        at=at,
    )
    openings = tuple(
        Opening(site_id, day, start, end) for day in words.days for start, end in words.hours
    )
    clinics.set_weekly_hours(resource_id=resource_id, openings=openings, actor=SYSTEM, at=at)
    return Doctor(colleague=colleague, resource_id=resource_id, openings=openings)


_THINGS = (
    (ResourceKind.ROOM, "cabinet-1", "Cabinet 1", ("consultation",)),
    (ResourceKind.ROOM, "cabinet-2", "Cabinet 2", ("consultation",)),
    (ResourceKind.ROOM, "salle-1", "Salle de soin 1", ("treatment",)),
    (ResourceKind.ROOM, "salle-2", "Salle de soin 2", ("treatment",)),
    (ResourceKind.ROOM, "salle-3", "Salle de soin 3", ("treatment",)),
    (ResourceKind.DEVICE, "stylo-1", "Stylo d’aiguilletage", ("needling-pen",)),
)


def _things(code: str, site_id: UUID, *, at: datetime) -> list[tuple[UUID, UUID]]:
    """Create a site's rooms and pen, open from Monday to Saturday; return each with the site."""
    made = []
    for kind, name, label, skills in _THINGS:
        resource_id = clinics.create_resource(
            kind=kind,
            code=f"{code}-{name}",
            name=label,
            skills=skills,
            site_id=site_id,
            actor=SYSTEM,
            at=at,
        )
        openings = [Opening(site_id, day, 8 * 60 + 30, 20 * 60) for day in _EVERY_DAY]
        clinics.set_weekly_hours(resource_id=resource_id, openings=openings, actor=SYSTEM, at=at)
        made.append((resource_id, site_id))
    return made


def _open_on(day: date, held: Iterable[tuple[UUID, UUID]], *, at: datetime) -> None:
    for resource_id, site_id in held:
        clinics.add_extra_opening(
            resource_id=resource_id,
            site_id=site_id,
            on=day,
            from_minute=SUNDAY_HOURS[0],
            until_minute=SUNDAY_HOURS[1],
            actor=SYSTEM,
            at=at,
        )


def _open_catalogue(*, at: datetime) -> None:
    seed.load(actor=SYSTEM, at=at)
    for shipped in shipped_protocols().values():
        if shipped.protocol.adoption is not Adoption.KNOWINGLY:
            catalogue.adopt_protocol(content=shipped.content, actor=SYSTEM, at=at)
    publish_texts(actor=SYSTEM, at=at + timedelta(minutes=1))
