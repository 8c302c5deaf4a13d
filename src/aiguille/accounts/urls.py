"""Addresses of sign-in and the second factor: the part of allauth that the clinic uses.

Nobody signs up, changes an address or resets a password by themselves, so those pages of allauth
have no address here.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import path

View = Callable[..., HttpResponseBase]


def of_staff(view: View) -> View:
    """Close a page to patients' logins, which have neither a password nor a second factor."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not request.user.is_work_account:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


urlpatterns = [
    path("login/", of_staff(account.login), name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", of_staff(account.account_inactive), name="account_inactive"),
    path("reauthenticate/", of_staff(account.reauthenticate), name="account_reauthenticate"),
    path("password/", of_staff(account.password_change), name="account_change_password"),
    path("2fa/", of_staff(factors.index), name="mfa_index"),
    path("2fa/authenticate/", of_staff(factors.authenticate), name="mfa_authenticate"),
    path("2fa/reauthenticate/", of_staff(factors.reauthenticate), name="mfa_reauthenticate"),
    path("2fa/totp/activate/", of_staff(totp.activate_totp), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", of_staff(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("2fa/codes/", of_staff(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "2fa/codes/new/",
        of_staff(recovery.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/codes/file/",
        of_staff(recovery.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("2fa/keys/", of_staff(webauthn.list_webauthn), name="mfa_list_webauthn"),
    path("2fa/keys/add/", of_staff(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("2fa/keys/login/", of_staff(webauthn.login_webauthn), name="mfa_login_webauthn"),
    path(
        "2fa/keys/reauthenticate/",
        of_staff(webauthn.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "2fa/keys/<int:pk>/remove/", of_staff(webauthn.remove_webauthn), name="mfa_remove_webauthn"
    ),
]
