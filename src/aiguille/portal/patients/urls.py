"""Identity, contacts, documents, the other patients of the login, sign-out."""

from django.urls import path

from aiguille.portal.patients import views

urlpatterns = [
    path("me/", views.profile, name="profile"),
    path("documents/", views.documents, name="documents"),
    path("documents/<uuid:document_id>/", views.document, name="document"),
    path("switch/", views.switch, name="switch"),
    path("switch/<uuid:patient_id>/", views.switch_to, name="switch_to"),
    path("sign-out/", views.sign_out, name="sign_out"),
]
