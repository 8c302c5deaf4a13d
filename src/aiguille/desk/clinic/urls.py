"""Addresses of the set-up and of the appointments that a change displaced."""

from django.urls import path

from aiguille.desk.clinic import changes, displaced, hours, offers, services, sites, views

urlpatterns = [
    path("start/", views.start, name="start"),
    path("clinic/", views.overview, name="clinic"),
    path("clinic/mine/", views.mine, name="clinic_mine"),
    path("clinic/undo/", views.undo, name="clinic_undo"),
    path("clinic/new/", changes.new, name="clinic_new"),
    path("clinic/new/practitioner/", changes.new_practitioner, name="clinic_new_practitioner"),
    path("clinic/services/", services.services, name="clinic_services"),
    path("clinic/services/new/", offers.new_service, name="clinic_new_service"),
    path("clinic/services/<uuid:service_id>/", services.service, name="clinic_service"),
    path(
        "clinic/services/<uuid:service_id>/text/", offers.service_text, name="clinic_service_text"
    ),
    path("clinic/services/<uuid:service_id>/people/", offers.performers, name="clinic_performers"),
    path("clinic/services/<uuid:service_id>/retire/", offers.retire, name="clinic_retire_service"),
    path("clinic/services/<uuid:service_id>/discard/", offers.discard, name="clinic_discard_draft"),
    path("clinic/sites/new/", sites.new_site, name="clinic_new_site"),
    path("clinic/sites/<slug:code>/edit/", sites.edit_site, name="clinic_edit_site"),
    path("clinic/sites/<slug:code>/", views.site, name="clinic_site"),
    path("clinic/sites/<slug:code>/close/", changes.close_site, name="clinic_close_site"),
    path(
        "clinic/closures/<uuid:closure_id>/remove/",
        views.remove_one_closure,
        name="clinic_remove_closure",
    ),
    path(
        "clinic/extra/<uuid:extra_id>/remove/", views.remove_one_extra, name="clinic_remove_extra"
    ),
    path("clinic/resources/<uuid:resource_id>/", views.resource, name="clinic_resource"),
    path("clinic/resources/<uuid:resource_id>/hours/", hours.hours, name="clinic_hours"),
    path(
        "clinic/resources/<uuid:resource_id>/hours/<str:day>/take-back/",
        hours.drop,
        name="clinic_drop_hours",
    ),
    path("clinic/resources/<uuid:resource_id>/close/", changes.close, name="clinic_close"),
    path("clinic/resources/<uuid:resource_id>/extra/", changes.extra, name="clinic_extra"),
    path("clinic/resources/<uuid:resource_id>/edit/", changes.edit, name="clinic_edit"),
    path("clinic/resources/<uuid:resource_id>/withdraw/", changes.withdraw, name="clinic_withdraw"),
    path("clinic/resources/<uuid:resource_id>/bring-back/", changes.bring_back, name="clinic_back"),
    path("displaced/", displaced.displaced, name="displaced"),
    path("displaced/<uuid:appointment_id>/move/", displaced.move_one, name="displaced_move"),
]
