"""Addresses of the waiting list at the desk."""

from django.urls import path

from aiguille.desk.waiting import views

urlpatterns = [
    path("waiting/", views.waiting, name="waiting"),
    path("waiting/offers/<uuid:offer_id>/", views.offer, name="waiting_offer"),
    path("waiting/offers/<uuid:offer_id>/accept/", views.accept, name="accept_offer"),
    path("waiting/offers/<uuid:offer_id>/decline/", views.decline, name="decline_offer"),
    path("waiting/<uuid:entry_id>/remove/", views.remove, name="remove_waiting"),
    path(
        "patients/<int:number>/wait/service/<uuid:service_id>/",
        views.add_for_service,
        name="wait_for_service",
    ),
    path(
        "patients/<int:number>/wait/plan/<uuid:plan_id>/", views.add_for_plan, name="wait_for_plan"
    ),
]
