"""Who does something: the one value that every write receives."""

from dataclasses import dataclass
from enum import StrEnum
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
    (or at any site where `site_id` is None).
    """

    kind: ActorKind
    id: UUID | None
    display_name: str
    roles: frozenset[StaffRole] = frozenset()
    site_id: UUID | None = None

    @property
    def is_physician(self) -> bool:
        """Tell whether the actor is a physician at work."""
        return self.kind is ActorKind.STAFF and StaffRole.PHYSICIAN in self.roles


VISITOR = Actor(kind=ActorKind.VISITOR, id=None, display_name="visitor")
SYSTEM = Actor(kind=ActorKind.SYSTEM, id=None, display_name="system")
