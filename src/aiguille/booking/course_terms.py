"""A plan's course as it stands: its sessions, what is wrong with them, and what binds new ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist

from aiguille.booking.gate import (
    PlanNeeded,
    belongs,
    interval_days,
    keeps_apart,
    objection_on,
    plan_that_counts,
    reflection_bound,
)
from aiguille.booking.models import HOLDING_STATES, AppointmentState
from aiguille.booking.queries import AppointmentView, session_appointments
from aiguille.booking.rules import CHANGE_LIMIT, Earliest
from aiguille.care.queries import (
    BirthDateMissing,
    PlanView,
    Screener,
    VerdictView,
    current_verdict,
    get_plan,
    list_plans,
    screener,
)
from aiguille.catalogue.queries import get_treatment
from aiguille.kernel.codes import Procedure
from aiguille.kernel.text import Text

_LOST_STATES = (AppointmentState.CANCELLED, AppointmentState.NO_SHOW)


class Trouble(StrEnum):
    """What is wrong with a session that is booked."""

    TOO_CLOSE = "TOO_CLOSE"
    TOO_FAR = "TOO_FAR"


@dataclass(frozen=True, slots=True)
class Irregular:
    """A session ahead that is `days` after the one on `since`: too close to it, or too far."""

    session: AppointmentView
    since: date
    days: int
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class CourseState:
    """A course as it stands at an instant: its sessions in order, and what is left of its plan.

    `past` took place, or is not to be changed any more; `ahead` may be moved. `lost` were missed or
    cancelled and nothing took their place. `missing` sessions of the plan are not booked.
    """

    past: tuple[AppointmentView, ...]
    ahead: tuple[AppointmentView, ...]
    lost: tuple[AppointmentView, ...]
    irregular: tuple[Irregular, ...]
    missing: int

    @property
    def needs_attention(self) -> bool:
        """Tell whether the course does not keep its intervals as it stands."""
        return bool(self.irregular) or bool(self.lost and self.missing)


@dataclass(frozen=True, slots=True)
class CourseTerms:
    """What binds the sessions of a plan in force; `sessions` are all of its course, in order.

    `others` are the days of sessions of other plans from which the interval is counted too;
    `reflection` is the end of the time to think it over, where there is one.
    """

    plan: PlanView
    procedure: Procedure
    verdict: VerdictView | None
    interval_days: int
    most_days: int
    sessions: tuple[AppointmentView, ...]
    others: tuple[date, ...]
    asked: Screener | None
    reflection: Earliest | None = None
    _objections: dict[date, Earliest | None] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def usual_days(self) -> int:
        """Return the interval that the plan proposes, never less than what binds it."""
        return min(max(self.plan.interval_default_days, self.interval_days), self.most_days)

    @property
    def is_rule_books(self) -> bool:
        """Tell whether the rule book asks for a longer interval than the plan."""
        return self.interval_days > self.plan.interval_min_days

    def objection(self, day: date) -> Earliest | None:
        """Return what the time to think or the patient's answers say against a day, or None."""
        assert self.verdict is not None
        thinks = self.reflection
        if thinks is not None and thinks.date is not None and day < thinks.date:
            return thinks
        if self.asked is None:
            return Earliest(None, BirthDateMissing.default_text)
        if day not in self._objections:
            self._objections[day] = objection_on(
                day, plan=self.plan, verdict=self.verdict, asked=self.asked
            )
        return self._objections[day]

    def stands(self, *, is_offered_only: bool, at: datetime) -> CourseState:
        """Return the course as it stands; `is_offered_only` for those whom the limits bind."""
        return course_state(
            plan=self.plan,
            interval=self.interval_days,
            sessions=self.sessions,
            is_offered_only=is_offered_only,
            at=at,
        )


def course_terms(plan_id: UUID) -> CourseTerms:
    """Return what binds the sessions of a plan, or of the one that replaced it (about ten queries).

    Raises:
        PlanNeeded: there is no such plan in force.
    """
    try:
        patient_id = get_plan(plan_id).patient_id
    except ObjectDoesNotExist as error:
        raise PlanNeeded from error
    plans = list_plans(patient_id=patient_id)
    plan = plan_that_counts(plans, patient_id, None, plan_id)
    by_id = {other.id: other for other in plans}
    procedure = get_treatment(plan.treatment_id).procedure
    found = session_appointments(patient_id=patient_id, procedure=procedure)
    own = sessions_of_course(plan, found)
    try:
        asked = screener(patient_id=patient_id, procedure=procedure)
    except BirthDateMissing:
        asked = None
    interval = interval_days(plan, procedure)
    return CourseTerms(
        plan=plan,
        procedure=procedure,
        verdict=current_verdict(patient_id=patient_id, treatment_id=plan.treatment_id),
        interval_days=interval,
        most_days=max(plan.interval_max_days, interval),
        sessions=own,
        others=tuple(
            view.local_date
            for view in found
            if view not in own
            and view.state in HOLDING_STATES
            and keeps_apart(plan, by_id.get(view.plan_id) if view.plan_id else None)
        ),
        asked=asked,
        reflection=reflection_bound(
            plan,
            procedure,
            has_had_one=any(view.state is AppointmentState.DONE for view in found),
        ),
    )


def sessions_of_course(
    plan: PlanView, appointments: Iterable[AppointmentView]
) -> tuple[AppointmentView, ...]:
    """Return those of a patient's appointments that are sessions of the plan's course, in order."""
    own = (
        view
        for view in appointments
        if belongs(
            plan,
            treatment_id=view.treatment_id,
            plan_id=view.plan_id,
            verdict_id=view.verdict_id,
        )
    )
    return tuple(sorted(own, key=lambda view: (view.starts_at, view.id)))


def course_ahead(plan_id: UUID, *, at: datetime) -> list[AppointmentView]:
    """Return the booked sessions ahead of a plan's course, in order (three queries).

    Raises:
        Plan.DoesNotExist: there is no such plan.
    """
    plan = get_plan(plan_id)
    procedure = get_treatment(plan.treatment_id).procedure
    found = session_appointments(patient_id=plan.patient_id, procedure=procedure)
    return [
        view
        for view in sessions_of_course(plan, found)
        if view.state == AppointmentState.BOOKED and view.starts_at > at
    ]


def course_state(
    *,
    plan: PlanView,
    interval: int,
    sessions: Sequence[AppointmentView],
    is_offered_only: bool,
    at: datetime,
) -> CourseState:
    """Return how the sessions of a course, in order, stand at an instant."""
    limit = at + CHANGE_LIMIT if is_offered_only else at
    standing = [view for view in sessions if view.state in HOLDING_STATES]
    ahead = tuple(view for view in standing if view.is_ahead and at < view.starts_at >= limit)
    gone = sorted(
        (view for view in sessions if view.state in _LOST_STATES), key=lambda view: view.created_at
    )
    # What was booked after one that is gone took the place of one of them.
    replaced = sum(view.created_at > gone[0].created_at for view in standing) if gone else 0
    return CourseState(
        past=tuple(view for view in standing if view not in ahead),
        ahead=ahead,
        lost=tuple(gone[replaced:]),
        irregular=tuple(irregular(standing, plan=plan, interval=interval, at=at)),
        missing=max(0, plan.sessions_planned - len(standing)),
    )


def irregular(
    standing: Sequence[AppointmentView], *, plan: PlanView, interval: int, at: datetime
) -> list[Irregular]:
    """Return the sessions ahead that are too close to the one before them, or too far."""
    most = max(plan.interval_max_days, interval)
    found = []
    for before, view in pairwise(standing):
        days = (view.local_date - before.local_date).days
        if not view.is_ahead or view.starts_at <= at or interval <= days <= most:
            continue
        trouble = Trouble.TOO_CLOSE if days < interval else Trouble.TOO_FAR
        found.append(Irregular(view, before.local_date, days, trouble))
    return found


def interval_text(since: date, *, terms: CourseTerms) -> Text:
    """Return that a session is as soon after the one before it as it may be."""
    days = terms.interval_days
    if terms.is_rule_books:
        return Text(
            fr=f"Les règles de sécurité demandent {days} jours depuis la séance du "
            f"{since:%d/%m/%Y}.",
            en=f"The safety rules ask for {days} days since the session of {since:%d/%m/%Y}.",
        )
    return Text(
        fr=f"Le plan demande {days} jours depuis la séance du {since:%d/%m/%Y}.",
        en=f"The plan asks for {days} days since the session of {since:%d/%m/%Y}.",
    )


def usual_text(since: date, *, terms: CourseTerms) -> Text:
    """Return that a session follows the one before it at the interval that the plan proposes."""
    days = terms.usual_days
    if days == terms.interval_days:
        return interval_text(since, terms=terms)
    return Text(
        fr=f"Le plan prévoit {days} jours après la séance du {since:%d/%m/%Y}.",
        en=f"The plan proposes {days} days after the session of {since:%d/%m/%Y}.",
    )


def too_far_text(days: int, most: int) -> Text:
    """Return that two sessions are further apart than the plan wants."""
    return Text(
        fr=f"{days} jours après la précédente : le plan en prévoit {most} au plus.",
        en=f"{days} days after the one before: the plan allows {most} at most.",
    )


def days_after(day: date, days: int) -> date:
    """Return the date `days` later, the calendar's last one where there is none."""
    return day + timedelta(days=min(days, (date.max - day).days))
