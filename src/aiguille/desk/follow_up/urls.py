"""Addresses of follow-up."""

from django.urls import path

from aiguille.desk.follow_up import views

urlpatterns = [path("symptoms/<uuid:report_id>/", views.symptom, name="symptom")]
