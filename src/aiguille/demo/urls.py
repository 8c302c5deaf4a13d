"""Addresses that exist in a demo only."""

from django.urls import path

from aiguille.demo import hub, views

app_name = "demo"
urlpatterns = [
    path("", hub.hub, name="hub"),
    path("clock/", hub.move_clock, name="clock"),
    path("sign-in/", hub.sign_in, name="sign_in"),
    path("spaces/<uuid:patient_id>/", hub.open_space, name="space"),
    path("mail/", views.mail, name="mail"),
    path("mail/<uuid:message_id>/<int:number>/", views.attachment, name="attachment"),
]
