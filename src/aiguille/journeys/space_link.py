"""The message with a link to the space: true while the address is, the link made when it leaves."""

from datetime import timedelta

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from aiguille.clinics.queries import the_group
from aiguille.journeys.become_patient import SPACE_LINK
from aiguille.messaging.resolvers import Due, Rendered
from aiguille.patients.operations import is_still_reached_at, make_link
from aiguille.patients.queries import get_identity

VALID_FOR = timedelta(hours=1)


class SpaceLinkMessage:
    """Speaks for patients to the outbox."""

    def still_true(self, message: Due) -> bool:
        """Tell whether the patient is still reached at this address."""
        return message.kind == SPACE_LINK and is_still_reached_at(
            patient_id=message.subject_id, email=message.recipient
        )

    def render(self, message: Due) -> Rendered:
        """Make the link and write the message in the patient's language."""
        token = make_link(
            patient_id=message.subject_id,
            scope="SPACE",
            expires_at=message.at + VALID_FOR,
            at=message.at,
        )
        with translation.override(message.language):
            context = {
                "first_names": get_identity(message.subject_id).first_names,
                "link": settings.BASE_URL + reverse("public:space_link", args=[token]),
                "clinic": the_group().name,
            }
            return Rendered(
                subject=translation.gettext("Your link to your space"),
                text=render_to_string("journeys/space_link.txt", context),
            )
