"""Addresses of the worklist."""

from django.urls import path

from aiguille.desk.worklist import views

urlpatterns = [
    path("tasks/", views.tasks, name="tasks"),
    path("tasks/<uuid:task_id>/take/", views.take, name="take_task"),
    path("tasks/<uuid:task_id>/finish/", views.finish, name="finish_task"),
]
