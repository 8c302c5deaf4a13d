// A state as plain JSON: equal states describe equally, whoever folded them.
import Big from "big.js";
import type { Value } from "./fields.ts";
import type { Body } from "./machine.ts";
import { exact, exactOf, zuluOf } from "./numbers.ts";
import type { RunState } from "./state.ts";

export type Plain =
  | null
  | string
  | number
  | boolean
  | readonly Plain[]
  | { readonly [key: string]: Plain };

const DECIMALS: ReadonlySet<string> = new Set([
  "needle_mm",
  "lidocaine_mg_per_ml",
  "area_cm2",
  "volume_ml",
  "inserted_mm",
]);
// What a label says where it says nothing: the cautious reading.
const UNSAID = { status: "INCONNU", sterile: false, prepared_by: "PRACTICE" } as const;

/** Return a state as plain JSON, the shape that the server's `describe` returns. */
export function describe(state: RunState): Record<string, Plain> {
  const { totals } = state;
  return {
    events: state.log.length,
    available: state.available.map((step) => step.id),
    settled: state.settled.map(({ step, cycle, at, skipped, values }) => ({
      step,
      cycle,
      at: zuluOf(at),
      ...(skipped && { skipped }),
      ...(values.size > 0 && { values: plainValues(values) }),
    })),
    cycles: Object.fromEntries(state.cycles),
    totals: {
      zones: totals.zones.map((zone) => ({
        zone: zone.zone,
        side: zone.side,
        passes: zone.passes,
        rolls: zone.rolls,
        holes_per_cm2: zone.holes,
        points: zone.points,
        volume_ml: exact(zone.volumeMl),
      })),
      points: totals.points,
      volume_ml: exact(totals.volumeMl),
      lidocaine_mg: exact(totals.lidocaineMg),
    },
    units: state.units.map((event) => plainBody(event.body)),
    timers: state.timers.map((timer) => ({
      id: timer.id,
      step: timer.step,
      started_at: zuluOf(timer.startedAt),
      due_at: zuluOf(timer.dueAt),
      ends_at: timer.endsAt === null ? null : zuluOf(timer.endsAt),
      stopped_at: timer.stoppedAt === null ? null : zuluOf(timer.stoppedAt),
    })),
    must_stop: state.mustStop,
    stopped: state.stopped && plainBody(state.stopped.body),
    closed: state.closed !== null,
    obstacles: state.obstacles.map(({ code, step }) => ({ code, step })),
  };
}

/** Return an event's body as the server writes it: what is empty is left out. */
export function plainBody(body: Body): Record<string, Plain> {
  const said = body.type === "unit_opened" ? { ...UNSAID, ...body } : body;
  const plain: Record<string, Plain> = {};
  for (const [key, value] of Object.entries(said)) {
    if (!isEmpty(value)) {
      plain[key] = DECIMALS.has(key) ? exact(exactOf(value)) : (value as Plain);
    }
  }
  return plain;
}

/** Return a recorded value, or a fact of a question, as plain JSON. */
export function plainValue(value: Value | null): Plain {
  return value instanceof Big ? exact(value) : (value as Plain);
}

function plainValues(values: ReadonlyMap<string, Value>): Record<string, Plain> {
  return Object.fromEntries([...values].map(([key, value]) => [key, plainValue(value)]));
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "") {
    return true;
  }
  return typeof value === "object" && Object.keys(value).length === 0;
}
