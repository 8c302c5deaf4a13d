"""The questionnaire of a procedure."""

from django.urls import path

from aiguille.portal.questionnaire import views

urlpatterns = [
    path("questionnaire/<slug:procedure>/", views.start, name="questionnaire"),
    path("questionnaire/<slug:procedure>/review/", views.review, name="questionnaire_review"),
    path("questionnaire/<slug:procedure>/done/", views.done, name="questionnaire_done"),
    path("questionnaire/<slug:procedure>/<slug:question>/", views.ask, name="questionnaire"),
    path(
        "questionnaire/<slug:procedure>/<slug:question>/more/",
        views.ask_more,
        name="questionnaire_more",
    ),
]
