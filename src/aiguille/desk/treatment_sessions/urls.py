"""Addresses of sessions."""

from django.urls import path

from aiguille.desk.treatment_sessions import views

urlpatterns = [
    path("appointments/<uuid:appointment_id>/begin/", views.begin, name="begin"),
    path("sessions/<uuid:session_id>/", views.run, name="run"),
    path("sessions/<uuid:session_id>/report/", views.report, name="report"),
]
