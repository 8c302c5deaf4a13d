"""The journeys application: it speaks to the outbox for areas that lie below it."""

from django.apps import AppConfig


class JourneysConfig(AppConfig):
    """Registers the resolvers of messages, and what keeps a patient from an offered session."""

    name = "aiguille.journeys"

    def ready(self) -> None:
        """Register."""
        from aiguille.booking.offers import object_to_sessions
        from aiguille.journeys.book_session import blocking_symptom
        from aiguille.journeys.consultation_message import ConsultationMessage
        from aiguille.journeys.prescription_message import PrescriptionMessage
        from aiguille.journeys.questions_message import SUBJECT, QuestionsMessage
        from aiguille.journeys.space_link import SpaceLinkMessage
        from aiguille.messaging import resolvers

        resolvers.register("patient", SpaceLinkMessage())
        resolvers.register("consultation", ConsultationMessage())
        resolvers.register("prescription", PrescriptionMessage())
        resolvers.register(SUBJECT, QuestionsMessage())
        object_to_sessions(blocking_symptom)
