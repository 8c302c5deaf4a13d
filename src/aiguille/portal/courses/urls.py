"""Addresses of a patient's courses."""

from django.urls import path

from aiguille.portal.courses import views

urlpatterns = [
    path("plans/<uuid:plan_id>/course/", views.course, name="course"),
    path("plans/<uuid:plan_id>/course/time/<int:place>/", views.course_time, name="course_time"),
    path("appointments/<uuid:appointment_id>/move/course/", views.move, name="move_course"),
]
