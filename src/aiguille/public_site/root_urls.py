"""Addresses without a language: what search engines and calendar programs ask for."""

from django.urls import path

from aiguille.public_site.feeds.views import feed
from aiguille.public_site.pages import views

urlpatterns = [
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
    path("feeds/<str:secret>.ics", feed, name="calendar_feed"),
]
