"""Addresses of the desk, one part for each area."""

from django.urls import include, path

app_name = "desk"
urlpatterns = [
    path("", include("aiguille.desk.agenda.urls")),
    path("", include("aiguille.desk.treatment_sessions.urls")),
    path("", include("aiguille.desk.booking.urls")),
    path("", include("aiguille.desk.courses.urls")),
    path("", include("aiguille.desk.waiting.urls")),
    path("", include("aiguille.desk.care.urls")),
    path("", include("aiguille.desk.signing.urls")),
    path("", include("aiguille.desk.questions.urls")),
    path("", include("aiguille.desk.worklist.urls")),
    path("", include("aiguille.desk.follow_up.urls")),
    path("", include("aiguille.desk.clinic.urls")),
    path("", include("aiguille.desk.calendars.urls")),
    path("", include("aiguille.desk.outcomes.urls")),
    path("patients/", include("aiguille.desk.patients.urls")),
    path("rules/", include("aiguille.desk.rules.urls")),
    path("stock/", include("aiguille.desk.stock.urls")),
]
