"""Who does something: the one value that every write receives."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from aiguille.kernel.codes import StaffRole


class ActorKind(StrEnum):
    """What sort of actor it is."""

    STAFF = "staff"
    PATIENT = "patient"
    VISITOR = "visitor"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as audit stores it, without a foreign key to accounts.

    `id` is the user's id for staff and patients, None for a visitor or the system.
    `roles` are the staff roles in force at the instant of the act, at `site_id`
    (or at any site where `site_id` is None). `confirmed_at` is when the person last proved who they
    are, by a password or a second factor, in the session that acts; None where nothing is known.
    """

    kind: ActorKind
    id: UUID | None
    display_name: str
    roles: frozenset[StaffRole] = frozenset()
    site_id: UUID | None = None
    confirmed_at: datetime | None = None

    def confirmed(self, at: datetime | None) -> Self:
        """Return the same actor, who proved who they are at that instant.

        Only for what saw the proof (an architecture test lists who may).
        """
        return replace(self, confirmed_at=at)

    @property
    def is_physician(self) -> bool:
        """Tell whether the actor is a physician at work."""
        return self.kind is ActorKind.STAFF and StaffRole.PHYSICIAN in self.roles


VISITOR = Actor(kind=ActorKind.VISITOR, id=None, display_name="visitor")
SYSTEM = Actor(kind=ActorKind.SYSTEM, id=None, display_name="system")
