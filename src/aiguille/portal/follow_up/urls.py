"""Aftercare and symptoms of the patient."""

from django.urls import path

from aiguille.portal.follow_up import views

urlpatterns = [
    path("aftercare/", views.aftercare, name="aftercare"),
    path("symptom/", views.symptom, name="symptom"),
    path("symptom/<uuid:report_id>/", views.report, name="symptom_report"),
]
