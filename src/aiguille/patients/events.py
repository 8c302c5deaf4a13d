"""What audit knows of patients."""

from aiguille.audit.registry import Erasure, define

CREATED = define(
    "patients:patient:created", fr="Patient provisoire créé", en="Provisional patient created"
)
DECLARED = define(
    "patients:identity:declared",
    fr="Identité déclarée par le patient",
    en="Identity declared by the patient",
)
CORRECTED = define("patients:identity:corrected", fr="Identité corrigée", en="Identity corrected")
CHECKED = define(
    "patients:identity:checked",
    fr="Identité vérifiée sur pièce",
    en="Identity checked against a document",
)
CONTACT_CHANGED = define(
    "patients:contact:changed", fr="Coordonnées modifiées", en="Contact details changed"
)
JOINED = define(
    "patients:patient:joined",
    fr="Dossier provisoire rattaché à un dossier",
    en="Provisional record joined to a record",
)
SEPARATED = define(
    "patients:patient:separated", fr="Rattachement défait", en="Records separated again"
)
RELATED = define(
    "patients:relation:added", fr="Accès à l’espace donné", en="Access to the space given"
)
READ = define("patients:patient:read", fr="Identité consultée", en="Identity read")
SEARCHED = define(
    "patients:patient:searched",
    fr="Recherche de patients",
    en="Patients searched",
    erasure=Erasure.KEEP,
)
LINK_MADE = define("patients:link:made", fr="Lien personnel envoyé", en="Personal link made")
LINK_OPENED = define("patients:link:opened", fr="Espace ouvert par lien", en="Space opened by link")
LINK_REFUSED = define(
    "patients:link:refused",
    fr="Date de naissance refusée sur un lien",
    en="Date of birth refused on a link",
)
LINK_REVOKED = define("patients:link:revoked", fr="Lien annulé", en="Link revoked")
ANSWERS_SUBMITTED = define(
    "patients:answers:submitted", fr="Questionnaire remis", en="Questionnaire handed in"
)
ANSWERS_COMPLETED = define(
    "patients:answers:completed",
    fr="Questions posées de vive voix par un médecin",
    en="Questions asked in person by a physician",
)
ANSWERS_ASKED_AGAIN = define(
    "patients:answers:asked_again",
    fr="Questions reposées avant une séance",
    en="Questions asked again before a session",
)
ANSWERS_READ = define("patients:answers:read", fr="Questionnaire consulté", en="Questionnaire read")
DOCUMENT_STORED = define("patients:document:stored", fr="Document classé", en="Document filed")
DOCUMENT_READ = define("patients:document:read", fr="Document consulté", en="Document read")
NOTE_WRITTEN = define("patients:note:written", fr="Note écrite", en="Note written")
NOTE_WITHDRAWN = define("patients:note:withdrawn", fr="Note retirée", en="Note withdrawn")
