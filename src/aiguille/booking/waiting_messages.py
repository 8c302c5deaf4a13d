"""Speaking for the waiting list when a message's time has come. Never what the wait is for."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import override

from aiguille.booking.models import Offer, OfferState, WaitingEntry, WaitingState
from aiguille.booking.resolver import SMS, Link
from aiguille.booking.rules import LINK_OUTLIVES
from aiguille.booking.waiting_notices import OFFERED
from aiguille.booking.wording import when_in, word, wordings
from aiguille.clinics.queries import SiteView, get_site, the_group
from aiguille.messaging.resolvers import Due, Rendered
from aiguille.patients.operations import make_link
from aiguille.plumbing.phones import show_phone


class WaitingMessages:
    """The resolver of the subject kinds "waiting_entry" and "waiting_offer"."""

    def still_true(self, message: Due) -> bool:
        """Lock the subject and tell whether the message still describes it."""
        if message.kind != OFFERED:
            row = (
                WaitingEntry.objects.select_for_update(of=("self",), no_key=True)
                .filter(id=message.subject_id)
                .first()
            )
            return (
                row is not None
                and row.state == WaitingState.WAITING
                and row.version == message.subject_version
            )
        offer = (
            Offer.objects.select_for_update(of=("self",), no_key=True)
            .filter(id=message.subject_id)
            .first()
        )
        return offer is not None and offer.state == OfferState.OPEN and message.at < offer.deadline

    def render(self, message: Due) -> Rendered:
        """Write the message in its language, with a fresh link."""
        offer = Offer.objects.filter(id=message.subject_id).first()
        entry = WaitingEntry.objects.get(id=offer.entry_id if offer else message.subject_id)
        language, group = message.language.value, the_group()
        site = get_site(offer.site_id) if offer else None
        wording = wordings()[message.kind]
        facts = _facts(offer, entry, language=language)
        subject = wording.subject.in_language(language).format(**facts)
        link = _link(entry, wording.links[0], message)
        if message.channel == SMS:
            said = [f"{group.name}.", f"{subject}."]
            if offer:
                said.append(wording.closing.in_language(language).format(**facts))
            return Rendered(subject=subject, text=" ".join([*said, link.address]))
        context = {
            "language": language,
            "hello": word("hello", language),
            "subject": subject,
            "opening": wording.opening.in_language(language).format(**facts),
            "closing": wording.closing.in_language(language).format(**facts),
            "private": word("private_one", language),
            "when": facts["when"],
            "site": site,
            "phone": show_phone(_phone(site) or group.phone),
            "group": group,
            "links": [link],
        }
        return Rendered(
            subject=f"{group.name} : {subject}" if language == "fr" else f"{group.name}: {subject}",
            text=render_to_string("booking/message.txt", context),
            html=render_to_string("booking/message.html", context),
        )


def _facts(offer: Offer | None, entry: WaitingEntry, *, language: str) -> dict[str, str]:
    with override(language):
        last_day = date_format(entry.last_day, "l j F Y")
    if offer is None:
        return {"when": "", "deadline": "", "last_day": last_day}
    zone = ZoneInfo(offer.time_zone)
    return {
        "when": when_in(offer.starts_at.astimezone(zone), language),
        "deadline": when_in(offer.deadline.astimezone(zone), language),
        "last_day": last_day,
    }


def _link(entry: WaitingEntry, name: str, message: Due) -> Link:
    """Make the link, which lives as long as the person may wait."""
    language = message.language.value
    ends = datetime.combine(entry.last_day, datetime.min.time(), tzinfo=message.at.tzinfo)
    token = make_link(
        patient_id=entry.patient_id,
        scope="WAITING",
        subject_id=entry.id,
        expires_at=ends + timedelta(days=2) + LINK_OUTLIVES,
        at=message.at,
    )
    with override(language):
        path = reverse("public:waiting", args=[token])
    return Link(label=word(name, language), address=f"{settings.BASE_URL}{path}")


def _phone(site: SiteView | None) -> str:
    return site.phone if site else ""
