"""Signing: who may, that they proved a moment ago that it is they, and what the signature covers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.http import HttpRequest

from aiguille.accounts.models import User
from aiguille.accounts.queries import physician_credentials
from aiguille.accounts.rights import NotAllowed
from aiguille.kernel.actor import Actor, ActorKind
from aiguille.kernel.errors import ElsewhereFirst
from aiguille.kernel.text import Text
from aiguille.plumbing import clock
from aiguille.plumbing.models import Signed
from aiguille.protocols.sources import digest_of

# A proof this old still counts; the next instant it does not.
CONFIRMED_FOR = timedelta(minutes=5)
_CONFIRMED = "identity-confirmed"

Row = TypeVar("Row", bound=Signed)


class ConfirmIdentity(ElsewhereFirst):
    """The person who signs has not proved for over five minutes that it is they."""

    code = "confirm_identity"
    default_text = Text(
        fr="Rien n’est encore signé : confirmez votre identité pour signer.",
        en="Nothing is signed yet: confirm that it is you to sign.",
    )


def signature_of(actor: Actor, *, on: date, at: datetime) -> dict[str, Any]:
    """Return the `Signed` columns, save the digest, of a physician who signs at `at`.

    `on` is the clinic's local date, on which the registration must be in force.

    Raises:
        NotAllowed: there is no such registration.
        ConfirmIdentity: the person did not prove within five minutes before `at` that it is they.
    """
    credentials = physician_credentials(actor.id, on) if actor.id else None
    if actor.id is None or credentials is None:
        raise NotAllowed(
            Text(
                fr="Seul un médecin inscrit peut signer.",
                en="Only a registered physician may sign.",
            )
        )
    if not is_confirmed(actor, at=at):
        raise ConfirmIdentity
    return {
        "signer_id": actor.id,
        "signer_name": actor.display_name,
        "signer_role": credentials.title,
        "signer_rpps": credentials.rpps,
        "signed_at": at,
    }


def patient_signature_of(actor: Actor, *, at: datetime) -> dict[str, Any]:
    """Return the `Signed` columns, save the digest, of a patient's login that signs at `at`.

    Raises:
        NotAllowed: the actor is no patient's login.
        ConfirmIdentity: it was not proved within five minutes before `at` that it is the patient's.
    """
    if actor.id is None or actor.kind is not ActorKind.PATIENT:
        raise NotAllowed(Text(fr="Seul le patient peut signer.", en="Only the patient may sign."))
    if not is_confirmed(actor, at=at):
        raise ConfirmIdentity
    return {
        "signer_id": actor.id,
        "signer_name": actor.display_name,
        "signer_role": actor.kind.value,
        "signer_rpps": "",
        "signed_at": at,
    }


def signed_digest(row: Signed, content: Mapping[str, Any]) -> str:
    """Return the digest (SHA-256, hex) of what a row's signature covers.

    That is the exact `content`, given as JSON values, with who signed it, in what quality, under
    which number, and when.
    """
    return digest_of(
        {
            "content": content,
            "signer": str(row.signer_id),
            "name": row.signer_name,
            "role": row.signer_role,
            "rpps": row.signer_rpps,
            "at": row.signed_at.astimezone(UTC).isoformat(),
        }
    )


@dataclass(frozen=True, slots=True)
class CheckedSignature:
    """A signed row as it stands now; `is_whole` tells whether its digest is still that of it."""

    kind: str
    id: UUID
    signer_name: str
    signed_at: datetime
    is_whole: bool


def check_signatures(
    kind: str, rows: Iterable[Row], content_of: Callable[[Row], Mapping[str, Any]]
) -> Iterator[CheckedSignature]:
    """Reckon the digest of each row again and compare it with the one that was signed."""
    for row in rows:
        yield CheckedSignature(
            kind=kind,
            id=row.pk,
            signer_name=row.signer_name,
            signed_at=row.signed_at,
            is_whole=signed_digest(row, content_of(row)) == row.content_digest,
        )


def is_confirmed(actor: Actor, *, at: datetime) -> bool:
    """Tell whether the person proved within five minutes before `at` that it is they."""
    proved = actor.confirmed_at
    return proved is not None and proved <= at <= proved + CONFIRMED_FOR


def note_confirmation(
    request: HttpRequest, user: User, patient_id: UUID | None = None, **_: Any
) -> None:
    """Keep in the session that somebody proved just now that it is they.

    Staff do so by a password, a code or a passkey; a patient's login, beside the link that opened
    its session, by the birth date of the patient for whom it acts.
    """
    request.session[_CONFIRMED] = {
        "user": str(user.pk),
        "password": user.get_session_auth_hash(),
        "patient": str(patient_id) if patient_id else None,
        "at": clock.now().isoformat(),
    }


def confirmed_at(request: HttpRequest, patient_id: UUID | None = None) -> datetime | None:
    """Return when whoever is signed in last proved in this session that it is they, or None.

    A proof by a password that was changed since is none; nor is one for another patient.
    """
    kept, user = request.session.get(_CONFIRMED), request.user
    if kept is None or not user.is_authenticated:
        return None
    whose = (kept["user"], kept["password"], kept.get("patient"))
    wanted = (str(user.pk), user.get_session_auth_hash(), str(patient_id) if patient_id else None)
    return datetime.fromisoformat(kept["at"]) if whose == wanted else None
