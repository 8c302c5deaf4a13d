"""What consent leaves in the audit trail."""

from aiguille.audit.registry import define

TEXT_PUBLISHED = define(
    "consent:text:published", fr="Texte de consentement publié", en="Consent text published"
)
SIGNED = define("consent:consent:signed", fr="Consentement signé", en="Consent signed")
WITHDRAWN = define("consent:consent:withdrawn", fr="Consentement retiré", en="Consent withdrawn")
