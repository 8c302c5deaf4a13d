"""From a time that a visitor holds to an appointment of a provisional patient."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from aiguille.booking.operations import AlreadyBooked, book
from aiguille.booking.queries import HoldView, appointment_of_request
from aiguille.kernel.actor import VISITOR
from aiguille.patients.operations import create_provisional


@dataclass(frozen=True, slots=True)
class Visitor:
    """What a visitor says of themselves."""

    birth_name: str
    first_names: str
    email: str
    phone: str
    language: str


def request_key(*, browser: str, form_key: str) -> UUID:
    """Return the key of what one browser asks with one form; nobody else can name it."""
    digest = salted_hmac("book_online", f"{browser}|{form_key}", algorithm="sha256").hexdigest()
    return UUID(hex=digest[:32])


def already_booked(*, browser: str, form_key: str) -> UUID | None:
    """Return the appointment that the browser's form made before, or None."""
    found = appointment_of_request(request_key(browser=browser, form_key=form_key))
    return found.id if found else None


def book_online(
    *, visitor: Visitor, held: HoldView, browser: str, form_key: str, at: datetime
) -> UUID:
    """Book what the browser holds for a new provisional patient; sent twice, it is booked once.

    Only staff with an identity check join a provisional patient to an existing record.

    Raises:
        NameInvalid, PhoneInvalid, ContactInvalid: of what the visitor says.
        SlotTaken, NotBookable: of the time.
    """
    try:
        with transaction.atomic(durable=True):
            patient_id = create_provisional(
                birth_name=visitor.birth_name,
                first_names=visitor.first_names,
                email=visitor.email,
                phone=visitor.phone,
                language=visitor.language,
                actor=VISITOR,
                at=at,
            )
            return book(
                patient_id=patient_id,
                service_id=held.service_id,
                site_id=held.site_id,
                starts_at=held.starts_at,
                practitioner_id=held.practitioner_id,
                hold_browser=browser,
                request_key=request_key(browser=browser, form_key=form_key),
                actor=VISITOR,
                at=at,
            )
    except AlreadyBooked as error:
        return error.appointment_id
