// What is known of the world around an event, and what guards ask of it.
import type Big from "big.js";
import { type Plain, plainBody, plainValue } from "./describe.ts";
import type { Event, Label, Step, Text } from "./machine.ts";
import { isOf } from "./machine.ts";
import { exactOf, minutesOf } from "./numbers.ts";
import type { RunState } from "./state.ts";
import { countOf, lidocaineMgPerMl, rollsOf, totalMl } from "./totals.ts";

export type Decision = "OK" | "INFORM" | "WARN" | "REVIEW" | "DELAY" | "BLOCK";

/** What the rule book answered: its decision, and what it says to people and programs. */
export interface RuleAnswer {
  readonly decision: Decision;
  readonly messages: readonly Text[];
  readonly rules: readonly string[];
}

/** What stock knows of a unit. */
export interface UnitFacts extends Label {
  readonly lot_status?: string;
  readonly used_for_other_patient?: boolean;
  readonly used_in_other_session?: boolean;
}

/**
 * The world around one event. `unit` is what stock knows of the unit that is being opened: null
 * where it has none, undefined where stock cannot be asked. `decide` returns null where the rule
 * book cannot be asked: what depends on it is then pending, to be judged by the server.
 */
export interface World {
  readonly roles: readonly string[];
  readonly performer: string;
  readonly consentCurrent: boolean;
  readonly verdictValid: boolean;
  readonly actDate: string;
  readonly phototype: number | null;
  readonly weightKg: string | null;
  readonly creamConditions: readonly string[];
  readonly daysSinceLast: Readonly<Record<string, number>>;
  readonly unit: UnitFacts | null | undefined;
  readonly plan: {
    readonly needle_mm: string | null;
    readonly cycles: number | null;
    readonly volume_ml: string | null;
  };
  decide(question: Question): RuleAnswer | null;
}

export type Question = Readonly<Record<string, Plain>>;

/**
 * An event about to happen at a step of a run.
 *
 * `admitted`: consent and verdict were judged when it happened. `replaying`: it was accepted
 * before and is judged again because an earlier one is corrected.
 */
export interface Moment {
  readonly state: RunState;
  readonly event: Event;
  readonly step: Step;
  readonly world: World;
  readonly admitted: boolean;
  readonly replaying: boolean;
}

const ON_LABEL = [
  "unit",
  "product",
  "kind",
  "lot",
  "expiry",
  "status",
  "actives",
  "sterile",
  "prepared_by",
  "lidocaine_mg_per_ml",
  "needles",
  "needle_mm",
] as const;

/** Return the first fact in which an opening differs from stock, empty where none does. */
export function differsFrom(known: UnitFacts, label: Label): string {
  const [ours, theirs] = [known, label].map((each) =>
    plainBody({ ...onLabel(each), type: "unit_opened", step: "", field: "" }),
  );
  return (
    ON_LABEL.find((name) => JSON.stringify(ours?.[name]) !== JSON.stringify(theirs?.[name])) ?? ""
  );
}

function onLabel(label: Label): Label {
  return Object.fromEntries(ON_LABEL.map((name) => [name, label[name]])) as unknown as Label;
}

/** Return a question as a key that does not depend on the order of its facts. */
export function questionKey(question: Question): string {
  return JSON.stringify(question, Object.keys(question).sort());
}

/** Return what a fact of a rule-book question stands for; a literal stands for itself. */
export function resolve(reference: unknown, moment: Moment): Plain {
  if (typeof reference !== "string" || !reference.startsWith("$")) {
    return reference as Plain;
  }
  const dot = reference.indexOf(".");
  const root = dot < 0 ? reference.slice(1) : reference.slice(1, dot);
  const path = dot < 0 ? "" : reference.slice(dot + 1);
  const find = ROOTS[root];
  if (find === undefined) {
    throw new TypeError(`unknown reference ${reference}`);
  }
  return find(moment, path);
}

const ROOTS: Readonly<Record<string, (moment: Moment, path: string) => Plain>> = {
  event: (moment, path) => plainBody(moment.event.body)[path] ?? null,
  patient: (moment, path) => ofPatient(moment, path),
  session: (moment, path) => ofSession(moment, path),
  zone: (moment) => rollsSoFar(moment),
  unit: (moment, path) => ofUnit(moment.world.unit, path),
  field: (moment) => useOfField(moment),
  value: (moment, path) => {
    const [step = "", field = ""] = path.split(".");
    return plainValue(moment.state.latest.get(step)?.values.get(field) ?? null);
  },
  minutes: (moment, path) => {
    const timer = moment.state.timer(path);
    return timer ? inMinutes((timer.stoppedAt ?? moment.event.at) - timer.startedAt) : null;
  },
  minutes_since: (moment, path) => {
    const settled = moment.state.latest.get(path);
    return settled ? inMinutes(moment.event.at - settled.at) : null;
  },
};

function inMinutes(milliseconds: number): Plain {
  return plainValue(minutesOf(milliseconds));
}

function ofPatient({ event, world }: Moment, path: string): Plain {
  switch (path) {
    case "phototype":
      return world.phototype;
    case "weight_kg":
      return world.weightKg === null ? null : plainValue(exactOf(world.weightKg));
    case "cream_conditions":
      return [...world.creamConditions];
    default: {
      const zone = "zone" in event.body ? event.body.zone : "";
      return world.daysSinceLast[zone] ?? null;
    }
  }
}

function ofSession(moment: Moment, path: string): Plain {
  const { state, world } = moment;
  switch (path) {
    case "procedure":
      return state.machine.procedure;
    case "jurisdiction":
      return state.machine.jurisdiction;
    case "act_date":
      return world.actDate;
    case "performer":
      return world.performer;
    case "needle_started":
      return state.needleStarted;
    case "products":
      return injectedProducts(moment);
    case "lidocaine_mg":
      return lidocaineMg(moment);
    default:
      return state.begun && isOf(state.begun, "session_begun") ? state.begun.body.indication : null;
  }
}

function lidocaineMg({ state, event }: Moment): Plain {
  let volume: Big = state.totals.volumeMl;
  if (isOf(event, "injection_recorded")) {
    volume = volume.plus(totalMl(event.body));
  }
  const mg = volume.times(lidocaineMgPerMl(state.openedUnits));
  return mg.eq(0) ? null : plainValue(mg);
}

/** Count the products that this session injects, the one being opened included. */
function injectedProducts({ state, event }: Moment): number {
  const opened = [...state.openedUnits, ...(isOf(event, "unit_opened") ? [event.body] : [])];
  const injected = opened.filter((unit) => {
    const step = state.step(unit.step);
    return step?.fields.find((field) => field.id === unit.field)?.use === "inject";
  });
  return new Set(injected.map((unit) => unit.product)).size;
}

/** Count the rolls over this zone and side in the session, this event's included. */
function rollsSoFar({ state, event, step }: Moment): number {
  if (!isOf(event, "zone_passed")) {
    return 0;
  }
  const { zone, side } = event.body;
  const before = state.totals.zones
    .filter((total) => total.zone === zone && total.side === side)
    .reduce((sum, total) => sum + total.rolls, 0);
  return before + rollsOf(step.passes, countOf(event.body));
}

function ofUnit(unit: UnitFacts | null | undefined, path: string): Plain {
  const cautious = {
    status: "INCONNU",
    actives: [],
    sterile: false,
    prepared_by: "PRACTICE",
    lot_status: "available",
    used_for_other_patient: false,
    used_in_other_session: false,
  };
  return ({ ...cautious, ...unit } as Record<string, Plain>)[path] ?? null;
}

function useOfField({ event, step }: Moment): Plain {
  const body = event.body;
  return isOf(event, "unit_opened")
    ? (step.fields.find((field) => field.id === (body as { field: string }).field)?.use ?? null)
    : null;
}
