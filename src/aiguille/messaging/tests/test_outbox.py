"""Messages are written in the deciding transaction, sent after it, and only while they are true."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail

from aiguille.kernel.ids import new_id
from aiguille.messaging import resolvers, transports
from aiguille.messaging.delivery import CLAIM_LASTS, MOST_ATTEMPTS, send_all_due
from aiguille.messaging.models import DemoMail, OutboxMessage
from aiguille.messaging.operations import drop_for_subject, queue
from aiguille.messaging.queries import latest_mail
from aiguille.messaging.resolvers import Attachment, Rendered

pytestmark = pytest.mark.django_db


class Subject:
    """Speaks for subjects of these tests: true until told otherwise."""

    is_true = True
    breaks = False

    def still_true(self, message):
        return self.is_true

    def render(self, message):
        if self.breaks:
            raise RuntimeError("a fault in a template")
        return Rendered(
            subject="Rendez-vous",
            text=f"Bonjour ({message.language})",
            html="<p>Bonjour</p>",
            attachments=(Attachment("a.ics", "text/calendar", b"BEGIN:VCALENDAR"),),
        )


@pytest.fixture
def subject(monkeypatch):
    speaker = Subject()
    monkeypatch.setitem(resolvers._resolvers, "test", speaker)
    return speaker


@pytest.fixture
def queued(world, subject):
    """Queue a message; anything may be said otherwise."""

    def queue_one(**other):
        facts = {
            "kind": "note",
            "channel": "EMAIL",
            "recipient": "anna@example.net",
            "language": "fr",
            "patient_id": world.anna.patient_id,
            "subject_kind": "test",
            "subject_id": new_id(),
            "subject_version": 1,
            "due_at": world.at,
            "dedupe_key": str(new_id()),
            "at": world.at,
        }
        said = facts | other
        queue(**said)
        return OutboxMessage.objects.values_list("id", flat=True).get(dedupe_key=said["dedupe_key"])

    return queue_one


def state_of(message_id):
    row = OutboxMessage.objects.get(id=message_id)
    return row.state, row.attempts


class TestQueue:
    def test_once_for_a_key(self, queued):
        assert queued(dedupe_key="once") == queued(dedupe_key="once")
        assert OutboxMessage.objects.count() == 1

    def test_refuses_a_message_to_nobody(self, queued):
        with pytest.raises(ValueError, match="recipient"):
            queued(recipient="")

    def test_dropped_with_its_subject(self, world, queued):
        subject_id = new_id()
        message_id = queued(subject_id=subject_id)
        dropped = drop_for_subject(subject_kind="test", subject_id=subject_id, at=world.at)
        assert (dropped, state_of(message_id)) == (1, ("DROPPED", 0))
        assert send_all_due(at=world.at) == 0


class TestSend:
    def test_at_its_time(self, world, queued):
        queued(due_at=world.at + timedelta(hours=1))
        assert send_all_due(at=world.at) == 0
        assert send_all_due(at=world.at + timedelta(hours=1)) == 1
        assert send_all_due(at=world.at + timedelta(hours=2)) == 0

    def test_in_the_demo_to_its_page(self, world, queued, settings):
        settings.DEMO = True
        queued()
        send_all_due(at=world.at)
        (message,) = latest_mail()
        assert (message.recipient, message.text) == ("anna@example.net", "Bonjour (fr)")
        assert message.attachments == (("a.ics", "text/calendar", "BEGIN:VCALENDAR"),)

    def test_otherwise_by_email(self, world, queued, settings):
        settings.DEMO = False
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        message_id = queued()
        send_all_due(at=world.at)
        (sent,) = mail.outbox
        assert sent.to == ["anna@example.net"]
        assert str(message_id) in sent.extra_headers["Message-ID"]
        assert not DemoMail.objects.exists()

    def test_not_when_it_is_no_longer_true(self, world, queued, subject):
        message_id = queued()
        subject.is_true = False
        assert send_all_due(at=world.at) == 0
        assert state_of(message_id) == ("DROPPED", 0)

    def test_not_when_nobody_speaks_for_it(self, world, queued):
        message_id = queued(subject_kind="unheard_of")
        assert send_all_due(at=world.at) == 0
        assert state_of(message_id)[0] == "FAILED"

    def test_the_others_when_one_cannot_be_written(self, world, queued, subject):
        broken = queued()
        subject.breaks = True
        assert send_all_due(at=world.at) == 0
        assert state_of(broken) == ("QUEUED", 1)
        subject.breaks = False
        other = queued()
        assert send_all_due(at=world.at) == 1
        assert state_of(other)[0] == "SENT"


class TestFailure:
    @pytest.fixture
    def post(self, monkeypatch, settings):
        """A mail server that fails as told."""
        settings.DEMO = False

        class Post:
            failure = None

        def send(_transport, message, rendered):
            if Post.failure is not None:
                raise Post.failure

        monkeypatch.setattr(transports.Email, "send", send)
        return Post

    def test_is_tried_again_later_and_given_up(self, world, queued, post):
        message_id = queued()
        post.failure = transports.NotDelivered("no answer")
        at = world.at
        for attempt in range(1, MOST_ATTEMPTS + 1):
            send_all_due(at=at)
            expected = "QUEUED" if attempt < MOST_ATTEMPTS else "FAILED"
            assert state_of(message_id) == (expected, attempt)
            at += timedelta(hours=1)

    def test_waits_before_it_is_tried_again(self, world, queued, post):
        message_id = queued()
        post.failure = transports.NotDelivered("no answer")
        send_all_due(at=world.at)
        send_all_due(at=world.at + timedelta(seconds=59))
        assert state_of(message_id) == ("QUEUED", 1)
        post.failure = None
        assert send_all_due(at=world.at + timedelta(minutes=1)) == 1

    def test_is_final_where_the_recipient_is_refused(self, world, queued, post):
        message_id = queued()
        post.failure = transports.NotDelivered("refused", is_final=True)
        send_all_due(at=world.at)
        assert state_of(message_id) == ("FAILED", 1)

    def test_of_a_worker_that_died_is_made_good(self, world, queued):
        message_id = queued()
        OutboxMessage.objects.filter(id=message_id).update(state="CLAIMED", claimed_at=world.at)
        assert send_all_due(at=world.at + CLAIM_LASTS) == 0
        assert send_all_due(at=world.at + CLAIM_LASTS + timedelta(seconds=1)) == 1


class TestEmail:
    @pytest.mark.parametrize(
        ("failure", "is_final"),
        [
            (smtplib.SMTPRecipientsRefused({}), True),
            (smtplib.SMTPServerDisconnected("gone"), False),
            (TimeoutError(), False),
        ],
    )
    def test_names_what_failed(self, world, queued, monkeypatch, settings, failure, is_final):
        settings.DEMO = False

        def fail(*_args, **_kwargs):
            raise failure

        monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", fail)
        message_id = queued()
        send_all_due(at=world.at)
        assert state_of(message_id)[0] == ("FAILED" if is_final else "QUEUED")


class TestSms:
    def test_needs_a_gateway_in_production(self, settings):
        settings.DEMO, settings.PRODUCTION, settings.SMS_GATEWAY_URL = False, True, ""
        with pytest.raises(transports.NotDelivered, match="gateway"):
            transports.transport_for("SMS")

    def test_is_printed_in_development(self, world, queued, settings, capsys):
        settings.DEMO, settings.SMS_GATEWAY_URL = False, ""
        queued(channel="SMS", recipient="+33611223344")
        send_all_due(at=world.at)
        assert "SMS to +33611223344: Bonjour" in capsys.readouterr().out
