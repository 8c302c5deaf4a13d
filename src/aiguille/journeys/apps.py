"""The journeys application: it speaks to the outbox for areas that lie below it."""

from django.apps import AppConfig


class JourneysConfig(AppConfig):
    """Registers the resolver of messages about patients and consultations."""

    name = "aiguille.journeys"

    def ready(self) -> None:
        """Register."""
        from aiguille.journeys.consultation_message import ConsultationMessage
        from aiguille.journeys.space_link import SpaceLinkMessage
        from aiguille.messaging import resolvers

        resolvers.register("patient", SpaceLinkMessage())
        resolvers.register("consultation", ConsultationMessage())
