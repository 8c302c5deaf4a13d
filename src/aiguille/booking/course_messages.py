"""Speaking for a course when a message's time has come: every session ahead, as it is then."""

from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from aiguille.booking.calendar_file import MEDIA_TYPE, calendar_file_of_all
from aiguille.booking.course_terms import course_ahead
from aiguille.booking.models import Appointment
from aiguille.booking.queries import AppointmentView
from aiguille.booking.resolver import SMS, Link
from aiguille.booking.rules import CHANGE_LIMIT, LINK_OUTLIVES
from aiguille.booking.wording import when_in, word, wordings
from aiguille.clinics.queries import SiteView, get_site, the_group
from aiguille.messaging.resolvers import Attachment, Due, Rendered
from aiguille.patients.operations import make_link
from aiguille.plumbing.phones import show_phone

FILE_NAME = "appointments.ics"


@dataclass(frozen=True, slots=True)
class Stop:
    """An appointment as a message lists it: its local time in words, and its site."""

    when: str
    site: SiteView


class CourseMessages:
    """The resolver of the subject kind "course"; the subject is the plan."""

    def still_true(self, message: Due) -> bool:
        """Lock the sessions ahead and tell whether there is any to speak of."""
        ahead = [view.id for view in course_ahead(message.subject_id, at=message.at)]
        rows = Appointment.objects.select_for_update(of=("self",), no_key=True)
        list(rows.filter(id__in=ahead).order_by("id").values_list("id"))
        return bool(ahead)

    def render(self, message: Due) -> Rendered:
        """Write the message in its language, with one link and one calendar file."""
        ahead = course_ahead(message.subject_id, at=message.at)
        sites = {view.site_id: _site(view) for view in ahead}
        language, group = message.language.value, the_group()
        wording = wordings()[message.kind]
        facts = {
            "when": when_in(ahead[0].local, language),
            "limit": int(CHANGE_LIMIT.total_seconds() // 3600),
        }
        subject = wording.subject.in_language(language).format(**facts)
        link = _link(ahead[-1], wording.links[0], message)
        if message.channel == SMS:
            said = " ".join([f"{group.name}.", f"{subject}.", link.address])
            return Rendered(subject=subject, text=said)
        context = {
            "language": language,
            "hello": word("hello", language),
            "subject": subject,
            "opening": wording.opening.in_language(language).format(**facts),
            "closing": wording.closing.in_language(language).format(**facts),
            "private": word("private_one", language),
            "stops": [Stop(when_in(one.local, language), sites[one.site_id]) for one in ahead],
            "phone": show_phone(sites[ahead[0].site_id].phone),
            "group": group,
            "links": [link],
        }
        calendar = calendar_file_of_all(
            [(view, sites[view.site_id]) for view in ahead],
            group=group,
            language=language,
            at=message.at,
        )
        return Rendered(
            subject=f"{group.name} : {subject}" if language == "fr" else f"{group.name}: {subject}",
            text=render_to_string("booking/message.txt", context),
            html=render_to_string("booking/message.html", context),
            attachments=(Attachment(FILE_NAME, MEDIA_TYPE, calendar),),
        )


def _site(view: AppointmentView) -> SiteView:
    site = get_site(view.site_id)
    assert site is not None
    return site


def _link(last: AppointmentView, name: str, message: Due) -> Link:
    """Make the link to the patient's space; it lives until the last session is over."""
    language = message.language.value
    token = make_link(
        patient_id=last.patient_id,
        scope="SPACE",
        subject_id=last.id,
        expires_at=last.ends_at + LINK_OUTLIVES,
        at=message.at,
    )
    with override(language):
        path = reverse("public:space_link", args=[token])
    return Link(label=word(name, language), address=f"{settings.BASE_URL}{path}")
