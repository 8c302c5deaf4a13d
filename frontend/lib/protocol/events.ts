// Events and worlds as the server writes them, read and written.
import type { Body, Event } from "./machine.ts";
import { readInstant, zuluOf } from "./numbers.ts";
import type { RuleAnswer, UnitFacts, World } from "./world.ts";
import { questionKey } from "./world.ts";

/** An event as plain JSON: the body's keys stand beside the envelope's. */
export interface RawEvent {
  readonly seq: number;
  readonly at: string;
  readonly by: string;
  readonly type: Body["type"];
  readonly acknowledged?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

/** A world as plain JSON, without the rule book. */
export interface RawWorld {
  readonly roles: readonly string[];
  readonly performer: string;
  readonly consent_current: boolean;
  readonly verdict_valid: boolean;
  readonly act_date: string;
  readonly phototype: number | null;
  readonly weight_kg: string | null;
  readonly cream_conditions: readonly string[];
  readonly days_since_last: Readonly<Record<string, number>>;
  readonly unit?: UnitFacts | null;
  readonly plan: World["plan"];
}

/** Read an event that was written by the server or by `writeEvent`. */
export function readEvent({ seq, at, by, acknowledged = {}, ...body }: RawEvent): Event {
  const instant = readInstant(at);
  if (instant === null) {
    throw new TypeError(`event ${seq} has no instant: ${at}`);
  }
  return { seq, at: instant, by, acknowledged, body: body as unknown as Body };
}

/** Write an event as the server reads it. */
export function writeEvent({ seq, at, by, acknowledged, body }: Event): RawEvent {
  return {
    seq,
    at: zuluOf(at),
    by,
    ...body,
    ...(Object.keys(acknowledged).length > 0 && { acknowledged }),
  };
}

/**
 * Read a world whose rule book is a list of answers by question.
 *
 * A question that is not listed cannot be answered here. Without the key `unit`, stock cannot be
 * asked either.
 */
export function readWorld(raw: RawWorld, answers: Readonly<Record<string, RuleAnswer>>): World {
  return {
    roles: raw.roles,
    performer: raw.performer,
    consentCurrent: raw.consent_current,
    verdictValid: raw.verdict_valid,
    actDate: raw.act_date,
    phototype: raw.phototype,
    weightKg: raw.weight_kg,
    creamConditions: raw.cream_conditions,
    daysSinceLast: raw.days_since_last,
    unit: raw.unit,
    plan: raw.plan,
    decide: (question) => answers[questionKey(question)] ?? null,
  };
}
