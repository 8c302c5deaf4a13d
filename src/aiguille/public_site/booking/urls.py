"""Addresses of booking; `public_site.urls` includes them in its name space."""

from django.urls import path

from aiguille.public_site.booking import views
from aiguille.public_site.booking.next_days import next_days

urlpatterns = [
    path("book/", views.choose, name="book"),
    path("book/details/", views.details, name="book_details"),
    path("book/done/", views.booked, name="booked"),
    path("book/<slug:service_code>/", views.times, name="book_times"),
    path("book/<slug:service_code>/times.json", next_days, name="book_next_days"),
]
