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
WAITING_JOINED = define(
    "booking:waiting:joined",
    fr="S’est inscrit sur la liste d’attente.",
    en="Joined the waiting list.",
)
WAITING_LEFT = define(
    "booking:waiting:left", fr="A quitté la liste d’attente.", en="Left the waiting list."
)
WAITING_REMOVED = define(
    "booking:waiting:removed",
    fr="A retiré une personne de la liste d’attente.",
    en="Removed a person from the waiting list.",
)
WAITING_OVER = define(
    "booking:waiting:over",
    fr="L’inscription sur la liste d’attente est arrivée à son terme.",
    en="The stay on the waiting list came to its end.",
)
WAITING_LINK_ASKED = define(
    "booking:waiting:link_asked",
    fr="A demandé un nouveau lien vers la liste d’attente.",
    en="Asked for a new link to the waiting list.",
)
OFFERED = define(
    "booking:offer:made",
    fr="Un horaire libéré a été proposé.",
    en="A time that became free was offered.",
)
OFFER_ACCEPTED = define(
    "booking:offer:accepted", fr="A accepté l’horaire proposé.", en="Accepted the time offered."
)
OFFER_DECLINED = define(
    "booking:offer:declined", fr="A refusé l’horaire proposé.", en="Declined the time offered."
)
OFFER_EXPIRED = define(
    "booking:offer:expired",
    fr="L’horaire proposé n’a pas reçu de réponse à temps.",
    en="The time offered was not answered in time.",
)
OFFER_WITHDRAWN = define(
    "booking:offer:withdrawn",
    fr="L’horaire proposé n’est plus gardé.",
    en="The time offered is not kept any more.",
)
FEED_CREATED = define(
    "booking:feed:created",
    fr="A créé une adresse d’agenda.",
    en="Made a calendar address.",
)
FEED_REVOKED = define(
    "booking:feed:revoked",
    fr="A révoqué une adresse d’agenda.",
    en="Revoked a calendar address.",
)
FEED_FIRST_READ = define(
    "booking:feed:first_read",
    fr="Un agenda a lu l’adresse pour la première fois.",
    en="A calendar read the address for the first time.",
)
