"""Addresses of the questions of the day and of the answers' history."""

from django.urls import path

from aiguille.desk.questions import views

urlpatterns = [
    path("appointments/<uuid:appointment_id>/questions/", views.ask, name="day_questions"),
    path("patients/<int:number>/answers/<slug:procedure>/", views.history, name="answers_history"),
]
