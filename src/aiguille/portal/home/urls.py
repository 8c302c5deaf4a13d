"""The first page."""

from django.urls import path

from aiguille.portal.home import views

urlpatterns = [path("", views.home, name="home")]
