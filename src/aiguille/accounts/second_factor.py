"""Whether a person has a second factor, and whether they used it in this session."""

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest

_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
_ENROLLED_IN_SESSION = "second-factor-enrolled"


def is_enrolled(request: HttpRequest) -> bool:
    """Tell whether the person who signed in has an authenticator app or a passkey."""
    return bool(is_mfa_enabled(request.user, _FACTORS))


def was_set_up_here(request: HttpRequest) -> bool:
    """Tell whether the person set a second factor up in this session."""
    return bool(request.session.get(_ENROLLED_IN_SESSION) == str(request.user.pk))


def was_used(request: HttpRequest) -> bool:
    """Tell whether this session was opened, or strengthened, with the second factor."""
    if was_set_up_here(request):
        return True
    records = get_authentication_records(request, request.user)
    return any(entry.get("method") == "mfa" for entry in records)


def note_enrolment(request: HttpRequest, user: Any, authenticator: Authenticator, **_: Any) -> None:
    """Count an enrolment as a use: it asks for a code, or for the passkey itself."""
    if authenticator.type in _FACTORS:
        request.session[_ENROLLED_IN_SESSION] = str(user.pk)
