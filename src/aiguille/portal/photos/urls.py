"""Addresses of the patient's photos."""

from django.urls import path

from aiguille.portal.photos import views

urlpatterns = [
    path("photos/", views.photos, name="photos"),
    path("photos/<uuid:photo_id>/", views.photo, name="photo"),
    path("photos/<uuid:photo_id>/image/", views.image, name="photo_image"),
    path("photos/<uuid:photo_id>/small/", views.small, name="photo_small"),
]
