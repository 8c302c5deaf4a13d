"""What audit knows of the group, its sites, people and things."""

from aiguille.audit.registry import define

GROUP_CREATED = define("clinics:group:created", fr="Groupe créé", en="Group created")
SITE_CREATED = define("clinics:site:created", fr="Site créé", en="Site created")
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
