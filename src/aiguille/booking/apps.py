"""The application: it speaks for appointments when messages are due."""

from django.apps import AppConfig


class BookingConfig(AppConfig):
    """Registers the resolver of appointments' messages."""

    name = "aiguille.booking"

    def ready(self) -> None:
        """Register the resolver."""
        from aiguille.booking.resolver import AppointmentMessages
        from aiguille.messaging.resolvers import register

        register("appointment", AppointmentMessages())
