"""Reading photos (never their pictures, which `operations` opens) and scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from uuid import UUID

from django.db.models import Q, QuerySet

from aiguille.kernel.actor import ActorKind
from aiguille.kernel.codes import PhotoPurpose, ScoreMoment, Side, Zone
from aiguille.kernel.text import Text
from aiguille.outcomes.models import Photo, Score
from aiguille.outcomes.scales import Scale, get_scale


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Why, when and by whom something of the record was withdrawn."""

    reason: str
    author_name: str
    withdrawn_at: datetime


@dataclass(frozen=True, slots=True)
class PhotoLine:
    """A photo of the record, without its picture.

    `patient_id` is the record that it stands in, a joined one's where records were joined.
    """

    id: UUID
    patient_id: UUID
    zone: Zone
    side: Side
    purpose: PhotoPurpose
    taken_on: date
    recorded_at: datetime
    author_name: str
    author_id: UUID | None
    is_from_patient: bool
    width: int
    height: int
    withdrawal: Withdrawal | None


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """What a scale gave, in words too. `plan_id` is the plan that it was given with or under."""

    id: UUID
    treatment_id: UUID
    plan_id: UUID | None
    scale: Scale
    moment: ScoreMoment
    zone: Zone | None
    side: Side | None
    answers: Mapping[str, str]
    value: Decimal
    words: Text
    effective_at: datetime
    author_name: str


@dataclass(frozen=True, slots=True)
class Series:
    """A scale over time, at one place, under one treatment; `scores` in order of time."""

    treatment_id: UUID
    scale: Scale
    zone: Zone | None
    side: Side | None
    scores: tuple[ScoreLine, ...]

    @property
    def change(self) -> Decimal | None:
        """Return the last value less the first, None for a single one."""
        return self.scores[-1].value - self.scores[0].value if len(self.scores) > 1 else None

    @property
    def is_better(self) -> bool:
        """Tell whether the last value is better than the first."""
        return (
            self.change is not None
            and (self.change < 0) == (self.scale.better == "low")
            and (self.change != 0)
        )


def photos_of(
    *,
    patient_id: UUID,
    zone: Zone | None = None,
    side: Side | None = None,
    limit: int | None = None,
) -> tuple[PhotoLine, ...]:
    """Return a person's photos in use, those of joined records too, latest first (one query).

    The caller has checked that the actor reads the record.
    """
    found = _photos(patient_id).filter(withdrawal=None)
    if zone is not None:
        found = found.filter(zone=zone.value)
    if side is not None:
        found = found.filter(side=side.value)
    return tuple(_photo(row) for row in found[:limit])


def withdrawn_photos_of(*, patient_id: UUID) -> tuple[PhotoLine, ...]:
    """Return a person's photos that were withdrawn, latest first (one query)."""
    return tuple(_photo(row) for row in _photos(patient_id).exclude(withdrawal=None))


def scores_of(*, patient_id: UUID, treatment_id: UUID | None = None) -> tuple[ScoreLine, ...]:
    """Return a person's scores in force, those of joined records too, oldest first (one query)."""
    found = Score.objects.filter(
        Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id),
        replaced_by=None,
        entered_in_error=False,
    )
    if treatment_id is not None:
        found = found.filter(treatment_id=treatment_id)
    return tuple(_score(row) for row in found.order_by("effective_at", "id"))


def series_of(*, patient_id: UUID, treatment_id: UUID | None = None) -> tuple[Series, ...]:
    """Return a person's scores by treatment, scale and place, each in order of time (one query)."""

    def place(one: ScoreLine) -> tuple[str, str, str, str]:
        return str(one.treatment_id), one.scale.id, one.zone or "", one.side or ""

    scores = sorted(scores_of(patient_id=patient_id, treatment_id=treatment_id), key=place)
    found = (tuple(group) for _, group in groupby(scores, key=place))
    return tuple(
        Series(
            treatment_id=group[0].treatment_id,
            scale=group[0].scale,
            zone=group[0].zone,
            side=group[0].side,
            scores=group,
        )
        for group in found
    )


def _photos(patient_id: UUID) -> QuerySet[Photo]:
    return (
        Photo.objects.filter(Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id))
        .select_related("withdrawal")
        .order_by("-taken_on", "-id")
    )


def _photo(row: Photo) -> PhotoLine:
    withdrawal = getattr(row, "withdrawal", None)
    return PhotoLine(
        id=row.id,
        patient_id=row.patient_id,
        zone=Zone(row.zone),
        side=Side(row.side),
        purpose=PhotoPurpose(row.purpose),
        taken_on=row.taken_on,
        recorded_at=row.recorded_at,
        author_name=row.author_name,
        author_id=row.author_id,
        is_from_patient=row.author_kind == ActorKind.PATIENT,
        width=row.width,
        height=row.height,
        withdrawal=Withdrawal(
            reason=withdrawal.reason,
            author_name=withdrawal.author_name,
            withdrawn_at=withdrawal.recorded_at,
        )
        if withdrawal
        else None,
    )


def _score(row: Score) -> ScoreLine:
    scale = get_scale(row.scale)
    return ScoreLine(
        id=row.id,
        treatment_id=row.treatment_id,
        plan_id=row.plan_id,
        scale=scale,
        moment=ScoreMoment(row.moment),
        zone=Zone(row.zone) if row.zone else None,
        side=Side(row.side) if row.side else None,
        answers=row.answers,
        value=row.value,
        words=scale.words_of(row.answers, row.value),
        effective_at=row.effective_at,
        author_name=row.author_name,
    )
