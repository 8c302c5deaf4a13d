"""What opens a session on a day: verdict, answers, time to think, interval, sessions left.

The database refuses a session without a verdict whatever happens here; this says why, and decides
again from the current answers instead of trusting that somebody suspended the verdict.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist

from aiguille.booking.facts import local_day
from aiguille.booking.models import HOLDING_STATES, Appointment, AppointmentState
from aiguille.booking.rules import Earliest, latest_bound, screening_bound
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
from aiguille.care.reflection import REFLECTION_REQUESTED_ON, period_ends, reflection_ends
from aiguille.care.session_record import SessionRecord, record_from, record_question
from aiguille.catalogue.queries import (
    RulesInForce,
    ServiceView,
    procedure_of,
    rules_in_force,
    session_service,
)
from aiguille.clinics.queries import list_sites
from aiguille.clinics.setup import Setup, current_setup
from aiguille.kernel.codes import Procedure, ServiceKind
from aiguille.kernel.errors import DomainError
from aiguille.kernel.text import Text
from aiguille.patients.person import RECORDS_OF_PERSON
from aiguille.patients.queries import Judged, judged_from, judged_question
from aiguille.plumbing.statements import Question, ask_together

# A screening's own answer may move the day on; each step settles one more waiting time.
MOST_STEPS = 8


class VerdictNeeded(DomainError):
    """No physician's verdict opens a session on that day."""

    code = "verdict_needed"
    default_text = Text(
        fr="Une séance n’est possible qu’avec un avis médical en cours de validité. "
        "Prenez d’abord rendez-vous pour une consultation.",
        en="A session is possible only under a physician’s verdict that is in force. "
        "Please book a consultation first.",
    )


# Whose verdict is suspended has nothing to do but wait: a physician looks at it.
LOOKED_AT_AGAIN = Text(
    fr="Un médecin regarde de nouveau votre dossier. La clinique vous dit quand une séance est "
    "possible.",
    en="A doctor looks at your record again. The clinic tells you when a session is possible.",
)


class PlanNeeded(DomainError):
    """No plan says how the sessions of this treatment are done."""

    code = "plan_needed"
    default_text = Text(
        fr="Le médecin n’a pas encore établi le plan de ce soin.",
        en="The physician has not made the plan of this treatment yet.",
    )


class PlanComplete(DomainError):
    """Every session of the plan is booked or done."""

    code = "plan_complete"
    default_text = Text(
        fr="Toutes les séances du plan sont déjà réservées ou faites.",
        en="Every session of the plan is booked or done already.",
    )


class TooSoon(DomainError):
    """The session would come too soon; `earliest` says from when it may, and what binds."""

    code = "too_soon"

    def __init__(self, earliest: Earliest) -> None:
        self.earliest = earliest
        super().__init__(earliest.bound_by, field="starts_at")


class AnswersForbid(DomainError):
    """The patient's current answers stand in the way of a session on that day."""

    code = "answers_forbid"

    def __init__(self, bound: Earliest) -> None:
        self.earliest = bound
        super().__init__(bound.bound_by, field="starts_at")


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """Under what a session is booked; `patient_id` is the record in which its verdict stands."""

    patient_id: UUID
    verdict_id: UUID
    plan_id: UUID
    session_number: int


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What a session of a treatment is judged by: read in one statement, or as a part of one."""

    record: SessionRecord
    judged: Judged
    sessions: Sequence["_Session"]


# A session that stands: its key, local date, treatment, plan, verdict and state.
_Session = tuple[UUID, date, UUID, UUID, UUID, str]


def session_questions(*, patient_id: UUID, treatment_id: UUID) -> tuple[Question, ...]:
    """Ask for the facts of a session together with something else; see `facts_from`."""
    procedure = procedure_of(treatment_id)
    return (
        record_question(patient_id=patient_id, treatment_id=treatment_id, procedure=procedure),
        judged_question(patient_id, procedure),
        _sessions_question(patient_id, procedure),
    )


def facts_from(
    answers: Sequence[Sequence[Sequence[Any]]],
    *,
    treatment_id: UUID,
    setup: Setup,
) -> SessionFacts:
    """Return the answers to `session_questions`.

    Raises:
        NotVisible: there is no such patient.
    """
    record, judged, sessions = answers
    return SessionFacts(
        record=record_from(record, treatment_id=treatment_id, setup=setup),
        judged=judged_from(judged),
        sessions=_sessions_of(sessions),
    )


def session_terms(
    *,
    patient_id: UUID,
    treatment_id: UUID,
    plan_id: UUID | None,
    day: date,
    moving: UUID | None = None,
    moving_next: Collection[UUID] = (),
    setup: Setup | None = None,
    known: SessionFacts | None = None,
) -> SessionTerms:
    """Return the terms for a session on the local date `day`, or refuse (one query).

    A verdict of any of the person's records will do, where those were joined; the session is then
    of the record in which the verdict stands. `moving` names the appointment that is being moved,
    which does not count as another session, nor do those that are moved after it in the same transaction (`moving_next`). Whoever has the
    `setup` of this transaction at hand passes it, or it is asked for; so with the facts (`known`).

    Raises:
        VerdictNeeded, PlanNeeded, PlanComplete, AnswersForbid, TooSoon.
    """
    procedure = procedure_of(treatment_id)
    known = known or facts_from(
        ask_together(*session_questions(patient_id=patient_id, treatment_id=treatment_id)),
        treatment_id=treatment_id,
        setup=setup or current_setup(),
    )
    record = known.record
    verdict, plans = record.verdict, record.plans
    if verdict is None or not verdict.opens(day):
        raise VerdictNeeded
    plan = plan_that_counts(plans, patient_id, treatment_id, plan_id)
    if objection := _objection_of_answers(plan, verdict, procedure, day, known=known):
        raise AnswersForbid(objection)
    gone = {*moving_next} if moving is None else {moving, *moving_next}
    days = _session_days(plan, plans, known.sessions, moving=gone)
    reflection = reflection_bound(plan, procedure, has_had_one=days.has_had_one, record=record)
    if reflection is not None and reflection.date is not None and day < reflection.date:
        raise TooSoon(reflection)
    interval = interval_days(plan, procedure, rules=record.rules)
    before = [other for other in days.all if other <= day]
    after = [other for other in days.all if other > day]
    if before and before[-1] + timedelta(days=interval) > day:
        raise TooSoon(interval_bound(before[-1], interval))
    if after and day + timedelta(days=interval) > after[0]:
        raise TooSoon(interval_bound(after[0], interval))
    if len(days.of_plan) >= plan.sessions_planned:
        raise PlanComplete
    return SessionTerms(
        patient_id=verdict.patient_id,
        verdict_id=verdict.id,
        plan_id=plan.id,
        session_number=sum(1 for other in days.of_plan if other < day) + 1,
    )


NO_LONGER_OFFERED = Text(
    fr="Les séances de ce soin ne sont plus proposées : appelez la clinique.",
    en="Sessions of this treatment are not on offer any more: call the clinic.",
)


def refuse_unless_open(
    *,
    patient_id: UUID,
    treatment_id: UUID,
    plan_id: UUID | None,
    verdict_id: UUID | None,
    day: date,
) -> VerdictView:
    """Let a session that is booked go on, on its local date `day`, and return its verdict.

    So it is asked before a patient is checked in, and before a session begins.

    Its verdict must be the one that counts for the person, and open the day; the answers are judged
    again as they are now.

    Raises:
        VerdictNeeded, PlanNeeded, AnswersForbid.
    """
    verdict = current_verdict(patient_id=patient_id, treatment_id=treatment_id)
    if verdict is None or verdict.id != verdict_id or not verdict.opens(day):
        raise VerdictNeeded
    plan = plan_that_counts(list_plans(patient_id=patient_id), patient_id, treatment_id, plan_id)
    if objection := _objection_of_answers(plan, verdict, procedure_of(treatment_id), day):
        raise AnswersForbid(objection)
    return verdict


def earliest_session_start(*, patient_id: UUID, plan_id: UUID, at: datetime) -> Earliest:
    """Return the first local date on which the plan's next session may take place, and what binds.

    The date is None where no date is possible as things are; `bound_by` then says what to do. Free
    times are another question: this one is about permission.

    Raises:
        PlanNeeded: the patient has no such plan.
    """
    plans = list_plans(patient_id=patient_id)
    plan = plan_that_counts(plans, patient_id, None, plan_id)
    procedure = procedure_of(plan.treatment_id)
    service = session_service(plan.treatment_id)
    if not service.is_active:
        return Earliest(None, NO_LONGER_OFFERED)
    verdict = current_verdict(patient_id=patient_id, treatment_id=plan.treatment_id)
    if verdict is None or not verdict.opens(verdict.valid_from):
        return Earliest(None, why_closed(verdict))
    sessions = ask_together(_sessions_question(patient_id, procedure))
    days = _session_days(plan, plans, _sessions_of(sessions[0]), moving=())
    if len(days.of_plan) >= plan.sessions_planned:
        return Earliest(None, PlanComplete.default_text)
    bounds = [notice_bound(service, at=at), verdict_bound(verdict)]
    if reflection := reflection_bound(plan, procedure, has_had_one=days.has_had_one):
        bounds.append(reflection)
    if days.all:
        bounds.append(interval_bound(days.all[-1], interval_days(plan, procedure)))
    found = latest_bound(bounds)
    for _ in range(MOST_STEPS):
        assert found.date is not None
        if found.date > verdict.valid_until:
            return Earliest(None, verdict_ends(verdict))
        objection = _objection_of_answers(plan, verdict, procedure, found.date)
        if objection is None:
            return found
        if objection.date is None or objection.date <= found.date:
            return Earliest(None, objection.bound_by)
        found = objection
    return Earliest(None, found.bound_by)


# --- The facts ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Days:
    """Local dates of sessions that stand, sorted: on the plan's zones, and of the plan itself.

    `has_had_one` tells whether a session of the procedure was performed, on any zone.
    """

    all: tuple[date, ...]
    of_plan: tuple[date, ...]
    has_had_one: bool


def plan_that_counts(
    plans: Sequence[PlanView], patient_id: UUID, treatment_id: UUID | None, plan_id: UUID | None
) -> PlanView:
    """Return the plan that counts: of the patient's plans in force, latest first."""
    if plan_id is not None:
        # A corrected plan replaces the one that a page still shows: the latest one counts.
        try:
            asked = next((plan for plan in plans if plan.id == plan_id), None) or get_plan(plan_id)
        except ObjectDoesNotExist as error:
            raise PlanNeeded from error
        persons = {patient_id, *(plan.patient_id for plan in plans)}
        if asked.patient_id not in persons or treatment_id not in {None, asked.treatment_id}:
            raise PlanNeeded
        treatment_id = asked.treatment_id
    if treatment_id is None:
        raise PlanNeeded
    for plan in plans:
        if plan.treatment_id == treatment_id:
            return plan
    raise PlanNeeded


def _session_days(
    plan: PlanView,
    in_force: Sequence[PlanView],
    sessions: Sequence[_Session],
    *,
    moving: Collection[UUID],
) -> _Days:
    """Return the days of sessions of the same procedure on a zone of the plan."""
    plans = {other.id: other for other in in_force}
    near: list[date] = []
    own: list[date] = []
    has_had_one = False
    for session_id, day, treatment_id, plan_id, verdict_id, state in sessions:
        if session_id in moving:
            continue
        has_had_one = has_had_one or state == AppointmentState.DONE
        if keeps_apart(plan, plans.get(plan_id)):
            near.append(day)
        if belongs(plan, treatment_id=treatment_id, plan_id=plan_id, verdict_id=verdict_id):
            own.append(day)
    return _Days(all=tuple(sorted(near)), of_plan=tuple(sorted(own)), has_had_one=has_had_one)


# In one row, so that it can stand beside other answers.
_SESSIONS = f"""
    SELECT array_agg(a.id), array_agg(a.local_date), array_agg(a.treatment_id),
           array_agg(a.plan_id), array_agg(a.verdict_id), array_agg(a.state)
      FROM {Appointment._meta.db_table} AS a JOIN catalogue_service AS s ON s.id = a.service_id
     WHERE a.patient_id IN ({RECORDS_OF_PERSON}) AND a.kind = '{ServiceKind.SESSION.value}' AND s.procedure = %s
       AND a.state IN ({", ".join(f"'{state.value}'" for state in HOLDING_STATES)})
"""  # noqa: S608 -- our own tables and codes


def _sessions_question(patient_id: UUID, procedure: Procedure) -> Question:
    return Question(_SESSIONS, 6, (patient_id, patient_id, procedure.value))


def _sessions_of(rows: Sequence[Sequence[Any]]) -> Sequence[_Session]:
    """Return the answer of `_SESSIONS`, which is empty arrays' worth of None where there are none."""
    columns = rows[0]
    return () if columns[0] is None else list(zip(*columns, strict=True))


def keeps_apart(plan: PlanView, other: PlanView | None) -> bool:
    """Tell whether a session of the `other` plan is one from which the interval is counted.

    One whose plan is not in force any more, None, counts for every zone.
    """
    return other is None or bool(set(other.zones) & set(plan.zones))


def belongs(
    plan: PlanView, *, treatment_id: UUID | None, plan_id: UUID | None, verdict_id: UUID | None
) -> bool:
    """Tell whether a session is one of the plan's course.

    Sessions under the same verdict are, whichever version of the plan they were booked from.
    """
    return plan_id == plan.id or (treatment_id, verdict_id) == (plan.treatment_id, plan.verdict_id)


def interval_days(
    plan: PlanView, procedure: Procedure, *, rules: RulesInForce | None = None
) -> int:
    """Return the days to leave between two sessions: the plan's, or the rule book's if longer."""
    rules = rules or rules_in_force()
    return max(
        plan.interval_min_days,
        *(_rule_book_interval(rules, procedure, zone, plan.settings) for zone in plan.zones),
    )


def _rule_book_interval(
    rules: RulesInForce, procedure: Procedure, zone: str, settings: Mapping[str, Any]
) -> int:
    lengths = settings.get("needle_mm") or {}
    answer = rules.decide(
        {
            "kind": "interval",
            "procedure": procedure.value,
            "zone": zone,
            # Where the plan names no length, the rule's own limit is taken: the longer wait.
            "needle_mm": Decimal(str(lengths.get(zone, "0.5"))),
            "days_since_last": 0,
        }
    )
    return int(answer.get("delay_days", 0))


def _objection_of_answers(
    plan: PlanView,
    verdict: VerdictView,
    procedure: Procedure,
    day: date,
    *,
    known: SessionFacts | None = None,
) -> Earliest | None:
    try:
        asked = screener(
            patient_id=plan.patient_id,
            procedure=procedure,
            record=known.record if known else None,
            judged=known.judged if known else None,
        )
    except BirthDateMissing as error:
        return Earliest(None, error.text)
    return objection_on(day, plan=plan, verdict=verdict, asked=asked)


def objection_on(
    day: date, *, plan: PlanView, verdict: VerdictView, asked: Screener
) -> Earliest | None:
    """Return what the patient's current answers say against a session on a day, or None."""
    ruling = asked.on(day, zones=plan.zones, actives=tuple(plan.settings.get("actives", ())))
    return screening_bound(ruling.findings, ruling.settled_by(verdict.overrides))


# --- The bounds -----------------------------------------------------------------------------------


def notice_bound(service: ServiceView, *, at: datetime) -> Earliest:
    """Return how soon a session can be booked."""
    notice = timedelta(minutes=service.min_notice_minutes)
    zones = {site.time_zone for site in list_sites()}
    first = min(local_day(at + notice, zone) for zone in zones)
    return Earliest(
        first,
        Text(fr="C’est le délai de réservation.", en="That is how soon a session can be booked."),
    )


def reflection_bound(
    plan: PlanView,
    procedure: Procedure,
    *,
    has_had_one: bool,
    record: SessionRecord | None = None,
) -> Earliest | None:
    """Return when the reflection period before a first session of the procedure is over.

    None for whoever has had a session of it (`has_had_one`): they thought it over before.
    """
    if has_had_one:
        return None
    asked = plan.settings.get(REFLECTION_REQUESTED_ON)
    requested_on = date.fromisoformat(asked) if asked else None
    if record is None:
        ends = reflection_ends(
            patient_id=plan.patient_id, procedure=procedure, requested_on=requested_on
        )
    else:
        ends = period_ends(told_at=record.told_at, requested_on=requested_on, setup=record.setup)
    if ends is None:
        return None
    return Earliest(
        ends,
        Text(
            fr=f"Le délai de réflexion avant la première séance prend fin le {ends:%d/%m/%Y}.",
            en=f"The time to think it over before the first session ends on {ends:%d/%m/%Y}.",
        ),
    )


def why_closed(verdict: VerdictView | None) -> Text:
    """Return why no session is possible where no verdict opens any day."""
    if verdict is not None and verdict.status == "SUSPENDED":
        return LOOKED_AT_AGAIN
    return VerdictNeeded.default_text


def verdict_bound(verdict: VerdictView) -> Earliest:
    """Return from when the verdict opens sessions."""
    return Earliest(
        verdict.valid_from,
        Text(
            fr=f"Le médecin autorise les séances à partir du {verdict.valid_from:%d/%m/%Y}.",
            en=f"The physician allows sessions from {verdict.valid_from:%d/%m/%Y}.",
        ),
    )


def verdict_ends(verdict: VerdictView) -> Text:
    """Return why nothing is possible after the verdict's last day."""
    return Text(
        fr=f"L’avis médical prend fin le {verdict.valid_until:%d/%m/%Y} : "
        "une nouvelle consultation est nécessaire.",
        en=f"The physician’s verdict ends on {verdict.valid_until:%d/%m/%Y}: "
        "a new consultation is needed.",
    )


def interval_bound(last: date, interval: int) -> Earliest:
    """Return from when a session is far enough from the one on `last`."""
    return Earliest(
        last + timedelta(days=interval),
        Text(
            fr=f"Il faut {interval} jours entre deux séances ; la plus proche est le "
            f"{last:%d/%m/%Y}.",
            en=f"Sessions are {interval} days apart; the nearest one is on {last:%d/%m/%Y}.",
        ),
    )
