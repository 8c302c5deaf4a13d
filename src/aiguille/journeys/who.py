"""From a request to the person who makes it: a member of staff at work, or a patient in their space.

The doorkeeper asks here before each view; views ask again for the actor, which costs nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.http import HttpRequest

from aiguille.accounts import second_factor, signing
from aiguille.clinics.access import staff_actor
from aiguille.clinics.queries import NoGroup, the_group
from aiguille.kernel.actor import Actor, ActorKind
from aiguille.patients.queries import RelatedPatient, list_related
from aiguille.plumbing import clock
from aiguille.plumbing.access import NotVisible

_CURRENT = "space-patient"
_OPENED = "space-opened"
_STAFF, _PATIENT = "_aiguille_staff", "_aiguille_patient"


@dataclass(frozen=True, slots=True)
class Space:
    """A patient's space as a session has it open.

    `patients` are all for whom the login acts; `opened` are those whose birth date was given in
    this session, which alone may be shown.
    """

    actor: Actor
    patient_id: UUID
    patients: tuple[RelatedPatient, ...]
    opened: frozenset[UUID]


def staff_of(request: HttpRequest, site_id: UUID | None = None) -> Actor:
    """Return the member of staff who makes the request, with the roles in force (at `site_id`).

    Raises:
        NotVisible: nobody signed in, or an outsider, or without the second factor asked for.
    """
    actor = find_staff(request)
    if actor is not None and site_id is not None and request.user.is_authenticated:
        actor = _confirmed(request, staff_actor(user=request.user, at=clock.now(), site_id=site_id))
    if actor is None or lacks_second_factor(request):
        raise NotVisible
    return actor


def find_staff(request: HttpRequest) -> Actor | None:
    """Return the member of staff whose password was accepted, or None (one query, once)."""
    if not hasattr(request, _STAFF):
        user = request.user
        actor = staff_actor(user=user, at=clock.now()) if user.is_authenticated else None
        setattr(request, _STAFF, _confirmed(request, actor))
    found: Actor | None = getattr(request, _STAFF)
    return found


def _confirmed(request: HttpRequest, actor: Actor | None) -> Actor | None:
    return None if actor is None else actor.confirmed(signing.confirmed_at(request))


def lacks_second_factor(request: HttpRequest) -> bool:
    """Tell whether this session needs a second factor that it was not opened with."""
    return is_second_factor_asked() and not second_factor.was_used(request)


def is_second_factor_asked() -> bool:
    """Tell whether staff need a second factor: always, save where a demo switched it off."""
    if not settings.STAFF_SECOND_FACTOR:
        return False
    try:
        return the_group().second_factor_required or settings.PRODUCTION
    except NoGroup:
        return True


def patient_of(request: HttpRequest) -> tuple[Actor, UUID]:
    """Return the patient's login and the patient whose space is open.

    Raises:
        NotVisible: no space is open, or the login may no longer act for that patient.
    """
    space = space_of(request)
    return space.actor, space.patient_id


def space_of(request: HttpRequest) -> Space:
    """Return the open space with the other patients for whom the login acts.

    Raises:
        NotVisible: as `patient_of`.
    """
    space = find_space(request)
    if space is None:
        raise NotVisible
    return space


def find_space(request: HttpRequest) -> Space | None:
    """Return the open space, or None (one query, once)."""
    if not hasattr(request, _PATIENT):
        setattr(request, _PATIENT, _read_space(request, at=clock.now()))
    found: Space | None = getattr(request, _PATIENT)
    return found


def open_session(request: HttpRequest, *, user_id: UUID, patient_id: UUID) -> None:
    """Open a patient's space in this browser, beside those that the same login opened before."""
    user = get_user_model().objects.get(pk=user_id)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    note_proved(request, patient_id=patient_id)


def note_proved(request: HttpRequest, *, patient_id: UUID) -> None:
    """Show this patient from now on: their birth date was given just now."""
    assert request.user.is_authenticated, "only a login acts for a patient"
    signing.note_confirmation(request, request.user, patient_id=patient_id)
    note_opened(request, patient_id=patient_id)


def note_opened(request: HttpRequest, *, patient_id: UUID) -> None:
    """Show this patient from now on: their birth date was given in this session."""
    opened = [*request.session.get(_OPENED, [])]
    if str(patient_id) not in opened:
        opened.append(str(patient_id))
    request.session[_OPENED] = opened
    request.session[_CURRENT] = str(patient_id)
    request.__dict__.pop(_PATIENT, None)


def address_of(request: HttpRequest) -> str:
    """Return the network address that the request came from, for counting attempts only."""
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        # Our own proxy appends the address that it saw; what stands before may be invented.
        forwarded: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
        if last := forwarded.rpartition(",")[2].strip():
            return last
    return str(request.META.get("REMOTE_ADDR", ""))


def _read_space(request: HttpRequest, *, at: datetime) -> Space | None:
    user = request.user
    if not user.is_authenticated or user.is_work_account or not user.is_active:
        return None
    current, opened = request.session.get(_CURRENT), request.session.get(_OPENED, [])
    if current is None or current not in opened:
        return None
    related = list_related(user.id, at)
    # A record opened here may have been joined to another since: the login sees that one.
    shown = {patient.patient_id for patient in related}
    patient_id = UUID(current)
    if patient_id not in shown:
        joined = {p.patient_id for p in related if patient_id in p.record_ids}
        if not joined:
            return None
        patient_id = joined.pop()
    return Space(
        actor=Actor(kind=ActorKind.PATIENT, id=user.id, display_name=user.display_name).confirmed(
            signing.confirmed_at(request, UUID(current))
        ),
        patient_id=patient_id,
        patients=tuple(related),
        opened=frozenset(
            p.patient_id for p in related if p.record_ids & {UUID(value) for value in opened}
        ),
    )
