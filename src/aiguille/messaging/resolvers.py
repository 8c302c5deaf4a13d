"""How a lower area speaks for the areas above it.

The area that owns a subject registers a resolver when the application starts (`apps.py: ready`).
The worker asks it whether a message is still true, and to render it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from aiguille.kernel.codes import Language


@dataclass(frozen=True, slots=True)
class Due:
    """A message whose time has come, as resolvers and transports see it; `at` is the instant."""

    id: UUID
    kind: str
    channel: str
    recipient: str
    language: Language
    patient_id: UUID | None
    subject_kind: str
    subject_id: UUID
    subject_version: int
    due_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is sent. A text message (SMS) uses `text` alone; `html` may be empty."""

    subject: str
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = field(default=())


class Resolver(Protocol):
    """What the owner of a subject answers; both calls run in the claiming transaction."""

    def still_true(self, message: Due) -> bool:
        """Lock the subject and tell whether its `message.subject_version` is still what there is."""
        ...

    def render(self, message: Due) -> Rendered:
        """Write the message in its language; make the links it carries."""
        ...


_resolvers: dict[str, Resolver] = {}


def register(subject_kind: str, resolver: Resolver) -> None:
    """Let `resolver` speak for subjects of a kind.

    Raises:
        ValueError: another one does already.
    """
    if _resolvers.setdefault(subject_kind, resolver) is not resolver:
        raise ValueError(f"two resolvers speak for {subject_kind!r}")


def resolver_for(subject_kind: str) -> Resolver | None:
    """Return who speaks for subjects of a kind, or None."""
    return _resolvers.get(subject_kind)
