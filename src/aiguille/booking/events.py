"""The audit events of booking."""

from aiguille.audit.registry import define

HELD = define(
    "booking:hold:made",
    fr="A réservé un horaire pour dix minutes.",
    en="Held a time for ten minutes.",
)
BOOKED = define(
    "booking:appointment:booked", fr="A pris un rendez-vous.", en="Booked an appointment."
)
MOVED = define(
    "booking:appointment:moved", fr="A déplacé un rendez-vous.", en="Moved an appointment."
)
CANCELLED = define(
    "booking:appointment:cancelled", fr="A annulé un rendez-vous.", en="Cancelled an appointment."
)
CHECKED_IN = define(
    "booking:appointment:checked_in",
    fr="A enregistré l’arrivée du patient.",
    en="Checked the patient in.",
)
NOT_ATTENDED = define(
    "booking:appointment:missed",
    fr="A noté l’absence du patient.",
    en="Noted that the patient did not come.",
)
BEGUN = define(
    "booking:appointment:begun", fr="A commencé le rendez-vous.", en="Began the appointment."
)
FINISHED = define(
    "booking:appointment:finished", fr="A terminé le rendez-vous.", en="Finished the appointment."
)
VERDICT_LOST = define(
    "booking:appointment:verdict_lost",
    fr="La séance attend un nouvel avis médical.",
    en="The session waits for a new verdict.",
)
VERDICT_FOUND = define(
    "booking:appointment:verdict_found",
    fr="La séance est de nouveau permise.",
    en="The session is allowed again.",
)
AGENDA_READ = define(
    "booking:agenda:read", fr="A consulté l’agenda d’un jour.", en="Read the agenda of a day."
)
LINK_ASKED = define(
    "booking:link:asked",
    fr="A demandé un nouveau lien vers un rendez-vous.",
    en="Asked for a new link to an appointment.",
)
