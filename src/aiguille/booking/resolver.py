"""Speaking for appointments when a message's time has come."""

from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from aiguille.booking.calendar_file import FILE_NAME, MEDIA_TYPE, calendar_file
from aiguille.booking.models import Appointment, AppointmentState
from aiguille.booking.preparation import (
    REMINDER,
    preparation_in_words,
    preparation_stands,
    preparations,
)
from aiguille.booking.queries import AppointmentView, get_appointment
from aiguille.booking.rules import CHANGE_LIMIT, LINK_OUTLIVES
from aiguille.booking.wording import Wording, when_in, word, wordings
from aiguille.clinics.queries import GroupView, SiteView, get_site, the_group
from aiguille.messaging.resolvers import Attachment, Due, Rendered
from aiguille.patients.operations import make_link
from aiguille.plumbing.phones import show_phone

SMS = "SMS"


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its label."""

    label: str
    address: str


class AppointmentMessages:
    """The resolver of the subject kind "appointment"."""

    def still_true(self, message: Due) -> bool:
        """Lock the appointment and tell whether the message still describes it."""
        row = (
            Appointment.objects.select_for_update(of=("self",), no_key=True)
            .filter(id=message.subject_id)
            .first()
        )
        if row is None or row.version != message.subject_version:
            return False
        if message.kind == "appointment_cancelled":
            return row.state == AppointmentState.CANCELLED
        if row.state != AppointmentState.BOOKED or row.starts_at <= message.at:
            return False
        return message.kind != REMINDER or preparation_stands(row, at=message.at)

    def render(self, message: Due) -> Rendered:
        """Write the message in its language, with fresh links."""
        appointment = get_appointment(message.subject_id)
        site = get_site(appointment.site_id)
        assert site is not None
        group = the_group()
        wording = wordings()[message.kind]
        language = message.language.value
        when = when_in(appointment.local, language)
        links = [_link(name, appointment, message) for name in wording.links]
        facts = {"when": when, "limit": int(CHANGE_LIMIT.total_seconds() // 3600)}
        subject = wording.subject.in_language(language).format(**facts)
        preparation = _preparation(appointment, language)
        if message.channel == SMS:
            said = f"{subject}. {preparation}" if message.kind == REMINDER else f"{subject}."
            return Rendered(subject=subject, text=_sms(said, group, links))
        context = {
            "language": language,
            "hello": word("hello", language),
            "subject": subject,
            "opening": wording.opening.in_language(language).format(**facts),
            "closing": wording.closing.in_language(language).format(**facts),
            "private": word("private", language) if _are_secret(wording) else "",
            "when": when,
            "preparation": preparation,
            "site": site,
            "phone": show_phone(site.phone),
            "group": group,
            "links": links,
        }
        attachments = _calendar(appointment, site, group, message) if wording.has_calendar else ()
        return Rendered(
            subject=f"{group.name} : {subject}" if language == "fr" else f"{group.name}: {subject}",
            text=render_to_string("booking/message.txt", context),
            html=render_to_string("booking/message.html", context),
            attachments=attachments,
        )


def _preparation(appointment: AppointmentView, language: str) -> str:
    """Return what to do at home and when, as the prescription in force says it; "" for nothing."""
    times = preparations([appointment]).get(appointment.id)
    if times is None:
        return ""
    return preparation_in_words(
        times,
        time_zone=appointment.time_zone,
        day=appointment.local_date.isoformat(),
        language=language,
    )


def _are_secret(wording: Wording) -> bool:
    return any(name in {"manage", "space"} for name in wording.links)


def _link(name: str, appointment: AppointmentView, message: Due) -> Link:
    """Make a link: secret ones are made here and now, and only their hash is kept."""
    language = message.language.value
    with override(language):
        if name == "book":
            path = reverse("public:book")
        else:
            scope, view = {
                "manage": ("APPOINTMENT", "public:appointment"),
                "space": ("SPACE", "public:space_link"),
            }[name]
            token = make_link(
                patient_id=appointment.patient_id,
                scope=scope,
                subject_id=appointment.id,
                expires_at=appointment.ends_at + LINK_OUTLIVES,
                at=message.at,
            )
            path = reverse(view, args=[token])
    return Link(label=word(name, language), address=f"{settings.BASE_URL}{path}")


def _sms(said: str, group: GroupView, links: list[Link]) -> str:
    return " ".join([f"{group.name}.", said, *(link.address for link in links[:1])])


def _calendar(
    appointment: AppointmentView, site: SiteView, group: GroupView, message: Due
) -> tuple[Attachment, ...]:
    content = calendar_file(
        appointment, site=site, group=group, language=message.language.value, at=message.at
    )
    return (Attachment(name=FILE_NAME, media_type=MEDIA_TYPE, content=content),)
