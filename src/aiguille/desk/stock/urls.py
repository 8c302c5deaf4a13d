"""Addresses of the stock."""

from django.urls import path

from aiguille.desk.stock import tracing, views

urlpatterns = [
    path("", views.shelves, name="stock"),
    path("receive/", views.receive, name="stock_receive"),
    path("trace/", tracing.find, name="stock_trace"),
    path("lots/<uuid:lot_id>/told/<int:number>/", tracing.told, name="stock_told"),
    path("lots/<uuid:lot_id>/", views.lot, name="stock_lot"),
    path("lots/<uuid:lot_id>/<slug:change>/", views.change, name="stock_change"),
]
