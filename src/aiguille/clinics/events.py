"""What audit knows of the group, its sites, people and things."""

from aiguille.audit.registry import define

GROUP_CREATED = define("clinics:group:created", fr="Groupe créé", en="Group created")
SITE_CREATED = define("clinics:site:created", fr="Site créé", en="Site created")
SITE_CHANGED = define("clinics:site:changed", fr="Site modifié", en="Site changed")
MEMBERSHIP_ADDED = define(
    "clinics:membership:added", fr="Rôle attribué sur un site", en="Role given at a site"
)
MEMBERSHIP_ENDED = define(
    "clinics:membership:ended", fr="Rôle retiré sur un site", en="Role at a site ended"
)
DIRECTOR_APPOINTED = define(
    "clinics:director:appointed",
    fr="Directeur médical nommé",
    en="Medical director appointed",
)
RESOURCE_CREATED = define(
    "clinics:resource:created",
    fr="Praticien, salle ou appareil créé",
    en="Practitioner, room or device created",
)
HOURS_SET = define("clinics:hours:set", fr="Horaires fixés", en="Opening hours set")
CLOSURE_ADDED = define("clinics:closure:added", fr="Fermeture ajoutée", en="Closure added")
EXTRA_OPENING_ADDED = define(
    "clinics:extra_opening:added",
    fr="Ouverture exceptionnelle ajoutée",
    en="Extra opening added",
)
PRINTED_NAMES_CHOSEN = define(
    "clinics:printed_names:chosen",
    fr="Noms sur l’agenda imprimé choisis",
    en="Names on the printed agenda chosen",
)
CLOSURE_REMOVED = define("clinics:closure:removed", fr="Fermeture retirée", en="Closure removed")
EXTRA_OPENING_REMOVED = define(
    "clinics:extra_opening:removed",
    fr="Ouverture exceptionnelle retirée",
    en="Extra opening removed",
)
RESOURCE_CHANGED = define(
    "clinics:resource:changed",
    fr="Praticien, salle ou appareil modifié",
    en="Practitioner, room or device changed",
)
RESOURCE_WITHDRAWN = define(
    "clinics:resource:withdrawn",
    fr="Praticien, salle ou appareil retiré des rendez-vous",
    en="Practitioner, room or device withdrawn from appointments",
)
RESOURCE_RETURNED = define(
    "clinics:resource:returned",
    fr="Praticien, salle ou appareil remis aux rendez-vous",
    en="Practitioner, room or device back for appointments",
)
EXTERNAL_CALENDAR_ADDED = define(
    "clinics:external_calendar:added",
    fr="Autre agenda ajouté : ses occupations sont lues",
    en="Other calendar added: its busy time is read",
)
EXTERNAL_CALENDAR_REPLACED = define(
    "clinics:external_calendar:replaced",
    fr="Fichier d’un autre agenda remplacé",
    en="File of another calendar replaced",
)
EXTERNAL_CALENDAR_REMOVED = define(
    "clinics:external_calendar:removed",
    fr="Autre agenda retiré, avec ses occupations",
    en="Other calendar removed, with its busy time",
)
