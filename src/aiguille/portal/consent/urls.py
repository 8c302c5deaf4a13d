"""Consents of the patient."""

from django.urls import path

from aiguille.portal.consent import views

urlpatterns = [
    path("consent/", views.consents, name="consents"),
    path("consent/signed/<uuid:consent_id>/", views.signed, name="signed_consent"),
    path("consent/signed/<uuid:consent_id>/withdraw/", views.withdraw, name="withdraw_consent"),
    path("consent/<slug:treatment_code>/", views.consent, name="consent"),
]
