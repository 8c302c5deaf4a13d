"""The audit events of the catalogue."""

from aiguille.audit.registry import define

TREATMENT_CREATED = define(
    "catalogue:treatment:created",
    fr="A ajouté un soin au catalogue.",
    en="Added a treatment to the catalogue.",
)
SERVICE_CREATED = define(
    "catalogue:service:created",
    fr="A ajouté une prestation réservable.",
    en="Added a bookable service.",
)
SERVICE_CHANGED = define(
    "catalogue:service:changed",
    fr="A modifié une prestation réservable.",
    en="Changed a bookable service.",
)
SERVICE_RETIRED = define(
    "catalogue:service:retired",
    fr="A retiré une prestation de l’offre.",
    en="Took a service off the offer.",
)
SERVICE_DISCARDED = define(
    "catalogue:service:discarded",
    fr="A jeté le brouillon d’une prestation.",
    en="Threw away the draft of a service.",
)
PRODUCT_CREATED = define(
    "catalogue:product:created",
    fr="A ajouté un produit au catalogue.",
    en="Added a product to the catalogue.",
)
PROTOCOL_ADOPTED = define(
    "catalogue:protocol:adopted",
    fr="A adopté une version de protocole.",
    en="Adopted a version of a protocol.",
)
RULE_VALUE_CHANGED = define(
    "catalogue:rule:value_changed",
    fr="A signé une valeur propre à la clinique pour une règle.",
    en="Signed a value of the clinic’s own for a rule.",
)
RULE_CONFIRMED = define(
    "catalogue:rule:confirmed",
    fr="A confirmé une règle.",
    en="Confirmed a rule.",
)
RULE_VALUE_IN_FORCE = define(
    "catalogue:rule:value_in_force",
    fr="Une valeur signée s’applique désormais.",
    en="A signed value applies from now on.",
)
