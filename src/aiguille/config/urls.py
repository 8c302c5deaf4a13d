"""Every address: those of people under `/fr/` or `/en/`, those of programs at the root."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import get_language_from_request

from aiguille.plumbing.access import Who, all_reachable_by, reachable_by
from aiguille.plumbing.components import page as components


@reachable_by(Who.EVERYBODY)
def home(request: HttpRequest) -> HttpResponse:
    """Send a visitor to the home page in the language that their browser asks for."""
    response = HttpResponseRedirect(f"/{get_language_from_request(request)}/")
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


@reachable_by(Who.EVERYBODY)
def health(_request: HttpRequest) -> HttpResponse:
    """Answer `ok` when this process and its database work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


# Every message sent is read there: an installation for real has no such address.
OF_THE_DEMO: list[URLPattern | URLResolver] = (
    [
        path("demo/", include("aiguille.demo.urls")),
        path("components/", components, name="components"),
    ]
    if settings.DEMO
    else []
)
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home),
    path("health", health, name="health"),
    path("", include("aiguille.public_site.root_urls")),
    *i18n_patterns(
        path("account/", all_reachable_by(include("aiguille.accounts.urls"), Who.EVERYBODY)),
        path("space/", include("aiguille.portal.urls")),
        path("desk/", include("aiguille.desk.urls")),
        path("", include("aiguille.public_site.urls")),
        *OF_THE_DEMO,
    ),
]
