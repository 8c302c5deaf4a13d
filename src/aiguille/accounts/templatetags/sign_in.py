"""What the pages of sign-in ask beyond what allauth gives them."""

from urllib.parse import urlsplit

from django import template
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

register = template.Library()


@register.simple_tag(takes_context=True)
def form_left(context: template.Context, address: str | None) -> str:
    """Return the address that gives a form back unsigned, empty where `address` leads to none.

    The address was given by the request: it counts only where it is the desk's own.
    """
    request: HttpRequest = context["request"]
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}):
        return ""
    try:
        found = resolve(urlsplit(str(address)).path)
    except Resolver404:
        return ""
    return f"{urlsplit(str(address)).path}?cancel" if found.view_name == "desk:resume" else ""
