"""What every change of the set-up has in common: its refusals, and what audit keeps of it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.kernel.actor import Actor
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.plumbing.access import NotVisible

Found = TypeVar("Found")


class SetUpUnsound(DomainError):
    """A value of the set-up cannot be right."""

    code = "set_up_unsound"


class SetUpStale(DomainError):
    """Somebody else changed the same thing since the page was shown."""

    code = "set_up_stale"
    default_text = Text(
        fr="Quelqu’un d’autre a modifié ces réglages entre-temps. Relisez-les avant de continuer.",
        en="Somebody else changed these settings in the meantime. Read them again before you go on.",
    )


def digest_of(state: object) -> str:
    """Return a short mark of a state made of JSON values: equal states have equal marks."""
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()[:16]


def expect_seen(state: object, seen: str | None) -> None:
    """Let a change pass that was made on this very state, or that names none.

    Raises:
        SetUpStale: `seen` is the mark of another state.
    """
    if seen is not None and seen != digest_of(state):
        raise SetUpStale


def found(row: Found | None) -> Found:
    """Return a row that exists.

    Raises:
        NotVisible: there is none.
    """
    if row is None:
        raise NotVisible
    return row


def note_change(
    action: Action,
    *,
    actor: Actor,
    at: datetime,
    kind: str,
    subject_id: UUID,
    site_id: UUID | None = None,
    before: object = None,
    after: object = None,
    **details: Any,
) -> None:
    """Write the audit event of a change with what was before and after it, as JSON values."""
    changed: Mapping[str, Any] = {
        name: value for name, value in (("before", before), ("after", after)) if value is not None
    }
    record(
        action=action,
        actor=actor,
        at=at,
        subject_kind=kind,
        subject_id=subject_id,
        site_id=site_id,
        details={**details, **changed},
    )
