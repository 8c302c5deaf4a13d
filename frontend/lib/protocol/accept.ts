// Says whether one more event may happen, and if not, which guard refuses it and why.
import { conditionHolds, readValues } from "./fields.ts";
import { type Aside, guardsHold, type Notice } from "./guards.ts";
import type { AtStep, Body, Corrected, Event, StepDone, UnitOpened } from "./machine.ts";
import { isAtStep, isOf } from "./machine.ts";
import { exactOf, isoOf } from "./numbers.ts";
import { type Refused, refuse } from "./refusals.ts";
import { effective, RunState } from "./state.ts";
import { differsFrom, type Moment, type World } from "./world.ts";

/** The event may happen. `pending` names what only the server can judge: stock, a rule. */
export interface Accepted {
  readonly state: RunState;
  readonly notices: readonly Notice[];
  readonly pending: readonly string[];
}

/** Tell whether an answer lets the event happen. */
export function isAccepted(answer: Accepted | Refused): answer is Accepted {
  return "state" in answer;
}

/**
 * Return the state after `event`, or the guard that refuses it.
 *
 * Nothing is read but the arguments: the same list of events in the same world always gives the
 * same answer, here and on the server.
 */
export function accept(state: RunState, event: Event, world: World): Accepted | Refused {
  const refused = ofEnvelope(state, event) ?? ofLife(state, event);
  if (refused !== null) {
    return refused;
  }
  if (isOf(event, "corrected")) {
    return correct(state, event, world);
  }
  if (isAtStep(event.body)) {
    return atStep({
      state,
      event: event as Event<AtStep>,
      world,
      admitted: false,
      replaying: false,
    });
  }
  return ofWhole(state, event, world) ?? accepted(state.after(event));
}

function accepted(state: RunState, aside: Aside = { notices: [], pending: [] }): Accepted {
  return { state, ...aside };
}

function ofEnvelope(state: RunState, event: Event): Refused | null {
  const { machine, lastAt } = state;
  const expected = state.log.length + 1;
  if (event.seq !== expected) {
    const names = { expected: String(expected), given: String(event.seq) };
    return refuse(machine, "sequence", { field: "seq" }, names);
  }
  if (lastAt !== null && event.at < lastAt) {
    const names = { given: isoOf(event.at), latest: isoOf(lastAt) };
    return refuse(machine, "time_backwards", { field: "at" }, names);
  }
  return event.by.trim() === "" ? refuse(machine, "author_missing", { field: "by" }) : null;
}

function ofLife(state: RunState, { body }: Event): Refused | null {
  const { machine } = state;
  if (state.closed !== null) {
    return refuse(machine, "closed");
  }
  if ((body.type === "session_begun") === (state.begun !== null)) {
    return refuse(machine, state.begun === null ? "not_begun" : "already_begun");
  }
  if (state.stopped !== null && body.type === "stopped") {
    return refuse(machine, "already_stopped");
  }
  if (state.mustStop && body.type !== "stopped" && body.type !== "corrected") {
    return refuse(machine, "must_stop");
  }
  return null;
}

/** Judge what concerns the whole session: its beginning, its stop, its end. */
function ofWhole(state: RunState, event: Event, world: World): Refused | null {
  const { machine } = state;
  if (isOf(event, "session_begun")) {
    const { protocol, version, indication } = event.body;
    if (protocol !== machine.id || version !== machine.version) {
      const names = { wanted: machine.version };
      return refuse(machine, "protocol_version", { field: "version" }, names);
    }
    if (!machine.indications.includes(indication)) {
      return refuse(machine, "indication", { field: "indication" }, { given: indication });
    }
    if (!world.verdictValid) {
      return refuse(machine, "verdict_valid");
    }
    return world.consentCurrent ? ofPerformer(state, world) : refuse(machine, "consent_current");
  }
  if (isOf(event, "stopped")) {
    return world.roles.length > 0 ? null : refuse(machine, "actor_role");
  }
  const [obstacle] = state.obstacles;
  if (obstacle !== undefined) {
    const title = state.step(obstacle.step)?.title ?? obstacle.code;
    return refuse(machine, "closing", { step: obstacle.step }, { title });
  }
  return ofPerformer(state, world);
}

/** Who begins and closes a session is who may hold its needle. */
function ofPerformer(state: RunState, world: World): Refused | null {
  const closedTo = state.forPurpose("needle").find((step) => !mayDo(step.roles, world));
  return closedTo ? refuse(state.machine, "actor_role", { step: closedTo.id }) : null;
}

function mayDo(roles: readonly string[], world: World): boolean {
  return roles.some((role) => world.roles.includes(role));
}

function atStep(at: Omit<Moment, "step"> & { readonly event: Event<AtStep> }): Accepted | Refused {
  const { state, event } = at;
  const step = state.step(event.body.step);
  if (step === undefined) {
    const given = event.body.step;
    return refuse(state.machine, "step_unknown", { field: "step", step: given }, { given });
  }
  const moment: Moment = { ...at, step };
  const aside: Aside = { notices: [], pending: [] };
  const refused = ofPlace(moment) ?? ofContent(moment, aside);
  if (refused !== null) {
    return refused;
  }
  const after = state.after(event);
  const held = event.body.type === "step_skipped" ? null : guardsHold(moment, after, aside);
  return held ?? accepted(after, aside);
}

/** Refuse an event at a step that is not open to this person now. */
function ofPlace({ state, step, world, replaying }: Moment): Refused | null {
  const { machine } = state;
  const { id, title } = step;
  if (state.stopped !== null && !step.when_stopped) {
    return refuse(machine, "stopped", { step: id });
  }
  if (step.purpose === "needle" && !state.creamRemoved) {
    return refuse(machine, "cream_removed", { step: id }); // said before any other missing step
  }
  if (state.applies(step) === false) {
    return refuse(machine, "not_applicable", { step: id }, { title });
  }
  if (state.isDone(step)) {
    return refuse(machine, "already_done", { step: id }, { title });
  }
  const [missing] = state.missingBefore(step);
  if (missing !== undefined) {
    const before = state.step(missing)?.title ?? missing;
    return refuse(machine, "step_done", { field: missing, step: id }, { title, before });
  }
  return replaying || mayDo(step.roles, world) ? null : refuse(machine, "actor_role", { step: id });
}

/** Refuse an event whose own content does not fit its step. */
function ofContent(moment: Moment, aside: Aside): Refused | null {
  const { step, event, state } = moment;
  const where = { step: step.id };
  const notHere = () => refuse(state.machine, "not_recorded_here", where, { title: step.title });
  if (isOf(event, "step_skipped")) {
    if (!step.skippable) {
      return refuse(state.machine, "never_skipped", where, { title: step.title });
    }
    return event.body.reason.trim() === ""
      ? refuse(state.machine, "reason_missing", { field: "reason", ...where })
      : null;
  }
  if (isOf(event, "step_done")) {
    return ofValues(moment, event.body) ?? ofUnits(moment, event.body) ?? ofRecords(moment);
  }
  if (isOf(event, "unit_opened")) {
    return ofUnit(moment, event.body, aside);
  }
  if (isOf(event, "zone_passed")) {
    return step.records === "passes" ? null : notHere();
  }
  return step.records === "injections" ? null : notHere();
}

function ofValues({ state, step, event }: Moment, body: StepDone): Refused | null {
  const [fault] = readValues(step, body.values ?? {}, event.at).faults;
  if (fault === undefined) {
    return null;
  }
  const label = step.fields.find((field) => field.id === fault.field)?.label ?? fault.field;
  const where = { field: fault.field, step: step.id };
  return refuse(state.machine, fault.code, where, { label, ...fault.detail });
}

/** Refuse a step whose units were not all opened in this cycle. */
function ofUnits({ state, step, event }: Moment, body: StepDone): Refused | null {
  const cycle = state.cycleFor(step);
  const { values } = readValues(step, body.values ?? {}, event.at);
  for (const field of step.fields) {
    const isAsked = field.when === null || conditionHolds(field.when, values);
    if (field.type !== "unit_scan" || !field.required || !isAsked) {
      continue;
    }
    const opened = state.units.filter(
      (unit) =>
        state.cycleOf.get(unit.seq) === cycle &&
        unit.body.step === step.id &&
        unit.body.field === field.id,
    ).length;
    if (exactOf(field.minimum ?? 1).gt(opened)) {
      const where = { field: field.id, step: step.id };
      return refuse(state.machine, "unit_missing", where, { label: field.label });
    }
  }
  return null;
}

/** Refuse a needle step without a single pass or injection in this cycle. */
function ofRecords({ state, step }: Moment): Refused | null {
  if (step.records === null) {
    return null;
  }
  const cycle = state.cycleFor(step);
  const isMade = [...state.passes, ...state.injections].some(
    (event) => state.cycleOf.get(event.seq) === cycle && event.body.step === step.id,
  );
  return isMade
    ? null
    : refuse(state.machine, "nothing_recorded", { step: step.id }, { title: step.title });
}

function ofUnit(moment: Moment, body: UnitOpened, aside: Aside): Refused | null {
  const { step, state, world } = moment;
  const field = step.fields.find((each) => each.id === body.field);
  const where = { field: body.field, step: step.id };
  if (field === undefined || field.type !== "unit_scan") {
    return refuse(state.machine, "field_unknown", where, { label: body.field });
  }
  if (field.kind !== body.kind) {
    return refuse(state.machine, "unit_kind", where, { label: field.label, given: body.kind });
  }
  const used = () => refuse(state.machine, "unit_used", where, { unit: body.unit });
  if (state.openedUnits.some((unit) => unit.unit === body.unit)) {
    return used();
  }
  if (moment.replaying) {
    return null;
  }
  if (world.unit === undefined) {
    aside.pending.push("stock");
    return null;
  }
  if (world.unit === null) {
    return refuse(state.machine, "unit_unknown", where, { unit: body.unit });
  }
  const wrong = differsFrom(world.unit, body);
  if (wrong !== "") {
    return refuse(
      state.machine,
      "unit_differs",
      { field: wrong, step: step.id },
      {
        unit: body.unit,
      },
    );
  }
  return world.unit.used_for_other_patient || world.unit.used_in_other_session ? used() : null;
}

/**
 * Accept a correction unless an event that follows could not stand any more.
 *
 * The corrected event is judged anew at its place; those after it only by what the list itself
 * says, since the world they happened in is gone.
 */
function correct(state: RunState, event: Event<Corrected>, world: World): Accepted | Refused {
  const refused = ofCorrection(state, event.body, world);
  if (refused !== null) {
    return refused;
  }
  const { replaces } = event.body;
  const aside: Aside = { notices: [], pending: [] };
  let run = RunState.fold(state.machine, []);
  for (const each of effective([...state.log, event])) {
    if (each.seq >= replaces && isAtStep(each.body)) {
      const judged = atStep({
        state: run,
        event: each as Event<AtStep>,
        world,
        // A later withdrawal of consent or verdict changes nothing about what happened.
        admitted: true,
        replaying: each.seq !== replaces,
      });
      if (!isAccepted(judged)) {
        if (each.seq === replaces) {
          return judged;
        }
        const names = { seq: String(each.seq), reason: judged.text };
        return refuse(state.machine, "correction_breaks", { field: "replaces" }, names);
      }
      if (each.seq === replaces) {
        aside.pending.push(...judged.pending);
      }
    }
    run = run.after(each);
  }
  return accepted(state.after(event), aside);
}

/** Refuse a correction of what is not there, or into something else than it was. */
function ofCorrection(state: RunState, body: Corrected, world: World): Refused | null {
  const { machine } = state;
  const old: Body | undefined = state.log.find((each) => each.seq === body.replaces)?.body;
  if (old === undefined || !isAtStep(old)) {
    const names = { given: String(body.replaces) };
    return refuse(machine, "correction_target", { field: "replaces" }, names);
  }
  if (body.reason.trim() === "") {
    return refuse(machine, "reason_missing", { field: "reason" });
  }
  const now = body.body;
  if (now && !(now.type === old.type && isAtStep(now) && now.step === old.step)) {
    return refuse(machine, "correction_kind", { field: "body" });
  }
  const step = state.step(old.step);
  return step === undefined || mayDo(step.roles, world)
    ? null
    : refuse(machine, "actor_role", { step: step.id });
}
