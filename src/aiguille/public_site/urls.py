"""Addresses of everybody's pages, one part for each area."""

from django.urls import include, path

app_name = "public"
urlpatterns = [
    path("", include("aiguille.public_site.booking.urls")),
    path("", include("aiguille.public_site.appointments.urls")),
    path("", include("aiguille.public_site.links.urls")),
]
