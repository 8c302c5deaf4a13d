from datetime import UTC, date, datetime

import pytest

from aiguille.accounts.operations import create_user, grant_qualification
from aiguille.catalogue import seed
from aiguille.clinics.operations import (
    Opening,
    add_membership,
    appoint_medical_director,
    create_group,
    create_resource,
    create_site,
    set_weekly_hours,
)
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import ResourceKind, StaffRole
from aiguille.kernel.text import Text

AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def clinic(db: None) -> None:
    """Open a clinic in Lyon and in Paris: Dr Bruno works in both, Dr Carla in Paris only."""
    open_clinic(AT)


def open_clinic(at: datetime) -> None:
    create_group(
        name="Clinique Aiguille",
        legal_name="SELARL Aiguille",
        email="bonjour@example.org",
        phone="+33400000000",
        actor=SYSTEM,
        at=at,
    )
    sites = [
        create_site(
            code=code,
            name=f"Aiguille {city}",
            street=street,
            postcode=postcode,
            city=city,
            phone="+33400000001",
            email=f"{code}@example.org",
            access=Text(
                fr="Métro à deux minutes. Entrée de plain-pied, ascenseur.",
                en="Two minutes from the metro. Step-free entrance, lift.",
            ),
            actor=SYSTEM,
            at=at,
        )
        for code, city, street, postcode in (
            ("lyon", "Lyon", "12 rue des Tisseurs", "69001"),
            ("paris", "Paris", "8 rue du Faubourg", "75010"),
        )
    ]
    for code, name, skills, places in (
        ("bruno", "Bruno Vasseur", ["needling", "mesotherapy"], sites),
        ("carla", "Carla Morin", ["mesotherapy"], sites[1:]),
    ):
        user_id = create_user(
            email=f"{code}@example.org",
            display_name=name,
            kind="STAFF",
            language="fr",
            actor=SYSTEM,
            at=at,
        )
        grant_qualification(
            user_id=user_id,
            title="physician",
            valid_from=date(2020, 1, 1),
            actor=SYSTEM,
            at=at,
        )
        for site_id in places:
            add_membership(
                user_id=user_id,
                site_id=site_id,
                role=StaffRole.PHYSICIAN,
                valid_from=date(2026, 1, 1),
                actor=SYSTEM,
                at=at,
            )
        resource_id = create_resource(
            kind=ResourceKind.PRACTITIONER,
            code=code,
            name=name,
            title="Dr",
            presentation=Text(
                fr="Médecin, se consacre à la peau.", en="A doctor who devotes work to the skin."
            ),
            skills=skills,
            user_id=user_id,
            actor=SYSTEM,
            at=at,
        )
        set_weekly_hours(
            resource_id=resource_id,
            openings=[
                Opening(site_id=site_id, weekday=day + shift, from_minute=540, until_minute=1080)
                for shift, site_id in enumerate(places)
                for day in (0, 2)
            ],
            actor=SYSTEM,
            at=at,
        )
        if code == "bruno":
            appoint_medical_director(
                user_id=user_id, valid_from=date(2026, 1, 1), actor=SYSTEM, at=at
            )
    seed.load(actor=SYSTEM, at=at)
