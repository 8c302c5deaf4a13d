"""How messages leave the house: e-mail by SMTP, text messages by a gateway, or the demo's page."""

import json
import smtplib
import sys
import urllib.error
import urllib.request
from email.utils import make_msgid, parseaddr
from typing import Protocol

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from aiguille.messaging.models import DemoMail
from aiguille.messaging.resolvers import Due, Rendered

GATEWAY_SECONDS = 10


class NotDelivered(Exception):
    """A message did not leave; `is_final` where trying again would not help."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        self.reason = reason
        self.is_final = is_final
        super().__init__(reason)


class Transport(Protocol):
    """A way out."""

    def send(self, message: Due, rendered: Rendered) -> None:
        """Hand the message over.

        Raises:
            NotDelivered: it was not accepted.
        """
        ...


class Email:
    """E-mail through Django's configured backend."""

    def send(self, message: Due, rendered: Rendered) -> None:
        """Hand the e-mail to the mail server."""
        domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
        mail = EmailMultiAlternatives(
            subject=rendered.subject,
            body=rendered.text,
            to=[message.recipient],
            # The same identifier at every attempt: a message sent twice is shown once.
            headers={
                "Message-ID": f"<{message.id}@{domain}>" if domain else make_msgid(),
                "Content-Language": message.language.value,
                "Auto-Submitted": "auto-generated",
            },
        )
        if rendered.html:
            mail.attach_alternative(rendered.html, "text/html")
        for attachment in rendered.attachments:
            mail.attach(attachment.name, attachment.content, attachment.media_type)
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            raise NotDelivered("the mail server refused the recipient", is_final=True) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotDelivered(f"the mail server failed ({type(error).__name__})") from error


class SmsGateway:
    """Text messages by one HTTPS request to the gateway that the settings name."""

    def send(self, message: Due, rendered: Rendered) -> None:
        """Post `{"id", "to", "text"}` with the bearer token."""
        body = {"id": str(message.id), "to": message.recipient, "text": rendered.text}
        request = urllib.request.Request(  # noqa: S310 -- the address is the installation's own
            settings.SMS_GATEWAY_URL,
            data=json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {settings.SMS_GATEWAY_TOKEN}",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=GATEWAY_SECONDS):  # noqa: S310 -- as above
                pass
        except urllib.error.HTTPError as error:
            is_final = 400 <= error.code < 500 and error.code != 429
            raise NotDelivered(f"the gateway answered {error.code}", is_final=is_final) from error
        except OSError as error:
            raise NotDelivered(f"the gateway failed ({type(error).__name__})") from error


class Console:
    """Text messages on standard output, for development without a gateway."""

    def send(self, message: Due, rendered: Rendered) -> None:
        """Print the message."""
        sys.stdout.write(f"SMS to {message.recipient}: {rendered.text}\n")


class DemoPage:
    """Every message kept, for the demo's page that shows them all."""

    def send(self, message: Due, rendered: Rendered) -> None:
        """Keep the message; sent twice, it is kept once."""
        if DemoMail.objects.filter(outbox_id=message.id).exists():
            return
        DemoMail.objects.create(
            outbox_id=message.id,
            recipient=message.recipient,
            channel=message.channel,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            attachments=[
                {
                    "name": attachment.name,
                    "media_type": attachment.media_type,
                    "content": attachment.content.decode("utf-8", errors="replace"),
                }
                for attachment in rendered.attachments
            ],
            sent_at=message.at,
        )


def transport_for(channel: str) -> Transport:
    """Return the way out for a channel under the present settings.

    Raises:
        NotDelivered: production has no gateway for text messages.
    """
    if settings.DEMO:
        return DemoPage()
    if channel == "EMAIL":
        return Email()
    if settings.SMS_GATEWAY_URL:
        return SmsGateway()
    if settings.PRODUCTION:
        raise NotDelivered("no gateway for text messages is set up (AIGUILLE_SMS_URL)")
    return Console()
