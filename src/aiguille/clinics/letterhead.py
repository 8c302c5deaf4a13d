"""What every document of the clinic says at its head and its foot."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import override

from aiguille.clinics.queries import SiteView, get_site, list_sites, the_group
from aiguille.plumbing.phones import show_phone


def letterhead(site: SiteView) -> dict[str, str]:
    """Return `data.clinic` of `plumbing/documents/letter.typ`."""
    return {
        "name": the_group().name,
        "site": site.name,
        "street": site.street,
        "city": f"{site.postcode} {site.city}",
        "phone": show_phone(site.phone),
        "email": site.email,
    }


def site_of_document(site_id: UUID | None) -> SiteView:
    """Return the site that a document comes from: the one named, else the group's first."""
    site = get_site(site_id) if site_id else list_sites()[0]
    assert site is not None, "a foreign key keeps the site"
    return site


def written_day(at: datetime, *, zone: ZoneInfo, language: str) -> str:
    """Write the date at a site as a document says it."""
    with override(language):
        return date_format(at.astimezone(zone), "j F Y")


def written_instant(at: datetime, *, zone: ZoneInfo, language: str) -> str:
    """Write a date and hour at a site as a document says it."""
    with override(language):
        local = at.astimezone(zone)
        return f"{date_format(local, 'j F Y')}, {date_format(local, 'H:i')}"
