"""Addresses of the rules."""

from django.urls import path

from aiguille.desk.rules import views

urlpatterns = [
    path("", views.rules, name="rules"),
    path("in-law/", views.in_law, name="rules_in_law"),
    path("values/<str:setting>/", views.value, name="rule_value"),
    path("<slug:rule_id>/", views.rule, name="rule"),
    path("<slug:rule_id>/confirm/", views.confirm, name="rule_confirm"),
]
