"""How faces show a refusal of the domain: beside the field at fault, in the page's language."""

from django import forms
from django.utils.translation import get_language

from aiguille.kernel.errors import DomainError


def explain(error: DomainError) -> str:
    """Return the refusal's text in the language of the page."""
    return error.text.in_language(get_language() or "fr")


def add_refusal(form: forms.Form, error: DomainError) -> None:
    """Show a refusal beside the field that it names, or above the form where it names none."""
    form.add_error(error.field if error.field in form.fields else None, explain(error))
