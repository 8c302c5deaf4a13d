"""Addresses of photos and measures."""

from django.urls import path

from aiguille.desk.outcomes import measures, photos

urlpatterns = [
    path("patients/<int:number>/photos/", photos.gallery, name="photos"),
    path("patients/<int:number>/photos/compare/", photos.compare, name="compare_photos"),
    path("patients/<int:number>/photos/<uuid:photo_id>/", photos.photo, name="photo"),
    path("photos/<uuid:photo_id>/image/", photos.image, name="photo_image"),
    path("photos/<uuid:photo_id>/small/", photos.small, name="photo_small"),
    path("patients/<int:number>/measures/", measures.measures, name="measures"),
    path(
        "patients/<int:number>/measures/<slug:treatment>/<slug:scale>/",
        measures.score,
        name="score",
    ),
    path(
        "patients/<int:number>/scores/<uuid:score_id>/withdraw/",
        measures.withdraw,
        name="withdraw_score",
    ),
]
