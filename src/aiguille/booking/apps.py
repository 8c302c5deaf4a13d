"""The application: it speaks for appointments when messages are due."""

from django.apps import AppConfig


class BookingConfig(AppConfig):
    """Registers the resolvers of messages about appointments, courses and the waiting list."""

    name = "aiguille.booking"

    def ready(self) -> None:
        """Register the resolvers."""
        from aiguille.booking import notices, waiting_notices
        from aiguille.booking.course_messages import CourseMessages
        from aiguille.booking.resolver import AppointmentMessages
        from aiguille.booking.waiting_messages import WaitingMessages
        from aiguille.messaging.resolvers import register

        register("appointment", AppointmentMessages())
        register(notices.COURSE, CourseMessages())
        register(waiting_notices.ENTRY, WaitingMessages())
        register(waiting_notices.OFFER, WaitingMessages())
