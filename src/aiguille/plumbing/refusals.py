"""How faces show a refusal of the domain: beside the field at fault, in the page's language."""

from collections.abc import Container

from django import forms
from django.utils.translation import get_language

from aiguille.kernel.errors import DomainError, ElsewhereFirst

# The field of a form that came back from another page without what that page was for.
UNSIGNED = "came-back-unsigned"


def explain(error: DomainError) -> str:
    """Return the refusal's text in the language of the page."""
    return error.text.in_language(get_language() or "fr")


def add_refusal(form: forms.Form, error: DomainError) -> None:
    """Show a refusal beside the field that it names, or above the form where it names none.

    Raises:
        ElsewhereFirst: see `let_pass`.
    """
    let_pass(error, form.data)
    form.add_error(error.field if error.field in form.fields else None, explain(error))


def let_pass(error: DomainError, sent: Container[str]) -> None:
    """Hand what another page must settle first to the doorkeeper; `sent` are the form's fields.

    Whoever came back from that page without settling it is shown the form, with the refusal.

    Raises:
        ElsewhereFirst: the error, where it is one and the person did not come back so.
    """
    if isinstance(error, ElsewhereFirst) and UNSIGNED not in sent:
        raise error
