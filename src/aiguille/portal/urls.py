"""Every address of the patient's space, area by area."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

app_name = "portal"

AREAS = (
    "home",
    "patients",
    "signing",
    "questionnaire",
    "booking",
    "courses",
    "waiting",
    "consent",
    "information",
    "follow_up",
    "photos",
    "calendars",
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(f"aiguille.portal.{area}.urls"))
    for area in AREAS
    if find_spec(f"aiguille.portal.{area}")
]
