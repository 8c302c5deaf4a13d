"""Addresses that exist in a demo only."""

from django.urls import path

from aiguille.demo import views

app_name = "demo"
urlpatterns = [
    path("mail/", views.mail, name="mail"),
    path("mail/<uuid:message_id>/<int:number>/", views.attachment, name="attachment"),
]
