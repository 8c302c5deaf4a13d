"""Two days of a known size for the day page: Sundays far ahead on which nobody else books."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from aiguille.accounts.queries import get_user_by_email
from aiguille.booking.operations import book
from aiguille.booking.queries import agenda_day
from aiguille.catalogue.queries import service_by_code
from aiguille.clinics.operations import add_extra_opening
from aiguille.clinics.queries import list_practitioners, resources_with_hours, site_by_code
from aiguille.demo.premises import PASSWORD, ZONE, staff_sign_ins
from aiguille.kernel.actor import SYSTEM
from aiguille.kernel.codes import ResourceKind
from aiguille.patients.operations import create_provisional
from aiguille.plumbing.clock import now

SITE = "lyon"
SERVICE = "consultation-mesotherapy"
# Longer than a consultation with its buffer: two physicians fill a day of 60 with room to spare.
EVERY = timedelta(minutes=35)
SUNDAY = 6
WEEKS_AHEAD = 30


def prepare_days(sizes: tuple[int, ...]) -> dict[int, tuple[str, date]]:
    """Return, by size, the site's code and a day with that many appointments; make it if needed."""
    site = site_by_code(SITE)
    assert site is not None, "the demo has this site"
    today = now().astimezone(ZONE).date()
    first = today + timedelta(weeks=WEEKS_AHEAD, days=SUNDAY - today.weekday())
    days = {size: first + timedelta(weeks=number) for number, size in enumerate(sizes)}
    for size, day in days.items():
        there = len(agenda_day(site_id=site.id, day=day))
        if there == 0:
            _fill(site.id, day, size)
        elif there != size:
            raise RuntimeError(f"{day} has {there} appointments; remove var/bench")
    return {size: (SITE, day) for size, day in days.items()}


def _fill(site_id: UUID, day: date, size: int) -> None:
    at = now()
    doctors = list_practitioners(site_id)
    rooms = [r for r in resources_with_hours() if r.site_id == site_id]
    rooms = [r for r in rooms if r.kind is ResourceKind.ROOM and "consultation" in r.skills]
    for resource_id in [*(doctor.id for doctor in doctors), *(room.id for room in rooms)]:
        add_extra_opening(
            resource_id=resource_id,
            site_id=site_id,
            on=day,
            from_minute=0,
            until_minute=24 * 60,
            actor=SYSTEM,
            at=at,
        )
    service = service_by_code(SERVICE)
    start = datetime.combine(day, time(1), ZONE)
    for number in range(size):
        turn, who = divmod(number, len(doctors))
        patient_id = create_provisional(
            birth_name="Mesure",
            first_names="Patiente",
            email=f"mesure.{day:%Y%m%d}.{number}@example.net",
            phone="",
            language="fr",
            actor=SYSTEM,
            at=at,
        )
        book(
            patient_id=patient_id,
            service_id=service.id,
            site_id=site_id,
            starts_at=start + turn * EVERY,
            practitioner_id=doctors[who].id,
            actor=SYSTEM,
            at=at,
        )


def staff_cookie() -> dict[str, str]:
    """Return the cookie of a physician of the site who has signed in."""
    from django.conf import settings
    from django.test import Client

    physician = staff_sign_ins()[0]
    assert get_user_by_email(physician.email) is not None, "the demo is filled"
    client = Client()
    if not client.login(username=physician.email, password=PASSWORD):
        raise RuntimeError("the demo's password is refused")
    name: str = settings.SESSION_COOKIE_NAME
    return {name: client.cookies[name].value}
