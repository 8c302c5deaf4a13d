"""Addresses of the pages that anybody reads; `public_site.urls` includes them in its name space."""

from django.urls import path, register_converter

from aiguille.public_site.pages import views
from aiguille.public_site.pages.converters import GuideSlug

register_converter(GuideSlug, "guide")

urlpatterns = [
    path("", views.home, name="home"),
    path("guide/<guide:procedure>/", views.guide, name="guide"),
    path("sites/", views.sites, name="sites"),
    path("practitioners/", views.practitioners, name="practitioners"),
    path("prices/", views.prices, name="prices"),
    path("legal/", views.legal, name="legal"),
    path("privacy/", views.privacy, name="privacy"),
]
