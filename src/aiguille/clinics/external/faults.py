"""Why another calendar could not be read, in words for the person who added it."""

from aiguille.kernel.text import Text
from aiguille.plumbing.fetching import Fault

NOT_A_CALENDAR = "not_a_calendar"
TOO_MUCH = "too_much"
SEALED = "sealed"

FAULTS: dict[str, Text] = {
    Fault.NOT_HTTPS: Text(
        fr="L’adresse doit commencer par https:// et ne contenir ni nom d’utilisateur ni mot de"
        " passe.",
        en="The address must begin with https:// and hold neither a user name nor a password.",
    ),
    Fault.NOT_PUBLIC: Text(
        fr="Cette adresse mène à un réseau privé : seules les adresses publiques sont lues.",
        en="This address leads into a private network: only public addresses are read.",
    ),
    Fault.UNKNOWN_HOST: Text(
        fr="Le serveur de cette adresse est introuvable.",
        en="The server of this address cannot be found.",
    ),
    Fault.UNREACHABLE: Text(
        fr="Le serveur de cet agenda ne répond pas.",
        en="The server of this calendar does not answer.",
    ),
    Fault.CERTIFICATE: Text(
        fr="Le certificat de ce serveur n’est pas valable.",
        en="This server’s certificate is not valid.",
    ),
    Fault.TOO_SLOW: Text(
        fr="Le serveur de cet agenda est trop lent.",
        en="The server of this calendar is too slow.",
    ),
    Fault.TOO_LARGE: Text(
        fr="Cet agenda est trop volumineux : 4 Mo au plus.",
        en="This calendar is too large: 4 MB at most.",
    ),
    Fault.REDIRECTED: Text(
        fr="Cette adresse renvoie sans fin vers une autre.",
        en="This address keeps leading to another one.",
    ),
    Fault.FORBIDDEN: Text(
        fr="Ce serveur refuse l’accès. Copiez de nouveau l’adresse secrète de l’agenda.",
        en="This server refuses access. Copy the calendar’s secret address again.",
    ),
    Fault.GONE: Text(
        fr="Il n’y a plus d’agenda à cette adresse.",
        en="There is no calendar at this address any more.",
    ),
    Fault.SERVER: Text(
        fr="Le serveur de cet agenda signale une erreur.",
        en="The server of this calendar reports an error.",
    ),
    NOT_A_CALENDAR: Text(
        fr="Ce n’est pas un agenda au format .ics, ou il est incomplet.",
        en="This is not a calendar in the .ics format, or it is cut short.",
    ),
    TOO_MUCH: Text(
        fr="Cet agenda contient trop d’événements à venir pour être lu.",
        en="This calendar holds too many events ahead to be read.",
    ),
    SEALED: Text(
        fr="L’adresse enregistrée ne peut plus être déchiffrée. Retirez l’agenda et ajoutez-le de"
        " nouveau.",
        en="The stored address can no longer be decrypted. Remove the calendar and add it again.",
    ),
}
