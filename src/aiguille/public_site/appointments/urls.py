"""Addresses of an appointment's link; `public_site.urls` includes them in its name space."""

from django.urls import path

from aiguille.public_site.appointments import views

urlpatterns = [
    path("a/", views.ask_link, name="ask_appointment_link"),
    path("a/sent/", views.link_asked, name="appointment_link_asked"),
    path("a/<str:token>/", views.appointment, name="appointment"),
    path("a/<str:token>/move/", views.move, name="appointment_move"),
    path("a/<str:token>/cancel/", views.cancel, name="appointment_cancel"),
    path("a/<str:token>/appointment.ics", views.calendar, name="appointment_calendar"),
]
