"""Addresses of the day and of the agenda."""

from django.urls import path

from aiguille.desk.agenda import blocking, board, moving, printing, quick_book, views

urlpatterns = [
    path("", views.day, name="day"),
    path("appointments/<uuid:appointment_id>/arrived/", views.arrived, name="arrived"),
    path("appointments/<uuid:appointment_id>/no-show/", views.no_show, name="no_show"),
    path("agenda/", board.agenda, name="agenda"),
    path("agenda/appointments/<uuid:appointment_id>/", board.card, name="agenda_card"),
    path("agenda/appointments/<uuid:appointment_id>/move/", moving.drop, name="agenda_move"),
    path("agenda/put-back/", moving.put_back, name="agenda_put_back"),
    path("agenda/book/", quick_book.quick_book, name="agenda_book"),
    path("agenda/patients/", quick_book.found, name="agenda_found"),
    path("agenda/block/", blocking.block_time, name="agenda_block"),
    path("agenda/block/put-back/", blocking.put_back, name="agenda_block_again"),
    path("agenda/closures/<uuid:closure_id>/", blocking.closure, name="agenda_closure"),
    path("agenda/closures/<uuid:closure_id>/open/", blocking.open_again, name="agenda_unblock"),
    path("agenda/print/", printing.print_day, name="agenda_print"),
    path("agenda/print/names/", printing.choose_names, name="agenda_print_names"),
]
