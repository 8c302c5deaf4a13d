"""The session screen: where the run stands, the step at hand, and what may be opened for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from aiguille.accounts.rights import Right, require
from aiguille.care.queries import PlanView, get_plan
from aiguille.catalogue.queries import TreatmentView, get_treatment, list_products
from aiguille.clinics.queries import SiteView, get_site
from aiguille.kernel.actor import Actor
from aiguille.kernel.text import Text
from aiguille.patients.queries import Identity, get_identity
from aiguille.plumbing.access import NotVisible
from aiguille.protocols.events import UnitOpened
from aiguille.protocols.model import Field, FieldType, Protocol, Step
from aiguille.protocols.state import RunningTimer, RunState
from aiguille.stock.queries import UnitFacts, usable_units
from aiguille.treatment_sessions.queries import (
    SessionView,
    find_session,
    run_state,
    sessions_of_patient,
    used_unit_ids,
)


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """The units that a step asks for: those that may be opened, and those opened already."""

    field: Field
    usable: tuple[UnitFacts, ...]
    opened: tuple[tuple[UnitOpened, str], ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A session as its screen shows it. `step` is None when nothing can be done any more."""

    session: SessionView
    patient: Identity
    treatment: TreatmentView
    plan: PlanView
    site: SiteView
    state: RunState
    step: Step | None
    units: tuple[UnitChoice, ...]
    session_number: int
    products: Mapping[str, str]

    @property
    def protocol(self) -> Protocol:
        """Return the protocol version that the session began with."""
        return self.state.protocol

    @property
    def zone(self) -> ZoneInfo:
        """Return the site's time zone."""
        return ZoneInfo(self.site.time_zone)

    def waits(self, *, at: datetime) -> list[tuple[Text, RunningTimer]]:
        """Return the timers that have not come due at the instant `at`, with their names."""
        names = {timer.id: timer.label for step in self.protocol.steps for timer in step.timers}
        return [
            (names[timer.id], timer)
            for timer in self.state.timers
            if timer.stopped_at is None and not timer.is_due(at)
        ]


def read_run(*, session_id: UUID, actor: Actor, at: datetime, step_id: str = "") -> Run:
    """Return the screen of a session at the step named, or at the one that comes next.

    Raises:
        NotVisible: there is no such session.
        NotAllowed: the actor does not work in sessions.
    """
    require(actor, Right.ASSIST_SESSION)
    session = find_session(session_id)
    if session is None:
        raise NotVisible
    state = run_state(session_id)
    site = get_site(session.site_id)
    assert site is not None, "a foreign key keeps the site"
    plan = get_plan(session.plan_id)
    step = _step(state, step_id, plan.settings.get("cycles"))
    products = {product.code: product.name for product in list_products()}
    sessions = [
        one.id
        for one in reversed(sessions_of_patient(session.patient_id))
        if one.plan_id == session.plan_id
    ]
    return Run(
        session=session,
        patient=get_identity(session.patient_id),
        treatment=get_treatment(session.treatment_id),
        plan=plan,
        site=site,
        state=state,
        step=step,
        units=_units(
            session,
            state,
            step,
            products=products,
            on=at.astimezone(ZoneInfo(site.time_zone)).date(),
        ),
        session_number=sessions.index(session.id) + 1,
        products=products,
    )


def _step(state: RunState, step_id: str, planned_cycles: int | None) -> Step | None:
    """Return the step named where it may be done now, else the first that must be.

    A cycle beyond those planned is offered, not asked for.
    """
    available = [step for step in map(state.protocol.step, state.available) if step is not None]
    named = next((step for step in available if step.id == step_id), None)
    asked = [step for step in available if not is_extra_cycle(state, step, planned_cycles)]
    return named or next(iter([*asked, *available]), None)


def is_extra_cycle(state: RunState, step: Step, planned_cycles: int | None) -> bool:
    """Tell whether doing the step now would begin a cycle that nobody planned."""
    repeat = state.protocol.repeat_of(step.id)
    if repeat is None:
        return False
    cycle = state.cycle_for(step)
    begins = cycle > state.cycles.get(repeat.id, 1)
    return begins and cycle > max(planned_cycles or repeat.default, repeat.minimum)


def _units(
    session: SessionView,
    state: RunState,
    step: Step | None,
    *,
    products: Mapping[str, str],
    on: date,
) -> tuple[UnitChoice, ...]:
    fields = [f for f in step.fields if f.type is FieldType.UNIT_SCAN] if step else []
    if step is None or not fields:
        return ()
    used = used_unit_ids(site_id=session.site_id)
    opened_now: Mapping[str, list[UnitOpened]] = {field.id: [] for field in fields}
    cycle = state.cycle_for(step)
    for event in state.units:
        body = event.body
        if (
            isinstance(body, UnitOpened)
            and body.step == step.id
            and state.cycle_of[event.seq] == cycle
        ):
            opened_now[body.field].append(body)
    return tuple(
        UnitChoice(
            field=field,
            usable=tuple(
                usable_units(
                    product_kinds=[field.kind.value] if field.kind else [],
                    site_id=session.site_id,
                    on=on,
                    used_unit_ids=used,
                )
            ),
            opened=tuple(
                (body, products.get(body.product, body.product)) for body in opened_now[field.id]
            ),
        )
        for field in fields
    )
