"""What happens around a sign-in: who is let in by allauth, its secrets, and its audit events."""

import base64
import hashlib
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aiguille.accounts import events, second_factor
from aiguille.accounts.models import User, UserKind
from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.kernel.actor import VISITOR, Actor, ActorKind
from aiguille.plumbing import clock

# The page that follows says it already.
_UNSAID = frozenset({"account/messages/logged_in.txt", "mfa/messages/recovery_codes_generated.txt"})


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Nobody signs up by themselves: staff are created by an administrator, patients by a link."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def get_login_redirect_url(self, _request: HttpRequest) -> str:
        """Send staff to the page that their work begins with."""
        return reverse("desk:start")

    def is_reauthentication_required(self, *, app: str, **facts: Any) -> bool:
        """Ask for the password again, except of whoever just gave it to set a second factor up.

        The sign-in itself sent them there, minutes ago.
        """
        required: bool = super().is_reauthentication_required(app=app, **facts)
        return required and not _is_setting_up(self.request)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **others: Any,
    ) -> None:
        """Show what allauth has to say on the next page, where that page does not say it."""
        if message_template not in _UNSAID:
            super().add_message(request, level, message_template, *args, **others)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send nothing: every message leaves through the outbox, and none of allauth's is used."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # as above
    """Keeps the secrets of second factors encrypted, under a key derived from the secret key."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is wrong or past. Type the one that is shown now."),
    }

    def encrypt(self, text: str) -> str:
        """Return `text` sealed."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was sealed, by the present secret key or an earlier one."""
        return _cipher().decrypt(encrypted_text.encode()).decode()


def note_sign_in(user: User, **_: Any) -> None:
    """Record that somebody signed in."""
    _record(events.SIGNED_IN, user, _actor(user))


def note_sign_out(user: User | None, **_: Any) -> None:
    """Record that somebody signed out."""
    if user is not None:
        _record(events.SIGNED_OUT, user, _actor(user))


def note_failure(credentials: dict[str, Any], **_: Any) -> None:
    """Record that a wrong password was given for an account that exists."""
    user = User.objects.filter(email__iexact=str(credentials.get("email", ""))).first()
    if user is not None:
        _record(events.SIGN_IN_FAILED, user, VISITOR)


def _is_setting_up(request: HttpRequest) -> bool:
    if second_factor.is_enrolled(request) and not second_factor.was_set_up_here(request):
        return False
    records = get_authentication_records(request, request.user)
    given_at = max((r["at"] for r in records if r.get("method") == "password"), default=0.0)
    # The instant is allauth's own, by the machine's clock and not by ours.
    return bool(time.time() - given_at < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def _record(action: Action, user: User, actor: Actor) -> None:
    with transaction.atomic():
        record(action=action, actor=actor, at=clock.now(), subject_kind="user", subject_id=user.id)


def _actor(user: User) -> Actor:
    kind = ActorKind.STAFF if user.kind == UserKind.STAFF else ActorKind.PATIENT
    return Actor(kind=kind, id=user.id, display_name=user.display_name)


def _cipher() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [
            Fernet(
                base64.urlsafe_b64encode(hashlib.sha256(f"second-factor:{key}".encode()).digest())
            )
            for key in secrets
        ]
    )
