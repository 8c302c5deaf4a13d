"""A patient's appointments."""

from django.urls import path

from aiguille.portal.booking import views

urlpatterns = [
    path("appointments/", views.appointments, name="appointments"),
    path("appointments/<uuid:appointment_id>/move/", views.move, name="move_appointment"),
    path("appointments/<uuid:appointment_id>/cancel/", views.cancel, name="cancel_appointment"),
    path("sessions/<uuid:plan_id>/book/", views.book_session, name="book_session"),
]
