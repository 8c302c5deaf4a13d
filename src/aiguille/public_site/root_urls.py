"""Addresses without a language: what search engines ask for."""

from django.urls import path

from aiguille.public_site.pages import views

urlpatterns = [
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
]
