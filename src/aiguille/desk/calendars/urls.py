"""Addresses of practitioners' calendars."""

from django.urls import path

from aiguille.desk.calendars import external, feeds, views

urlpatterns = [
    path("calendars/", views.mine, name="calendars"),
    path("calendars/feeds/new/", feeds.new, name="new_feed"),
    path("calendars/feeds/<uuid:feed_id>/revoke/", feeds.revoke, name="revoke_feed"),
    path("calendars/feeds/<uuid:feed_id>/replace/", feeds.replace, name="replace_feed"),
    path(
        "calendars/external/<uuid:calendar_id>/read/", external.read, name="read_external_calendar"
    ),
    path(
        "calendars/external/<uuid:calendar_id>/file/", external.file, name="external_calendar_file"
    ),
    path(
        "calendars/external/<uuid:calendar_id>/remove/",
        external.remove,
        name="remove_external_calendar",
    ),
    path("calendars/<uuid:resource_id>/", views.calendars, name="practitioner_calendars"),
    path("calendars/<uuid:resource_id>/add/", external.add, name="add_external_calendar"),
]
