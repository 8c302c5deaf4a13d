// A compiled protocol and what happens in a session, as plain JSON: the server's shapes.

export interface Text {
  readonly fr: string;
  readonly en: string;
}

export interface Condition {
  readonly field: string;
  readonly values: readonly (string | boolean)[];
  readonly step: string;
}

export type FieldType =
  | "text"
  | "boolean"
  | "integer"
  | "decimal"
  | "choice"
  | "instant"
  | "date"
  | "zone"
  | "technique"
  | "unit_scan";

export interface Field {
  readonly id: string;
  readonly type: FieldType;
  readonly label: Text;
  readonly required: boolean;
  readonly many: boolean;
  readonly unit: string;
  readonly minimum: string | null;
  readonly maximum: string | null;
  readonly options: readonly { readonly value: string; readonly label: Text | null }[];
  readonly kind: string | null;
  readonly use: string | null;
  readonly when: Condition | null;
}

export interface Guard {
  readonly id: string;
  readonly kind:
    | "step_done"
    | "timer_elapsed"
    | "consent_current"
    | "verdict_valid"
    | "rule"
    | "unit_opened"
    | "cream_removed"
    | "value"
    | "limits";
  readonly on: "any" | "done" | "unit" | "pass" | "injection";
  readonly step: string;
  readonly timer: string;
  readonly kinds: readonly string[];
  readonly field: string;
  readonly values: readonly (string | boolean)[];
  readonly ask: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly only_with: string;
  readonly when: Condition | null;
  readonly refusal: Text | null;
}

export interface Timer {
  readonly id: string;
  readonly label: Text;
  readonly minimum_s: number;
  readonly default_s: number;
  readonly maximum_s: number | null;
  readonly from_field: string;
  readonly until: string;
}

export interface PassPlan {
  readonly device: string;
  readonly rolls_per_pass: number;
  readonly directions: readonly string[];
  readonly directions_min: number;
  readonly per_direction_min: number | null;
  readonly per_direction_max: number | null;
  readonly per_zone_min: number | null;
  readonly per_zone_max: number | null;
  readonly end_points: readonly string[];
}

export interface Step {
  readonly id: string;
  readonly title: Text;
  readonly instruction: Text;
  readonly roles: readonly string[];
  readonly after: readonly string[];
  readonly followers: readonly string[];
  readonly repeat: string;
  readonly purpose: string | null;
  readonly safety: boolean;
  readonly skippable: boolean;
  readonly when_stopped: boolean;
  readonly records: "passes" | "injections" | null;
  readonly when: Condition | null;
  readonly fields: readonly Field[];
  readonly guards: readonly Guard[];
  readonly timers: readonly Timer[];
  readonly passes: PassPlan | null;
}

export interface Repeat {
  readonly id: string;
  readonly steps: readonly string[];
  readonly minimum: number;
  readonly default: number;
  readonly maximum: number;
}

export interface TechniqueLimits {
  readonly technique: string;
  readonly label: Text;
  readonly depth_warn_mm: string | null;
  readonly depth_max_mm: string;
  readonly angle_min: number | null;
  readonly angle_max: number | null;
  readonly spacing_min_mm: number | null;
  readonly spacing_max_mm: number | null;
  readonly volume_warn_ml: string | null;
  readonly volume_max_ml: string;
}

export interface VolumeCap {
  readonly id: string;
  readonly zones: readonly string[];
  readonly per_side: boolean;
  readonly maximum_ml: string;
}

/** A protocol version with everything resolved; `format` changes when its shape does. */
export interface Machine {
  readonly format: number;
  readonly id: string;
  readonly version: string;
  readonly title: Text;
  readonly procedure: string;
  readonly jurisdiction: string;
  readonly indications: readonly string[];
  readonly zones: readonly string[];
  readonly techniques: readonly TechniqueLimits[];
  readonly volume_caps: readonly VolumeCap[];
  readonly steps: readonly Step[];
  readonly repeats: readonly Repeat[];
  readonly closing: readonly string[];
  readonly refusals: Readonly<Record<string, Text>>;
}

export const FORMAT = 1;

export interface SessionBegun {
  readonly type: "session_begun";
  readonly protocol: string;
  readonly version: string;
  readonly indication: string;
}

export interface StepDone {
  readonly type: "step_done";
  readonly step: string;
  readonly values?: Readonly<Record<string, unknown>>;
}

export interface StepSkipped {
  readonly type: "step_skipped";
  readonly step: string;
  readonly reason: string;
}

/** What the label of a unit says; decimals are strings, a day is a string. */
export interface Label {
  readonly unit: string;
  readonly product: string;
  readonly kind: string;
  readonly lot: string;
  readonly expiry: string;
  readonly status?: string;
  readonly actives?: readonly string[];
  readonly sterile?: boolean;
  readonly prepared_by?: string;
  readonly lidocaine_mg_per_ml?: string | null;
  readonly needles?: number | null;
  readonly needle_mm?: string | null;
}

export interface UnitOpened extends Label {
  readonly type: "unit_opened";
  readonly step: string;
  readonly field: string;
}

export interface ZonePassed {
  readonly type: "zone_passed";
  readonly step: string;
  readonly zone: string;
  readonly side: string;
  readonly needle_mm: string;
  readonly passes: Readonly<Record<string, number>>;
  readonly pressure: string;
  readonly end_point?: string | null;
  readonly seconds?: number | null;
  readonly area_cm2?: string | null;
  readonly frequency_hz?: number | null;
}

export interface InjectionRecorded {
  readonly type: "injection_recorded";
  readonly step: string;
  readonly zone: string;
  readonly side: string;
  readonly technique: string;
  readonly needle_mm: string;
  readonly angle: number;
  readonly volume_ml: string;
  readonly points: number;
  readonly inserted_mm?: string | null;
  readonly spacing_mm?: number | null;
}

export interface Stopped {
  readonly type: "stopped";
  readonly reason: string;
  readonly note?: string;
}

export interface SessionClosed {
  readonly type: "session_closed";
}

export interface Corrected {
  readonly type: "corrected";
  readonly replaces: number;
  readonly reason: string;
  readonly body?: Body | null;
}

export type AtStep = StepDone | StepSkipped | UnitOpened | ZonePassed | InjectionRecorded;
export type Body = SessionBegun | AtStep | Stopped | SessionClosed | Corrected;

/** One entry of a session's list; `at` is in milliseconds since 1970. */
export interface Event<B extends Body = Body> {
  readonly seq: number;
  readonly at: number;
  readonly by: string;
  readonly body: B;
  readonly acknowledged: Readonly<Record<string, string>>;
}

const AT_STEP: ReadonlySet<string> = new Set<AtStep["type"]>([
  "step_done",
  "step_skipped",
  "unit_opened",
  "zone_passed",
  "injection_recorded",
]);

/** Tell whether an event happens at a step. */
export function isAtStep(body: Body): body is AtStep {
  return AT_STEP.has(body.type);
}

/** Tell whether an event's body is of a type, for lists that are narrowed by it. */
export function isOf<T extends Body["type"]>(
  event: Event,
  type: T,
): event is Event<Extract<Body, { type: T }>> {
  return event.body.type === type;
}
