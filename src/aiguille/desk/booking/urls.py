"""Addresses of booking at the desk."""

from django.urls import path

from aiguille.desk.booking import views

urlpatterns = [
    path("patients/<int:number>/book/", views.choose, name="book"),
    path(
        "patients/<int:number>/book/service/<uuid:service_id>/",
        views.book_service,
        name="book_service",
    ),
    path("patients/<int:number>/book/plan/<uuid:plan_id>/", views.book_plan, name="book_plan"),
    path("appointments/<uuid:appointment_id>/move/", views.move, name="move_appointment"),
    path("appointments/<uuid:appointment_id>/cancel/", views.cancel, name="cancel_appointment"),
]
