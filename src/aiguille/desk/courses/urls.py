"""Addresses of courses at the desk."""

from django.urls import path

from aiguille.desk.courses import views

urlpatterns = [
    path("patients/<int:number>/plans/<uuid:plan_id>/course/", views.course, name="course"),
    path(
        "patients/<int:number>/plans/<uuid:plan_id>/course/time/<int:place>/",
        views.course_time,
        name="course_time",
    ),
    path("appointments/<uuid:appointment_id>/move/course/", views.move, name="move_course"),
]
