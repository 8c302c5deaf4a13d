"""The questionnaire of a procedure, and the questions asked again before a session."""

from django.urls import path

from aiguille.portal.questionnaire import views

_PAGES = (
    ("", views.start, ""),
    ("review/", views.review, "_review"),
    ("done/", views.done, "_done"),
    ("<slug:question>/", views.ask, ""),
    ("<slug:question>/more/", views.ask_more, "_more"),
)

urlpatterns = [
    path(f"{prefix}{page}", view, name=f"{family}{name}")
    for prefix, family in (
        ("questionnaire/<slug:procedure>/", "questionnaire"),
        ("appointments/<uuid:appointment_id>/questions/", "questions_again"),
    )
    for page, view, name in _PAGES
]
