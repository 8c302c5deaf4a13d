"""The application: it speaks for aftercare and reports when messages are due."""

from django.apps import AppConfig


class FollowUpConfig(AppConfig):
    """Registers the resolver of follow-up's messages."""

    name = "aiguille.follow_up"

    def ready(self) -> None:
        """Register the resolver."""
        from aiguille.follow_up.notices import AFTERCARE, REPORT
        from aiguille.follow_up.resolver import FollowUpMessages
        from aiguille.messaging.resolvers import register

        messages = FollowUpMessages()
        register(AFTERCARE, messages)
        register(REPORT, messages)
