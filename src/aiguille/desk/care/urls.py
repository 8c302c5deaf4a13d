"""Addresses of a consultation's steps, and of what outlives it."""

from django.urls import path

from aiguille.desk.care import consultation, decisions, plan, prescription, views

urlpatterns = [
    path("consultations/<uuid:appointment_id>/", consultation.consultation, name="consultation"),
    path(
        "consultations/<uuid:appointment_id>/draft/", consultation.draft, name="consultation_draft"
    ),
    path("consultations/<uuid:appointment_id>/questions/", views.questions, name="questions"),
    path("consultations/<uuid:appointment_id>/verdict/", decisions.verdict, name="verdict"),
    path("consultations/<uuid:appointment_id>/plan/<uuid:verdict_id>/", plan.plan, name="plan"),
    path(
        "consultations/<uuid:appointment_id>/plan/<uuid:verdict_id>/check/",
        plan.check_plan,
        name="check_plan",
    ),
    path(
        "consultations/<uuid:appointment_id>/prescription/",
        prescription.prescription,
        name="prescription",
    ),
    path(
        "consultations/<uuid:appointment_id>/prescription/check/",
        prescription.check,
        name="check_prescription",
    ),
    path("consultations/<uuid:appointment_id>/conclude/", views.conclude, name="conclude"),
    path("verdicts/<uuid:verdict_id>/end/", decisions.end, name="end_verdict"),
    path("prescriptions/<uuid:prescription_id>/", views.prescription_pdf, name="prescription_pdf"),
]
