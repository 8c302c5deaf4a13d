"""Addresses of the stock."""

from django.urls import path

from aiguille.desk.stock import views

urlpatterns = [
    path("", views.shelves, name="stock"),
    path("receive/", views.receive, name="stock_receive"),
    path("lots/<uuid:lot_id>/", views.lot, name="stock_lot"),
    path("lots/<uuid:lot_id>/<slug:change>/", views.change, name="stock_change"),
]
