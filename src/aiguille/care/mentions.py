"""The particulars that the law wants on a prescription, read when it is signed and kept with it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.accounts.queries import get_user, physician_credentials
from aiguille.care.prescribing import Measures, mentions
from aiguille.clinics.queries import get_site, the_group
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.patients.queries import get_identity
from aiguille.plumbing.phones import show_phone_abroad


class MentionMissing(DomainError):
    """The record lacks something that the law wants on a prescription; `missing` are the codes."""

    code = "mention_missing"

    def __init__(self, missing: list[str]) -> None:
        self.missing = tuple(missing)
        names = [one.name for one in mentions() if one.code in missing]
        super().__init__(
            Text(
                fr="Il manque au dossier, pour signer une ordonnance : "
                + ", ".join(name.fr for name in names)
                + ".",
                en="The record lacks, for a prescription to be signed: "
                + ", ".join(name.en for name in names)
                + ".",
            )
        )


def particulars(
    *,
    patient_id: UUID,
    site_id: UUID,
    signer_id: UUID,
    signer_name: str,
    examined_at: datetime,
    measures: Measures,
    at: datetime,
) -> dict[str, Any]:
    """Return the mentions of prescriber, site and patient as they stand, as JSON values.

    Each is kept at the place that the data file names (`at`); what is not known is empty. Dates are
    those of the site.
    """
    site, group = get_site(site_id), the_group()
    assert site is not None, "a foreign key keeps the site"
    zone = ZoneInfo(site.time_zone)
    today = at.astimezone(zone).date()
    patient = get_identity(patient_id)
    credentials = physician_credentials(signer_id, today)
    account = get_user(signer_id)
    shown_name = f"{patient.used_name or patient.birth_name}".strip()
    return {
        "date": today.isoformat(),
        "examined_on": examined_at.astimezone(zone).date().isoformat(),
        "signature": signer_name,
        "clinic": {
            "name": group.name,
            "site": site.name,
            "street": site.street,
            "city": f"{site.postcode} {site.city}",
            "place": site.city,
            "phone": show_phone_abroad(site.phone),
            "email": site.email,
            "time_zone": site.time_zone,
        },
        "prescriber": {
            "name": signer_name,
            "title": credentials.title if credentials else "",
            "specialty": credentials.specialty if credentials else "",
            "rpps": credentials.rpps if credentials else "",
            "address": site.address if site.street and site.city else "",
            "phone": show_phone_abroad(site.phone),
            "email": account.email if account else "",
        },
        "patient": {
            "name": shown_name and f"{patient.first_names} {shown_name}".strip(),
            "birth_name": patient.birth_name if patient.birth_name != shown_name else "",
            "born": patient.birth_date.isoformat() if patient.birth_date else "",
            "age": patient.age_on(today),
            "sex": patient.sex,
            "number": str(patient.number),
            "weight_kg": None if measures.weight_kg is None else f"{measures.weight_kg:f}",
            "height_cm": measures.height_cm,
        },
    }


def check_particulars(given: dict[str, Any]) -> None:
    """Accept particulars that hold every mention that is always needed.

    Raises:
        MentionMissing: one is empty.
    """
    missing = [one.code for one in mentions() if one.is_needed and not _is_said(given, one.at)]
    if missing:
        raise MentionMissing(missing)


def _is_said(given: dict[str, Any], place: str) -> bool:
    if place.startswith("line."):
        return True  # judged line by line
    value: Any = given
    for name in place.split("."):
        value = value[name]
    return bool(value)


def age_of(given: dict[str, Any]) -> int | None:
    """Return the patient's age in particulars."""
    age = given["patient"]["age"]
    return None if age is None else int(age)


def born_in(given: dict[str, Any]) -> date | None:
    """Return the patient's birth date in particulars."""
    born = given["patient"]["born"]
    return date.fromisoformat(born) if born else None
