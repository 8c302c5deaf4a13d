"""The address to which a confirmed identity leads back."""

from django.urls import path

from aiguille.desk.signing import views

urlpatterns = [path("signing/<uuid:key>/", views.resume, name="resume")]
