"""What audit knows of accounts."""

from aiguille.audit.registry import Erasure, define

USER_CREATED = define(
    "accounts:user:created", fr="Compte créé", en="Account created", erasure=Erasure.KEEP
)
LANGUAGE_CHANGED = define(
    "accounts:user:language_changed", fr="Langue changée", en="Language changed"
)
PASSWORD_SET = define("accounts:user:password_set", fr="Mot de passe fixé", en="Password set")
QUALIFICATION_GRANTED = define(
    "accounts:qualification:granted",
    fr="Qualification enregistrée",
    en="Qualification recorded",
)
SIGNED_IN = define("accounts:user:signed_in", fr="Connexion", en="Signed in")
SIGNED_OUT = define("accounts:user:signed_out", fr="Déconnexion", en="Signed out")
SIGN_IN_FAILED = define(
    "accounts:user:sign_in_failed", fr="Connexion refusée", en="Sign-in refused"
)
