"""What outcomes leave in the audit trail."""

from aiguille.audit.registry import Erasure, define

PHOTO_ADDED = define(
    "outcomes:photo:added", fr="Photo ajoutée au dossier", en="Photo added", erasure=Erasure.REDACT
)
PHOTO_READ = define(
    "outcomes:photo:read", fr="Photo consultée", en="Photo seen", erasure=Erasure.REDACT
)
PHOTOS_SEEN = define(
    "outcomes:photos:seen", fr="Vignettes des photos consultées", en="Small pictures of photos seen"
)
PHOTO_WITHDRAWN = define(
    "outcomes:photo:withdrawn", fr="Photo retirée", en="Photo withdrawn", erasure=Erasure.REDACT
)
SCORE_RECORDED = define(
    "outcomes:score:recorded",
    fr="Échelle de résultat cotée",
    en="Outcome scale scored",
    erasure=Erasure.REDACT,
)
SCORE_WITHDRAWN = define(
    "outcomes:score:withdrawn", fr="Cotation retirée", en="Score withdrawn", erasure=Erasure.REDACT
)
