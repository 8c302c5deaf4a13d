"""The addresses between a form that is to be signed and its signature."""

from django.urls import path

from aiguille.portal.signing import views

urlpatterns = [
    path("confirm/<uuid:key>/", views.confirm, name="confirm"),
    path("signing/<uuid:key>/", views.resume, name="resume"),
]
