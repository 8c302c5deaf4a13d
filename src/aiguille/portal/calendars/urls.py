"""A patient's calendar feeds."""

from django.urls import path

from aiguille.portal.calendars import views

urlpatterns = [
    path("calendars/", views.calendars, name="calendars"),
    path("calendars/new/", views.new, name="new_feed"),
    path("calendars/<uuid:feed_id>/revoke/", views.revoke, name="revoke_feed"),
    path("calendars/<uuid:feed_id>/replace/", views.replace, name="replace_feed"),
]
