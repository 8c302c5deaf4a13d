"""What concerns the patient, to read before a session."""

from django.urls import path

from aiguille.portal.information import views

urlpatterns = [
    path("information/<slug:treatment_code>/", views.information, name="information"),
]
