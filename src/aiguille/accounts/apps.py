"""The accounts application: it listens to sign-ins."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Connects the audit of sign-ins and the second factor's enrolment."""

    name = "aiguille.accounts"

    def ready(self) -> None:
        """Connect the signals of Django and allauth."""
        from allauth.account.signals import authentication_step_completed
        from allauth.mfa.signals import authenticator_added
        from django.contrib.auth.signals import (
            user_logged_in,
            user_logged_out,
            user_login_failed,
        )

        from aiguille.accounts import second_factor, sign_in, signing

        user_logged_in.connect(sign_in.note_sign_in)
        user_logged_out.connect(sign_in.note_sign_out)
        user_login_failed.connect(sign_in.note_failure)
        authenticator_added.connect(second_factor.note_enrolment)
        authentication_step_completed.connect(signing.note_confirmation)
