"""The pages that anybody reads: home, guides, sites, practitioners, prices, legal, privacy."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from aiguille.catalogue.guides import guide as read_guide
from aiguille.journeys.reads import public_pages
from aiguille.kernel.codes import Procedure
from aiguille.plumbing import clock
from aiguille.plumbing.access import Who, reachable_by
from aiguille.public_site.pages.addresses import public_addresses
from aiguille.public_site.pages.texts import page_texts


@reachable_by(Who.EVERYBODY)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what the clinic does, how care goes, by whom and where (four queries)."""
    front = public_pages.read_front_page()
    context = {
        "texts": page_texts("home"),
        "offers": [(procedure, front.of(procedure)) for procedure in Procedure],
        "practice": front.practice,
    }
    return render(request, "public_site/pages/home.html", context)


@reachable_by(Who.EVERYBODY)
@require_safe
def guide(request: HttpRequest, procedure: Procedure) -> HttpResponse:
    """Show the whole guide to a procedure (no query)."""
    address = reverse("public:guide", kwargs={"procedure": procedure})
    if request.path != address:  # the slug of the other language
        return HttpResponsePermanentRedirect(address)
    others = [read_guide(other) for other in Procedure if other is not procedure]
    context = {"guide": read_guide(procedure), "others": others}
    return render(request, "public_site/pages/guide.html", context)


@reachable_by(Who.EVERYBODY)
@require_safe
def sites(request: HttpRequest) -> HttpResponse:
    """Show where the clinic is, how to come and when doctors receive (five queries)."""
    context = {"texts": page_texts("sites"), "pages": public_pages.read_sites()}
    return render(request, "public_site/pages/sites.html", context)


@reachable_by(Who.EVERYBODY)
@require_safe
def practitioners(request: HttpRequest) -> HttpResponse:
    """Show who the doctors are (three queries)."""
    context = {"texts": page_texts("practitioners"), "practice": public_pages.read_practice()}
    return render(request, "public_site/pages/practitioners.html", context)


@reachable_by(Who.EVERYBODY)
@require_safe
def prices(request: HttpRequest) -> HttpResponse:
    """Show what each act costs, as the law asks (three queries)."""
    context = {"texts": page_texts("prices"), "groups": public_pages.read_prices()}
    return render(request, "public_site/pages/prices.html", context)


@reachable_by(Who.EVERYBODY)
@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    """Say who publishes the site and answers for it (at most five queries)."""
    context = {
        "texts": page_texts("legal"),
        "publisher": public_pages.read_legal(on=clock.now().date()),
    }
    return render(request, "public_site/pages/legal.html", context)


@reachable_by(Who.EVERYBODY)
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Say in plain words what is kept of a person, and why (no query)."""
    context = {"texts": page_texts("privacy")}
    return render(request, "public_site/pages/privacy.html", context)


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
