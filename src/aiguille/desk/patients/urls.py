"""Addresses of patients and their records."""

from django.urls import path

from aiguille.desk.patients import views

urlpatterns = [
    path("", views.patients, name="patients"),
    path("new/", views.new_patient, name="new_patient"),
    path("<int:number>/", views.patient, name="patient"),
    path("<int:number>/identity/", views.edit_identity, name="edit_identity"),
    path("<int:number>/contact/", views.edit_contact, name="edit_contact"),
    path("<int:number>/check/", views.check, name="check_identity"),
    path("<int:number>/join/", views.join, name="join_patient"),
    path("<int:number>/separate/", views.separate, name="separate_patient"),
    path("<int:number>/notes/", views.add_note, name="add_note"),
    path("<int:number>/notes/<uuid:note_id>/withdraw/", views.remove_note, name="withdraw_note"),
    path("documents/<uuid:document_id>/", views.document, name="document"),
]
