"""Addresses of the day."""

from django.urls import path

from aiguille.desk.agenda import views

urlpatterns = [
    path("", views.day, name="day"),
    path("appointments/<uuid:appointment_id>/arrived/", views.arrived, name="arrived"),
    path("appointments/<uuid:appointment_id>/no-show/", views.no_show, name="no_show"),
]
