"""A patient whom the desk registers: found before, or new with what they declare."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from aiguille.kernel.actor import Actor
from aiguille.patients.operations import IdentityTraits, create_provisional, declare_identity
from aiguille.patients.queries import get_identity


def register_patient(
    *,
    birth_name: str,
    first_names: str,
    email: str,
    phone: str,
    language: str,
    traits: IdentityTraits | None,
    actor: Actor,
    at: datetime,
) -> int:
    """Register a patient and return the short number; `traits` where the birth date is known.

    Raises:
        NameInvalid, PhoneInvalid, ContactInvalid, BirthDateInvalid, NotAllowed.
    """
    with transaction.atomic(durable=True):
        patient_id: UUID = create_provisional(
            birth_name=birth_name,
            first_names=first_names,
            email=email,
            phone=phone,
            language=language,
            actor=actor,
            at=at,
        )
        if traits is not None:
            declare_identity(patient_id=patient_id, traits=traits, actor=actor, at=at)
        return get_identity(patient_id).number
