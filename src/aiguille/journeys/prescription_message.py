"""The message about a prescription signed after the consultation: a document waits in the space."""

from datetime import timedelta

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from aiguille.care.prescriptions import get_prescription
from aiguille.clinics.queries import the_group
from aiguille.messaging.resolvers import Due, Rendered
from aiguille.patients.operations import is_still_reached_at, make_link
from aiguille.patients.queries import get_identity

VALID_FOR = timedelta(days=7)


class PrescriptionMessage:
    """Speaks for prescriptions to the outbox; it does not say what was prescribed, nor that it was."""

    def still_true(self, message: Due) -> bool:
        """Tell whether it still stands, and the patient is still reached at this address."""
        return (
            message.patient_id is not None
            and get_prescription(message.subject_id).is_standing
            and is_still_reached_at(patient_id=message.patient_id, email=message.recipient)
        )

    def render(self, message: Due) -> Rendered:
        """Make the link and write the message in the patient's language."""
        patient_id = get_prescription(message.subject_id).patient_id
        token = make_link(
            patient_id=patient_id,
            scope="SPACE",
            expires_at=message.at + VALID_FOR,
            at=message.at,
        )
        with translation.override(message.language):
            context = {
                "first_names": get_identity(patient_id).first_names,
                "link": settings.BASE_URL + reverse("public:space_link", args=[token]),
                "clinic": the_group().name,
            }
            return Rendered(
                subject=translation.gettext("A document waits in your space"),
                text=render_to_string("journeys/document_ready.txt", context),
            )
