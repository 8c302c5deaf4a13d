"""Forms of sign-in whose words are ours."""

from typing import Any

from allauth.mfa.totp.forms import ActivateTOTPForm
from django.utils.translation import gettext_lazy as _


class SetUpAuthenticatorForm(ActivateTOTPForm):  # type: ignore[misc]  # allauth ships no types
    """The six digits that prove that the app on the phone keeps the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label = _("Six digits")
        code.widget.attrs |= {"placeholder": "", "inputmode": "numeric"}
