"""Aftercare and symptoms of the patient."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
