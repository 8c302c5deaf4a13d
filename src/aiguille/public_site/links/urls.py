"""Addresses of the links to a space; `public_site.urls` includes them in its name space."""

from django.urls import path

from aiguille.public_site.links import views

urlpatterns = [
    path("s/<str:token>/", views.space_link, name="space_link"),
    path("space/link/", views.ask_link, name="ask_link"),
    path("space/link/sent/", views.link_asked, name="link_asked"),
]
