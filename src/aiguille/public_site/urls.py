"""Addresses for everybody, in one name space; each area of the face has its own file."""

from django.urls import include, path

app_name = "public"

urlpatterns = [
    path("", include("aiguille.public_site.pages.urls")),
    path("", include("aiguille.public_site.booking.urls")),
    path("", include("aiguille.public_site.appointments.urls")),
    path("", include("aiguille.public_site.links.urls")),
    path("", include("aiguille.public_site.waiting.urls")),
]
