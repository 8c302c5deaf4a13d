"""Which role may do what: the one table. Which rows is each area's `access.py`."""

from enum import StrEnum

from aiguille.kernel.actor import Actor, ActorKind
from aiguille.kernel.codes import StaffRole
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text


class Right(StrEnum):
    """Something that only some roles may do."""

    SEE_AGENDA = "see_agenda"
    BOOK = "book"
    CHECK_IN = "check_in"
    ASK_AGAIN = "ask_again"
    BLOCK_TIME = "block_time"
    SEE_IDENTITY = "see_identity"
    EDIT_IDENTITY = "edit_identity"
    READ_RECORD = "read_record"
    ADD_PHOTO = "add_photo"
    WRITE_CONSULTATION = "write_consultation"
    GIVE_VERDICT = "give_verdict"
    PRESCRIBE = "prescribe"
    RUN_SESSION = "run_session"
    ASSIST_SESSION = "assist_session"
    ANSWER_SYMPTOMS = "answer_symptoms"
    SEE_WORKLIST = "see_worklist"
    SEE_STOCK = "see_stock"
    MANAGE_STOCK = "manage_stock"
    MANAGE_CLINIC = "manage_clinic"
    MANAGE_STAFF = "manage_staff"
    READ_AUDIT = "read_audit"


_P, _N, _A = StaffRole.PHYSICIAN, StaffRole.NURSE, StaffRole.ASSISTANT
_F, _M, _D = StaffRole.FRONT_DESK, StaffRole.MANAGER, StaffRole.ADMINISTRATOR

RIGHTS: dict[Right, frozenset[StaffRole]] = {
    Right.SEE_AGENDA: frozenset({_P, _N, _A, _F, _M}),
    Right.BOOK: frozenset({_P, _N, _A, _F, _M}),
    Right.CHECK_IN: frozenset({_P, _N, _A, _F}),
    # Who receives patients asks the questions of the day and writes the answers down.
    Right.ASK_AGAIN: frozenset({_P, _N, _A, _F}),
    # Of everybody's calendar; practitioners block their own whatever their role.
    Right.BLOCK_TIME: frozenset({_F, _M}),
    Right.SEE_IDENTITY: frozenset({_P, _N, _A, _F, _M}),
    Right.EDIT_IDENTITY: frozenset({_P, _N, _A, _F}),
    Right.READ_RECORD: frozenset({_P, _N}),
    Right.ADD_PHOTO: frozenset({_P, _N}),
    Right.WRITE_CONSULTATION: frozenset({_P}),
    Right.GIVE_VERDICT: frozenset({_P}),
    Right.PRESCRIBE: frozenset({_P}),
    Right.RUN_SESSION: frozenset({_P}),
    Right.ASSIST_SESSION: frozenset({_P, _N, _A}),
    Right.ANSWER_SYMPTOMS: frozenset({_P}),
    Right.SEE_WORKLIST: frozenset({_P, _N, _A, _F, _M}),
    Right.SEE_STOCK: frozenset({_P, _N, _A, _M}),
    Right.MANAGE_STOCK: frozenset({_P, _N, _A, _M}),
    Right.MANAGE_CLINIC: frozenset({_M, _D}),
    Right.MANAGE_STAFF: frozenset({_D}),
    Right.READ_AUDIT: frozenset({_D}),
}


class NotAllowed(DomainError):
    """The actor's roles do not include what is needed."""

    code = "not_allowed"
    default_text = Text(
        fr="Votre rôle ne permet pas cette action.", en="Your role does not allow this."
    )


def has_right(actor: Actor, right: Right) -> bool:
    """Tell whether a member of staff has `right` through one of the roles in force."""
    return actor.kind is ActorKind.STAFF and bool(actor.roles & RIGHTS[right])


def require(actor: Actor, right: Right) -> None:
    """Let `actor` pass or refuse.

    Raises:
        NotAllowed: none of the actor's roles has `right`.
    """
    if not has_right(actor, right):
        raise NotAllowed


def require_unless_system(actor: Actor, right: Right) -> None:
    """Let the installation itself pass (its command line, its demo), or a person with `right`.

    Raises:
        NotAllowed: the actor is a person without the right.
    """
    if actor.kind is not ActorKind.SYSTEM:
        require(actor, right)
