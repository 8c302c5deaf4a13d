"""A patient on the waiting list."""

from django.urls import path

from aiguille.portal.waiting import views

urlpatterns = [
    path("waiting/plan/<uuid:plan_id>/", views.join_for_session, name="wait_for_session"),
    path("waiting/earlier/<uuid:appointment_id>/", views.join_for_earlier, name="wait_for_earlier"),
    path("waiting/offers/<uuid:offer_id>/accept/", views.accept, name="accept_offer"),
    path("waiting/offers/<uuid:offer_id>/decline/", views.decline, name="decline_offer"),
    path("waiting/<uuid:entry_id>/leave/", views.leave, name="leave_waiting_list"),
]
