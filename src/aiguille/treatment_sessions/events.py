"""What sessions leave in the audit trail."""

from aiguille.audit.registry import define

BEGUN = define("treatment_sessions:session:begun", fr="Séance commencée", en="Session begun")
EVENT_RECORDED = define(
    "treatment_sessions:event:recorded",
    fr="Étape de la séance enregistrée",
    en="Step of the session recorded",
)
UNIT_OPENED = define(
    "treatment_sessions:unit:opened",
    fr="Produit ou instrument ouvert",
    en="Product or instrument opened",
)
EVENT_REFUSED = define(
    "treatment_sessions:event:refused",
    fr="Étape de la séance refusée",
    en="Step of the session refused",
)
CLOSED = define("treatment_sessions:session:closed", fr="Séance close", en="Session closed")
STOPPED = define("treatment_sessions:session:stopped", fr="Séance arrêtée", en="Session stopped")
ASKED_AGAIN = define(
    "treatment_sessions:questions:asked",
    fr="Questions reposées pour une séance",
    en="Questions asked again for a session",
)
RECALL_TOLD = define(
    "treatment_sessions:recall:told",
    fr="Contact d’un patient pour un rappel de lot",
    en="Contact with a patient about a recalled lot",
)
INCIDENT = define(
    "treatment_sessions:incident:opened",
    fr="Saisie hors ligne à vérifier",
    en="Entry made offline to be checked",
)
INCIDENT_SETTLED = define(
    "treatment_sessions:incident:settled",
    fr="Saisie hors ligne vérifiée",
    en="Entry made offline checked",
)
