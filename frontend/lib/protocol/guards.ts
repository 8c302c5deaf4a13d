// The guards of a protocol: what must hold before an event at a step.
import { conditionHolds } from "./fields.ts";
import { limitsCrossed } from "./limits.ts";
import type { Guard, Text } from "./machine.ts";
import { isoOf } from "./numbers.ts";
import { type Refused, refuse } from "./refusals.ts";
import type { RunState } from "./state.ts";
import type { Decision, Moment, Question, RuleAnswer } from "./world.ts";
import { resolve } from "./world.ts";

/** What the rule book says about an event that it lets pass. */
export interface Notice {
  readonly ask: string;
  readonly decision: Decision;
  readonly messages: readonly Text[];
}

/** What guards add on the way: what is shown beside the event, and what the server must judge. */
export interface Aside {
  readonly notices: Notice[];
  readonly pending: string[];
}

const ON = {
  step_done: "done",
  unit_opened: "unit",
  zone_passed: "pass",
  injection_recorded: "injection",
} as const;

/**
 * Return the first guard of the step that refuses the event, null where none does.
 *
 * `after` is the state as it would be: what the event itself records can be guarded too.
 */
export function guardsHold(moment: Moment, after: RunState, aside: Aside): Refused | null {
  const type = moment.event.body.type as keyof typeof ON;
  const kind = ON[type];
  for (const guard of moment.step.guards) {
    if ((guard.on !== "any" && guard.on !== kind) || !concerns(guard, moment, after)) {
      continue;
    }
    const refused = judge(guard, moment, after, aside, kind);
    if (refused !== null) {
      return refused;
    }
  }
  return null;
}

function judge(
  guard: Guard,
  moment: Moment,
  after: RunState,
  aside: Aside,
  kind: (typeof ON)[keyof typeof ON],
): Refused | null {
  switch (guard.kind) {
    case "rule":
      return ask(guard, kind === "done" ? { ...moment, state: after } : moment, aside);
    case "limits":
      return withinLimits(moment);
    default:
      return holds(guard, moment, after) ? null : refusedBy(guard, moment);
  }
}

/** Tell whether the guard looks at this event: its field and its condition. */
function concerns(guard: Guard, moment: Moment, after: RunState): boolean {
  const { body } = moment.event;
  if (body.type === "unit_opened" && guard.on === "unit") {
    // What stock said then is not known any more.
    if (moment.replaying || (guard.field !== "" && guard.field !== body.field)) {
      return false;
    }
  }
  if (guard.when === null) {
    return true;
  }
  const settled = after.latest.get(guard.when.step || moment.step.id);
  return settled !== undefined && conditionHolds(guard.when, settled.values);
}

function holds(guard: Guard, moment: Moment, after: RunState): boolean {
  const { state, world, admitted } = moment;
  switch (guard.kind) {
    case "step_done": {
      const settled = state.latest.get(guard.step);
      return settled !== undefined && settled.skipped === "";
    }
    case "timer_elapsed":
      return isElapsed(guard.timer, moment);
    case "consent_current":
      return admitted || world.consentCurrent;
    case "verdict_valid":
      return admitted || world.verdictValid;
    case "unit_opened":
      return guard.kinds.every((kind) => state.openedUnits.some((unit) => unit.kind === kind));
    case "cream_removed":
      return state.creamRemoved;
    default: {
      const settled = after.latest.get(guard.step || moment.step.id);
      const recorded = settled?.values.get(guard.field);
      return guard.values.some((each) => each === recorded);
    }
  }
}

/** Without an instant to run from, a timer of a step that is done has nothing to wait for. */
function isElapsed(id: string, { state, event }: Moment): boolean {
  const timer = state.timer(id);
  if (timer !== undefined) {
    return event.at >= timer.dueAt;
  }
  return state.settled.some((settled) =>
    state.step(settled.step)?.timers.some((each) => each.id === id),
  );
}

function refusedBy(guard: Guard, { state, step }: Moment): Refused {
  const timer = state.timer(guard.timer);
  const found = refuse(
    state.machine,
    guard.kind,
    { field: guard.field || guard.timer || guard.step, step: step.id },
    {
      title: step.title,
      before: state.step(guard.step)?.title ?? "",
      due: timer ? isoOf(timer.dueAt) : "",
    },
  );
  return guard.refusal === null ? found : { ...found, text: guard.refusal };
}

/** Ask the rule book. What it warns of needs a reason, what it blocks is refused. */
function ask(guard: Guard, moment: Moment, aside: Aside): Refused | null {
  const answer = answerTo(guard, moment);
  if (answer === "unasked") {
    return null;
  }
  if (answer === null) {
    aside.pending.push(guard.ask);
    return null;
  }
  const { decision, messages } = answer;
  const notice = { ask: guard.ask, decision, messages };
  if (decision === "OK" || decision === "INFORM") {
    if (decision === "INFORM") {
      aside.notices.push(notice);
    }
    return null;
  }
  const isBlocked = decision === "BLOCK";
  if (!isBlocked && (moment.replaying || isTakenOn(guard.ask, moment, decision))) {
    aside.notices.push(notice);
    return null;
  }
  const needsPhysician = decision === "REVIEW" || decision === "DELAY";
  const code = isBlocked ? "rule_blocks" : needsPhysician ? "rule_reviews" : "rule_warns";
  const reasons = {
    fr: messages.map((text) => text.fr).join(" "),
    en: messages.map((text) => text.en).join(" "),
  };
  return {
    guard: guard.id,
    text: refuse(moment.state.machine, code, {}, { reasons }).text,
    field: guard.ask,
    step: moment.step.id,
    decision,
    canAcknowledge: !isBlocked,
    rules: answer.rules,
  };
}

/** Return the rule book's answer; null where it cannot be had here. */
function answerTo(guard: Guard, moment: Moment): RuleAnswer | null | "unasked" {
  const names = Object.values(guard.facts);
  const asksStock = names.some((name) => typeof name === "string" && name.startsWith("$unit."));
  if (asksStock && moment.world.unit === undefined) {
    return null;
  }
  const question: Question = {
    kind: guard.ask,
    ...Object.fromEntries(
      Object.entries(guard.facts).map(([name, value]) => [name, resolve(value, moment)]),
    ),
  };
  if (guard.only_with !== "" && question[guard.only_with] === null) {
    return "unasked";
  }
  return moment.world.decide(question);
}

/** Tell whether the operator gave a reason, and may: past a warning, only a physician. */
function isTakenOn(name: string, { world, event }: Moment, decision: Decision): boolean {
  const may = decision === "WARN" || world.roles.includes("physician");
  return may && (event.acknowledged[name] ?? "").trim() !== "";
}

/** Refuse what lies beyond the protocol's and the plan's limits, or ask for a reason. */
function withinLimits(moment: Moment): Refused | null {
  for (const crossed of limitsCrossed(moment)) {
    const isBlocked = crossed.decision === "BLOCK";
    if (!isBlocked && (moment.replaying || isTakenOn("limits", moment, crossed.decision))) {
      continue;
    }
    const found = refuse(
      moment.state.machine,
      crossed.code,
      { field: crossed.field, step: moment.step.id },
      crossed.names,
    );
    return isBlocked
      ? found
      : { ...found, field: "limits", decision: crossed.decision, canAcknowledge: true };
  }
  return null;
}
