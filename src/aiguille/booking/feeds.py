"""Calendar feeds: secret addresses at which somebody's own calendar program reads appointments.

Only the hash of a secret is kept, so an address is shown once. Whoever made a feed may revoke it,
and it ends by itself when they may not see those appointments any more.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.booking import events
from aiguille.booking.models import CalendarFeed
from aiguille.clinics.queries import practitioner_of_user
from aiguille.kernel.actor import VISITOR, Actor, ActorKind
from aiguille.kernel.codes import Language
from aiguille.kernel.errors import DomainError
from aiguille.kernel.ids import new_id
from aiguille.kernel.text import Text, one_line
from aiguille.patients.access import get_patient_for
from aiguille.plumbing.access import NotVisible

MOST_FEEDS = 10
LONGEST_NAME = 80
# A program that follows the file asks once an hour; some ask each minute.
FETCHES_AN_HOUR = 60
HOUR = timedelta(hours=1)


class TooManyFeeds(DomainError):
    """There are as many feeds as one may have."""

    code = "too_many_feeds"
    default_text = Text(
        fr="Dix adresses au plus : révoquez-en une d’abord.",
        en="Ten addresses at most: revoke one first.",
    )


class FeedUnnamed(DomainError):
    """A feed has a name, which calendar programs show."""

    code = "feed_unnamed"
    default_text = Text(fr="Donnez un nom à cet agenda.", en="Give this calendar a name.")


@dataclass(frozen=True, slots=True)
class FeedView:
    """A feed as its page shows it; its address was shown once and is not known any more."""

    id: UUID
    name: str
    language: str
    has_initials: bool
    created_at: datetime
    fetched_at: datetime | None


@dataclass(frozen=True, slots=True)
class Issued:
    """A new feed; `secret` exists nowhere else, and is empty when the request came twice."""

    feed_id: UUID
    secret: str


def feeds_of_practitioner(*, resource_id: UUID) -> list[FeedView]:
    """Return the feeds of a practitioner that work, oldest first (one query)."""
    return _views(CalendarFeed.objects.filter(resource_id=resource_id))


def feeds_of_patient(*, patient_id: UUID, actor: Actor) -> list[FeedView]:
    """Return the feeds that the login made for a patient and that work, oldest first (one query)."""
    return _views(CalendarFeed.objects.filter(patient_id=patient_id, user_id=_user(actor)))


@transaction.atomic
def create_practitioner_feed(
    *,
    name: str,
    language: str,
    has_initials: bool,
    actor: Actor,
    at: datetime,
    feed_id: UUID | None = None,
) -> Issued:
    """Make an address at which the practitioner who asks reads their own appointments.

    The same `feed_id` sent twice makes one feed.

    Raises:
        NotVisible: the actor is no practitioner at work.
        TooManyFeeds, FeedUnnamed.
    """
    resource_id = _own_resource(actor)
    return _issue(
        CalendarFeed(
            id=feed_id or new_id(),
            user_id=_user(actor),
            resource_id=resource_id,
            name=_named(name),
            language=Language(language),
            has_initials=has_initials,
            created_at=at,
        ),
        actor=actor,
        at=at,
    )


@transaction.atomic
def create_patient_feed(
    *,
    patient_id: UUID,
    name: str,
    language: str,
    actor: Actor,
    at: datetime,
    feed_id: UUID | None = None,
) -> Issued:
    """Make an address at which a patient's login reads the patient's appointments.

    The same `feed_id` sent twice makes one feed.

    Raises:
        NotVisible: the login does not act for the patient.
        TooManyFeeds, FeedUnnamed.
    """
    if actor.kind is not ActorKind.PATIENT:
        raise NotVisible
    get_patient_for(actor=actor, patient_id=patient_id, at=at)
    return _issue(
        CalendarFeed(
            id=feed_id or new_id(),
            user_id=_user(actor),
            patient_id=patient_id,
            name=_named(name),
            language=Language(language),
            created_at=at,
        ),
        actor=actor,
        at=at,
    )


@transaction.atomic
def revoke_feed(*, feed_id: UUID, actor: Actor, at: datetime) -> None:
    """Let an address work no more; once revoked, it stays so.

    Raises:
        NotVisible: there is no such feed of the actor's.
    """
    row = _own_feed(feed_id, actor=actor)
    if row.revoked_at is None:
        row.revoked_at = at
        row.save(update_fields=["revoked_at"])
        _record(events.FEED_REVOKED, row, actor=actor, at=at)


@transaction.atomic
def replace_feed(
    *, feed_id: UUID, actor: Actor, at: datetime, new_feed_id: UUID | None = None
) -> Issued:
    """Revoke an address and make another one of the same name; the programs must learn it.

    Raises:
        NotVisible: there is no such feed of the actor's, or it was revoked.
    """
    row = _own_feed(feed_id, actor=actor)
    if new_feed_id is not None and CalendarFeed.objects.filter(id=new_feed_id).exists():
        return Issued(new_feed_id, "")
    if row.revoked_at is not None:
        raise NotVisible
    row.revoked_at = at
    row.save(update_fields=["revoked_at"])
    _record(events.FEED_REVOKED, row, actor=actor, at=at)
    return _issue(
        CalendarFeed(
            id=new_feed_id or new_id(),
            user_id=row.user_id,
            resource_id=row.resource_id,
            patient_id=row.patient_id,
            name=row.name,
            language=row.language,
            has_initials=row.has_initials,
            created_at=at,
        ),
        actor=actor,
        at=at,
    )


@transaction.atomic
def note_fetch(*, feed_id: UUID, at: datetime) -> bool:
    """Note that a program asked for a feed; tell whether it may have it now.

    Only the first time leaves an audit event: programs ask every hour for years.
    """
    row = CalendarFeed.objects.select_for_update().get(id=feed_id)
    if row.counted_from is None or at >= row.counted_from + HOUR:
        row.counted_from, row.counted = at, 0
    if row.counted >= FETCHES_AN_HOUR:
        return False
    row.counted += 1
    if row.fetched_at is None:
        _record(events.FEED_FIRST_READ, row, actor=VISITOR, at=at)
    row.fetched_at = at
    row.save(update_fields=["counted_from", "counted", "fetched_at"])
    return True


def hash_of_secret(secret: str) -> str:
    """Return under what a feed is kept: the secret is 256 random bits, so a plain digest will do."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _issue(row: CalendarFeed, *, actor: Actor, at: datetime) -> Issued:
    known = CalendarFeed.objects.filter(id=row.id).first()
    if known is not None:
        _require_own(known, actor=actor)
        return Issued(known.id, "")
    mine = CalendarFeed.objects.filter(user_id=row.user_id, revoked_at=None)
    if mine.count() >= MOST_FEEDS:
        raise TooManyFeeds
    secret = secrets.token_urlsafe(32)
    row.secret_hash = hash_of_secret(secret)
    row.save(force_insert=True)
    _record(events.FEED_CREATED, row, actor=actor, at=at)
    return Issued(row.id, secret)


def _named(name: str) -> str:
    shown = one_line(name, most=LONGEST_NAME)
    if not shown:
        raise FeedUnnamed(field="name")
    return shown


def _own_resource(actor: Actor) -> UUID:
    if actor.kind is not ActorKind.STAFF or not actor.roles or actor.id is None:
        raise NotVisible
    practitioner = practitioner_of_user(actor.id)
    if practitioner is None:
        raise NotVisible
    return practitioner.id


def _user(actor: Actor) -> UUID:
    if actor.id is None:
        raise NotVisible
    return actor.id


def _own_feed(feed_id: UUID, *, actor: Actor) -> CalendarFeed:
    row = CalendarFeed.objects.select_for_update().filter(id=feed_id).first()
    if row is None:
        raise NotVisible
    _require_own(row, actor=actor)
    return row


def _require_own(row: CalendarFeed, *, actor: Actor) -> None:
    is_of_patient = row.patient_id is not None
    if row.user_id != actor.id or is_of_patient != (actor.kind is ActorKind.PATIENT):
        raise NotVisible


def _views(rows: QuerySet[CalendarFeed]) -> list[FeedView]:
    return [
        FeedView(
            id=row.id,
            name=row.name,
            language=row.language,
            has_initials=row.has_initials,
            created_at=row.created_at,
            fetched_at=row.fetched_at,
        )
        for row in rows.filter(revoked_at=None).order_by("created_at", "id")
    ]


def _record(action: Action, row: CalendarFeed, *, actor: Actor, at: datetime) -> None:
    record(
        action=action,
        actor=actor,
        at=at,
        subject_kind="calendar_feed",
        subject_id=row.id,
        patient_id=row.patient_id,
    )
