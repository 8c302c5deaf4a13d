"""The pages of a patient's photos and measures: who reads them, what is offered beside them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.accounts.rights import Right, has_right
from aiguille.care.queries import PlanView, list_plans
from aiguille.catalogue.queries import TreatmentView, treatments_by_id
from aiguille.clinics.queries import list_sites
from aiguille.kernel.actor import Actor
from aiguille.kernel.codes import ScoreMoment, Side, Zone
from aiguille.outcomes.queries import (
    PhotoLine,
    Series,
    photos_of,
    series_of,
    withdrawn_photos_of,
)
from aiguille.outcomes.scales import Measures, Scale, follow_up_days, measures_of
from aiguille.patients.access import get_patient_by_number_for
from aiguille.patients.queries import Identity, get_identity
from aiguille.plumbing.access import NotVisible
from aiguille.treatment_sessions.queries import sessions_of_patient

Place = tuple[Zone, Side]


@dataclass(frozen=True, slots=True)
class Gallery:
    """A patient's photos, latest first; `places` are the zones and sides there are.

    `withdrawn` is empty for whoever may not see them. `chosen` is the place shown alone.
    """

    identity: Identity
    today: date
    photos: tuple[PhotoLine, ...]
    places: tuple[tuple[Place, int], ...]
    chosen: Place | None
    withdrawn: tuple[PhotoLine, ...]
    can_add: bool


@dataclass(frozen=True, slots=True)
class OnePhoto:
    """A photo with its neighbours in time at the same place, and one to compare it with."""

    identity: Identity
    photo: PhotoLine
    earlier: PhotoLine | None
    later: PhotoLine | None
    other: PhotoLine | None
    can_withdraw: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two photos of one place, the earlier one first; `photos` are all of the place by time."""

    identity: Identity
    place: Place
    first: PhotoLine
    second: PhotoLine
    photos: tuple[PhotoLine, ...]
    places: tuple[tuple[Place, int], ...]

    @property
    def days_between(self) -> int:
        """Return how many days lie between the two."""
        return (self.second.taken_on - self.first.taken_on).days

    def after(self, photo: PhotoLine) -> PhotoLine | None:
        """Return the photo that follows in time."""
        place = self.photos.index(photo) + 1
        return self.photos[place] if place < len(self.photos) else None

    def before(self, photo: PhotoLine) -> PhotoLine | None:
        """Return the photo that precedes in time."""
        place = self.photos.index(photo)
        return self.photos[place - 1] if place else None


@dataclass(frozen=True, slots=True)
class Measured:
    """A treatment's scales over time. `due` are the days on which it is measured again."""

    treatment: TreatmentView
    plan: PlanView | None
    measures: Measures
    series: tuple[Series, ...]
    due: tuple[date, ...]

    @property
    def moment(self) -> ScoreMoment:
        """Return the moment that a new score is for: the start until there is one."""
        started = any(
            score.moment is ScoreMoment.START for one in self.series for score in one.scores
        )
        return ScoreMoment.FOLLOW_UP if started else ScoreMoment.START


@dataclass(frozen=True, slots=True)
class MeasuresPage:
    """Everything that was measured for a patient, by treatment."""

    identity: Identity
    today: date
    treatments: tuple[Measured, ...]
    can_score: bool

    def of_treatment(self, code: str) -> Measured:
        """Return what was measured under a treatment.

        Raises:
            NotVisible: the patient has no plan and no score of it.
        """
        for one in self.treatments:
            if one.treatment.code == code:
                return one
        raise NotVisible

    def scale(self, code: str, scale_id: str) -> tuple[Measured, Scale]:
        """Return a treatment and one of the scales offered for it.

        Raises:
            NotVisible: there is no such treatment here, or the scale is not for it.
        """
        measured = self.of_treatment(code)
        offered = {
            scale.id: scale for moment in ScoreMoment for scale in measured.measures.at(moment)
        }
        if scale_id not in offered:
            raise NotVisible
        return measured, offered[scale_id]


def read_gallery(
    *, number: int, actor: Actor, at: datetime, zone: str = "", side: str = ""
) -> Gallery:
    """Return a patient's photos, all or those of one place; at most eight queries.

    Raises:
        NotVisible: no such patient, or an outsider.
        NotAllowed: a member of staff who does not read records.
    """
    identity = _readable(number, actor=actor, at=at)
    photos = photos_of(patient_id=identity.id)
    places = _places(photos)
    chosen = next((place for place, _ in places if place == (zone, side)), None)
    sees_withdrawn = has_right(actor, Right.WRITE_CONSULTATION)
    return Gallery(
        identity=identity,
        today=clinic_today(at),
        photos=tuple(one for one in photos if chosen is None or (one.zone, one.side) == chosen),
        places=places,
        chosen=chosen,
        withdrawn=withdrawn_photos_of(patient_id=identity.id) if sees_withdrawn else (),
        can_add=has_right(actor, Right.ADD_PHOTO) and identity.merged_into_id is None,
    )


def read_photo(*, number: int, photo_id: UUID, actor: Actor, at: datetime) -> OnePhoto:
    """Return a photo of a patient in use, or withdrawn where the actor may see it.

    Raises:
        NotVisible: no such patient or photo, or an outsider.
        NotAllowed: a member of staff who does not read records.
    """
    identity = _readable(number, actor=actor, at=at)
    photos = photos_of(patient_id=identity.id)
    photo = next((one for one in photos if one.id == photo_id), None)
    if photo is None:
        return _withdrawn(identity, photo_id, actor=actor)
    alike = [one for one in reversed(photos) if (one.zone, one.side) == (photo.zone, photo.side)]
    place = alike.index(photo)
    return OnePhoto(
        identity=identity,
        photo=photo,
        earlier=alike[place - 1] if place else None,
        later=alike[place + 1] if place + 1 < len(alike) else None,
        # The first of the place shows the whole change; the first itself goes with the last.
        other=None if len(alike) == 1 else alike[0] if place else alike[-1],
        can_withdraw=has_right(actor, Right.ADD_PHOTO),
    )


def read_comparison(
    *, number: int, actor: Actor, at: datetime, first: str = "", second: str = "", place: str = ""
) -> Comparison | None:
    """Return two photos of the same place side by side, or None where no place has two.

    `first` and `second` are photos' ids, else the first and the last of `place` ("ZONE-side"), else
    of the place with the most photos. Two of different places are not comparable: the second then
    gives way.

    Raises:
        NotVisible: no such patient, or an outsider.
        NotAllowed: a member of staff who does not read records.
    """
    identity = _readable(number, actor=actor, at=at)
    photos = tuple(reversed(photos_of(patient_id=identity.id)))
    places = tuple(one for one in _places(photos) if one[1] > 1)
    by_id = {str(one.id): one for one in photos}
    left, right = by_id.get(first), by_id.get(second)
    wanted = (left.zone, left.side) if left else None
    names = {f"{zone}-{side}": (zone, side) for (zone, side), _ in places}
    chosen = wanted or names.get(place) or next((one for one, _ in _most_first(places)), None)
    alike = tuple(one for one in photos if (one.zone, one.side) == chosen)
    if chosen is None or len(alike) < 2:
        return None
    left = left or alike[0]
    if right is None or right not in alike or right == left:
        right = alike[-1] if left != alike[-1] else alike[0]
    if (right.taken_on, right.id) < (left.taken_on, left.id):
        left, right = right, left
    return Comparison(
        identity=identity, place=chosen, first=left, second=right, photos=alike, places=places
    )


def read_measures(*, number: int, actor: Actor, at: datetime) -> MeasuresPage:
    """Return what was measured for a patient, and what may be; at most ten queries.

    Raises:
        NotVisible: no such patient, or an outsider.
        NotAllowed: a member of staff who does not read records.
    """
    identity = _readable(number, actor=actor, at=at)
    treatments = treatments_by_id()
    plans: dict[UUID, PlanView] = {}
    for plan in list_plans(patient_id=identity.id):
        plans.setdefault(plan.treatment_id, plan)
    series = series_of(patient_id=identity.id)
    last_session: dict[UUID, datetime] = {}
    for session in sessions_of_patient(identity.id):
        known = last_session.get(session.treatment_id)
        last_session[session.treatment_id] = max(known or session.begun_at, session.begun_at)
    ids = dict.fromkeys([*plans, *(one.treatment_id for one in series)])
    return MeasuresPage(
        identity=identity,
        today=clinic_today(at),
        treatments=tuple(
            Measured(
                treatment=treatments[one],
                plan=plans.get(one),
                measures=measures_of(treatments[one].indication, sex=identity.sex),
                series=tuple(line for line in series if line.treatment_id == one),
                due=_due(last_session.get(one)),
            )
            for one in ids
        ),
        can_score=has_right(actor, Right.WRITE_CONSULTATION),
    )


def _withdrawn(identity: Identity, photo_id: UUID, *, actor: Actor) -> OnePhoto:
    if has_right(actor, Right.WRITE_CONSULTATION):
        for photo in withdrawn_photos_of(patient_id=identity.id):
            if photo.id == photo_id:
                return OnePhoto(identity, photo, None, None, None, can_withdraw=False)
    raise NotVisible


def _readable(number: int, *, actor: Actor, at: datetime) -> Identity:
    return get_identity(
        get_patient_by_number_for(actor=actor, number=number, at=at, right=Right.READ_RECORD)
    )


def clinic_today(at: datetime) -> date:
    """Return the local date of the clinic (one query)."""
    zone = next((site.time_zone for site in list_sites()), "UTC")
    return at.astimezone(ZoneInfo(zone)).date()


def _due(last_session: datetime | None) -> tuple[date, ...]:
    if last_session is None:
        return ()
    return tuple(last_session.date() + timedelta(days=days) for days in follow_up_days())


def _places(photos: Iterable[PhotoLine]) -> tuple[tuple[Place, int], ...]:
    """Return each zone and side with how many photos it has, in the order of the zones."""
    order = list(Zone)
    ordered = sorted((order.index(one.zone), list(Side).index(one.side)) for one in photos)
    return tuple(
        ((order[zone], list(Side)[side]), len(list(group)))
        for (zone, side), group in groupby(ordered)
    )


def _most_first(
    places: tuple[tuple[Place, int], ...],
) -> list[tuple[Place, int]]:
    return sorted(places, key=lambda one: -one[1])
