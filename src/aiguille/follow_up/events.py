"""What follow-up leaves in the audit trail."""

from aiguille.audit.registry import define

AFTERCARE_GIVEN = define(
    "follow_up:aftercare:given", fr="Conseils d’après-soin remis", en="Aftercare handed over"
)
SYMPTOM_REPORTED = define(
    "follow_up:symptom:reported", fr="Symptôme signalé", en="Symptom reported"
)
SYMPTOM_REVIEWED = define(
    "follow_up:symptom:reviewed",
    fr="Symptôme examiné par un médecin",
    en="Symptom seen by a doctor",
)
SYMPTOM_READ = define(
    "follow_up:symptom:read", fr="Signalement de symptôme lu", en="Symptom report read"
)
