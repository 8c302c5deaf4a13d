"""The pages that anybody reads: home, guides, sites, practitioners, prices, legal, privacy."""

from collections.abc import Hashable
from datetime import date
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe

from aiguille.catalogue.guides import guide as read_guide
from aiguille.catalogue.queries import rules_in_force
from aiguille.journeys.reads import public_pages
from aiguille.kernel.codes import Procedure
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.public_site.pages.addresses import public_addresses
from aiguille.public_site.pages.texts import page_texts
from aiguille.rulebook import RuleBook


@reachable_by(Who.EVERYBODY)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what the clinic does, how care goes, by whom and where (four queries)."""
    return _page(request, "home", public_pages.read_front_page(on=_today()), template="home")


@reachable_by(Who.EVERYBODY)
@require_safe
def guide(request: HttpRequest, procedure: Procedure) -> HttpResponse:
    """Show the whole guide to a procedure, by the clinic's own values (one query)."""
    address = reverse("public:guide", kwargs={"procedure": procedure})
    if request.path != address:  # the slug of the other language
        return HttpResponsePermanentRedirect(address)
    book = rules_in_force().book
    body = _guide_body(_language(), procedure, book)
    context = {"guide": read_guide(procedure, book), "body": body}
    return render(request, "public_site/pages/guide.html", context)


@reachable_by(Who.EVERYBODY)
@require_safe
def sites(request: HttpRequest) -> HttpResponse:
    """Show where the clinic is, how to come and when doctors receive (five queries)."""
    return _page(request, "sites", public_pages.read_sites(on=_today()))


@reachable_by(Who.EVERYBODY)
@require_safe
def practitioners(request: HttpRequest) -> HttpResponse:
    """Show who the doctors are (three queries)."""
    return _page(request, "practitioners", public_pages.read_practice(on=_today()))


@reachable_by(Who.EVERYBODY)
@require_safe
def prices(request: HttpRequest) -> HttpResponse:
    """Show what each act costs, as the law asks (three queries)."""
    return _page(request, "prices", public_pages.read_prices())


@reachable_by(Who.EVERYBODY)
@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    """Say who publishes the site and answers for it (at most five queries)."""
    return _page(request, "legal", public_pages.read_legal(on=_today()))


@reachable_by(Who.EVERYBODY)
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Say in plain words what is kept of a person, and why (no query)."""
    return _page(request, "privacy", None)


@reachable_by(Who.EVERYBODY)
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """List every public page in both languages, for search engines."""
    context = {"pages": public_addresses()}
    return render(request, "public_site/pages/sitemap.xml", context, content_type="application/xml")


@reachable_by(Who.EVERYBODY)
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Tell search engines where the public pages are, and what is nobody else's."""
    context = {"languages": [code for code, _ in settings.LANGUAGES], "base": settings.BASE_URL}
    return render(request, "public_site/pages/robots.txt", context, content_type="text/plain")


def _page(
    request: HttpRequest, page: str, shown: Hashable, *, template: str = "page"
) -> HttpResponse:
    context = {"texts": page_texts(page), "body": _body(page, _language(), shown)}
    return render(request, f"public_site/pages/{template}.html", context)


@lru_cache(maxsize=64)
def _body(page: str, language: str, shown: Hashable) -> SafeString:
    """Render what a page says under its head, once for the same content.

    What is shown is the key, so that an edit of the clinic shows at the next reading. A body
    holds nothing of its reader: no form, no name, no current page.
    """
    with override(language):
        return render_to_string(
            f"public_site/pages/bodies/{page}.html", {"shown": shown, "texts": page_texts(page)}
        )


@lru_cache(maxsize=16)
def _guide_body(language: str, procedure: Procedure, book: RuleBook) -> SafeString:
    """Render a guide's body once for each set of values of the rules."""
    context = {
        "guide": read_guide(procedure, book),
        "others": [read_guide(other, book) for other in Procedure if other is not procedure],
    }
    with override(language):
        return render_to_string("public_site/pages/bodies/guide.html", context)


def _today() -> date:
    return clock.now().date()


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE
