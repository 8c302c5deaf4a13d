"""What care leaves in the audit trail."""

from aiguille.audit.registry import define

CONSULTATION_WRITTEN = define(
    "care:consultation:written", fr="Consultation écrite", en="Consultation written"
)
ANSWERS_SCREENED = define(
    "care:answers:screened",
    fr="Réponses confrontées au livre de règles",
    en="Answers put to the rule book",
)
VERDICT_GIVEN = define("care:verdict:given", fr="Avis médical rendu", en="Verdict given")
VERDICT_SUSPENDED = define(
    "care:verdict:suspended", fr="Avis médical suspendu", en="Verdict suspended"
)
VERDICT_REVOKED = define("care:verdict:revoked", fr="Avis médical retiré", en="Verdict revoked")
PLAN_MADE = define("care:plan:made", fr="Plan de soins établi", en="Plan of care made")
PRESCRIPTION_SIGNED = define(
    "care:prescription:signed", fr="Ordonnance signée", en="Prescription signed"
)
INFORMATION_READ = define(
    "care:information:read",
    fr="Information lue par le patient",
    en="Information read by the patient",
)
RECORD_READ = define("care:record:read", fr="Dossier consulté", en="Record read")
CONSULTATION_READ = define(
    "care:consultation:read", fr="Consultation ouverte", en="Consultation opened"
)
