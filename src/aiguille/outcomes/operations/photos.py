"""Photos of the record: encoded anew, kept in the vault, their viewing noted, never deleted."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from aiguille.accounts.rights import NotAllowed, Right
from aiguille.audit.operations import record
from aiguille.audit.registry import Action
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import PhotoPurpose, Side, Zone
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.outcomes import events
from aiguille.outcomes.access import get_photo_for, is_withdrawn, may_withdraw
from aiguille.outcomes.models import Photo, PhotosSeen, PhotoWithdrawal
from aiguille.outcomes.pictures import PHOTO_TYPE, THUMBNAIL_TYPE, develop
from aiguille.patients.access import get_patient_for
from aiguille.patients.queries import get_identity
from aiguille.plumbing import vault
from aiguille.plumbing.models import authored_by

LONGEST_REASON = 500


class UseNeedsConsent(DomainError):
    """The use asked for is not care, and no consent of the patient to it exists."""

    code = "use_needs_consent"
    default_text = Text(
        fr="Une photo ne sert à l’enseignement ou à une publication qu’avec l’accord du patient"
        " pour cet usage, et il n’y en a pas. Gardez-la pour les soins.",
        en="A photo serves teaching or a publication only with the patient’s consent to that use,"
        " and there is none. Keep it for care.",
    )


class PhotoMisdescribed(DomainError):
    """What is said of a photo cannot be; `field` names it."""

    code = "photo_misdescribed"


class WithdrawalRefused(DomainError):
    """A photo cannot be withdrawn like this."""

    code = "withdrawal_refused"


@dataclass(frozen=True, slots=True)
class OpenedPhoto:
    """A picture's bytes, as they go to the person who asked for them."""

    content: bytes
    media_type: str


def add_photo(
    *,
    patient_id: UUID,
    content: bytes,
    zone: str,
    side: str,
    taken_on: date,
    form_key: UUID,
    actor: Actor,
    at: datetime,
    purpose: str = PhotoPurpose.CARE.value,
) -> UUID:
    """Add a photo to a record and return its id; the same file in the same form is one photo.

    `content` is the file as it was sent; only what `pictures.develop` makes of it is kept.

    Raises:
        NotVisible: no such patient, an outsider, or somebody else's record.
        NotAllowed: a member of staff who takes no photos.
        UseNeedsConsent: the purpose is not care.
        PhotoMisdescribed: no such zone or side, or a day that cannot be.
        PhotoRefused: the file is not taken; its subclasses say why.
    """
    get_patient_for(actor=actor, patient_id=patient_id, at=at, right=Right.ADD_PHOTO)
    _check_described(patient_id, zone=zone, side=side, taken_on=taken_on, at=at)
    if purpose != PhotoPurpose.CARE:
        raise UseNeedsConsent(field="purpose")
    key = uuid5(form_key, hashlib.sha256(content).hexdigest())
    sent = Photo.objects.filter(patient_id=patient_id, request_key=key)
    if existing := sent.values_list("id", flat=True).first():
        return existing
    picture = develop(content)
    try:
        with transaction.atomic():
            photo = Photo(
                patient_id=patient_id,
                zone=zone,
                side=side,
                purpose=purpose,
                taken_on=taken_on,
                width=picture.width,
                height=picture.height,
                request_key=key,
                **authored_by(actor, at=at),
            )
            photo.file_id = vault.store(
                owner_id=patient_id,
                content=picture.photo,
                media_type=PHOTO_TYPE,
                file_name=f"photo-{photo.id}",
                at=at,
            )
            photo.thumbnail_id = vault.store(
                owner_id=patient_id,
                content=picture.thumbnail,
                media_type=THUMBNAIL_TYPE,
                file_name=f"thumbnail-{photo.id}",
                at=at,
            )
            photo.save(force_insert=True)
            _note(events.PHOTO_ADDED, photo, actor=actor, at=at)
    except IntegrityError:
        # The same form came twice at once: the other one's photo is this one.
        return sent.values_list("id", flat=True).get()
    return photo.id


@transaction.atomic
def open_photo(*, photo_id: UUID, actor: Actor, at: datetime) -> OpenedPhoto:
    """Return a photo's picture, and note who saw it.

    Raises:
        NotVisible, NotAllowed: as `access.get_photo_for`.
        VaultDamaged: the stored file is not what was stored.
    """
    photo = get_photo_for(actor=actor, photo_id=photo_id, at=at)
    file = vault.read(file_id=photo.file_id)
    _note(events.PHOTO_READ, photo, actor=actor, at=at)
    return OpenedPhoto(content=file.content, media_type=file.media_type)


@transaction.atomic
def open_thumbnail(*, photo_id: UUID, actor: Actor, at: datetime) -> OpenedPhoto:
    """Return a photo's small picture; who sees a patient's is noted once an hour.

    Raises:
        NotVisible, NotAllowed: as `access.get_photo_for`.
        VaultDamaged: the stored file is not what was stored.
    """
    photo = get_photo_for(actor=actor, photo_id=photo_id, at=at)
    file = vault.read(file_id=photo.thumbnail_id)
    if actor.id is not None:
        _, is_first = PhotosSeen.objects.get_or_create(
            patient_id=photo.patient_id,
            viewer_id=actor.id,
            hour=at.replace(minute=0, second=0, microsecond=0),
        )
        if is_first:
            record(
                action=events.PHOTOS_SEEN,
                actor=actor,
                at=at,
                subject_kind="patient",
                subject_id=photo.patient_id,
                patient_id=photo.patient_id,
            )
    return OpenedPhoto(content=file.content, media_type=file.media_type)


@transaction.atomic
def withdraw_photo(*, photo_id: UUID, reason: str, actor: Actor, at: datetime) -> None:
    """End a photo's use: it is shown no more, and stays in the record with the reason.

    A patient withdraws what they sent themselves.

    Raises:
        NotVisible: no such photo, somebody else's, or withdrawn already.
        NotAllowed: not this actor's to withdraw.
        WithdrawalRefused: no reason, too long a one, or withdrawn before.
    """
    photo = get_photo_for(actor=actor, photo_id=photo_id, at=at)
    if not may_withdraw(actor=actor, author_id=photo.author_id):
        raise NotAllowed
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise WithdrawalRefused(
            Text(
                fr="Dites pourquoi, en 500 caractères au plus.",
                en="Say why, in 500 characters at most.",
            ),
            field="reason",
        )
    already = WithdrawalRefused(
        Text(fr="Cette photo est déjà retirée.", en="This photo is already withdrawn.")
    )
    if is_withdrawn(photo):
        raise already
    try:
        with transaction.atomic():
            PhotoWithdrawal.objects.create(photo=photo, reason=reason, **authored_by(actor, at=at))
    except IntegrityError:
        raise already from None
    _note(events.PHOTO_WITHDRAWN, photo, actor=actor, at=at)


def _check_described(
    patient_id: UUID, *, zone: str, side: str, taken_on: date, at: datetime
) -> None:
    if zone not in set(Zone):
        raise PhotoMisdescribed(Text(fr="Choisissez une zone.", en="Choose an area."), field="zone")
    if side not in set(Side):
        raise PhotoMisdescribed(Text(fr="Choisissez un côté.", en="Choose a side."), field="side")
    born = get_identity(patient_id).birth_date
    # By the clock of a site east of Greenwich, today may be a day ahead.
    if taken_on > at.date() + timedelta(days=1):
        raise PhotoMisdescribed(
            Text(fr="Cette date est à venir.", en="This date lies ahead."), field="taken_on"
        )
    if born is not None and taken_on < born:
        raise PhotoMisdescribed(
            Text(fr="Cette date précède la naissance.", en="This date is before the birth."),
            field="taken_on",
        )


def _note(action: Action, photo: Photo, *, actor: Actor, at: datetime) -> None:
    record(
        action=action,
        actor=actor,
        at=at,
        subject_kind="photo",
        subject_id=photo.id,
        patient_id=photo.patient_id,
        details={"zone": photo.zone, "side": photo.side, "purpose": photo.purpose},
    )
