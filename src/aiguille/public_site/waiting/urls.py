"""Addresses of the waiting list; `public_site.urls` includes them in its name space."""

from django.urls import path

from aiguille.public_site.waiting import views

urlpatterns = [
    path("book/<slug:service_code>/wait/", views.join, name="wait"),
    path("waiting/joined/", views.joined, name="waiting_joined"),
    path("w/<str:token>/", views.waiting, name="waiting"),
    path("w/<str:token>/accept/", views.accept, name="waiting_accept"),
    path("w/<str:token>/decline/", views.decline, name="waiting_decline"),
    path("w/<str:token>/leave/", views.leave, name="waiting_leave"),
]
