// The limits that a protocol and a plan set on passes and injections.
import Big from "big.js";
import type {
  InjectionRecorded,
  PassPlan,
  TechniqueLimits,
  VolumeCap,
  ZonePassed,
} from "./machine.ts";
import { isOf } from "./machine.ts";
import { exact, exactOf } from "./numbers.ts";
import type { Names } from "./refusals.ts";
import { countOf, totalMl } from "./totals.ts";
import type { Moment } from "./world.ts";

/** A limit that an event crosses, and whether a reason lets it pass. */
export interface Crossed {
  readonly code: string;
  readonly field: string;
  readonly decision: "BLOCK" | "WARN";
  readonly names: Names;
}

/** Yield the limits that a pass or an injection crosses, what cannot be so first. */
export function* limitsCrossed(moment: Moment): Generator<Crossed> {
  const { event } = moment;
  if (isOf(event, "zone_passed")) {
    yield* ofPass(moment, event.body);
  } else if (isOf(event, "injection_recorded")) {
    yield* ofInjection(moment, event.body);
  }
}

/** Return how deep the needle went: inserted length x sin(angle), to the hundredth. */
export function penetrationMm(body: InjectionRecorded): Big {
  const inserted = exactOf(body.inserted_mm ?? body.needle_mm);
  const sine = new Big(Math.sin((body.angle * Math.PI) / 180).toFixed(6));
  return inserted.times(sine).round(2, Big.roundHalfEven);
}

function blocked(code: string, field: string, names: Names = {}): Crossed {
  return { code, field, decision: "BLOCK", names };
}

function warned(code: string, field: string, names: Names = {}): Crossed {
  return { code, field, decision: "WARN", names };
}

function* ofBoth(
  { state, world }: Moment,
  zone: string,
  needle: string,
  kind: string,
): Generator<Crossed> {
  const needleMm = exactOf(needle);
  if (!state.machine.zones.includes(zone)) {
    yield blocked("zone", "zone", { zone });
  }
  if (needleMm.lte(0)) {
    yield blocked("not_positive", "needle_mm");
  }
  const opened = state.openedUnits.filter((unit) => unit.kind === kind && unit.needle_mm);
  if (opened.length > 0 && !opened.some((unit) => needleMm.eq(exactOf(unit.needle_mm ?? 0)))) {
    yield blocked("needle_not_opened", "needle_mm", { given: exact(needleMm) });
  }
  const planned = world.plan.needle_mm;
  if (planned !== null && needleMm.gt(exactOf(planned))) {
    yield warned("plan_needle", "needle_mm", { planned: exact(exactOf(planned)) });
  }
}

function* ofPass(moment: Moment, body: ZonePassed): Generator<Crossed> {
  yield* ofBoth(moment, body.zone, body.needle_mm, "ROLLER");
  if (countOf(body) <= 0) {
    yield blocked("not_positive", "passes");
  }
  const planned = moment.world.plan.cycles;
  if (planned !== null && moment.state.cycleFor(moment.step) > planned) {
    yield warned("plan_cycles", "cycle", { planned: String(planned) });
  }
  if (moment.step.passes !== null) {
    yield* ofPlan(moment.step.passes, body);
  }
}

function* ofPlan(plan: PassPlan, body: ZonePassed): Generator<Crossed> {
  const made = Object.entries(body.passes).filter(([, count]) => count !== 0);
  if (made.some(([direction]) => !plan.directions.includes(direction))) {
    yield blocked("direction", "passes");
  }
  if (made.length < plan.directions_min) {
    yield warned("directions_few", "passes", { minimum: String(plan.directions_min) });
  }
  const { per_direction_min, per_direction_max, per_zone_min, per_zone_max } = plan;
  if (made.some(([, count]) => isOutside(count, per_direction_min, per_direction_max))) {
    const names = bounds(per_direction_min, per_direction_max);
    yield warned("passes_per_direction", "passes", names);
  }
  if (isOutside(countOf(body), per_zone_min, per_zone_max)) {
    yield warned("passes_per_zone", "passes", bounds(per_zone_min, per_zone_max));
  }
}

function isOutside(count: number, minimum: number | null, maximum: number | null): boolean {
  return (minimum !== null && count < minimum) || (maximum !== null && count > maximum);
}

function bounds(minimum: number | null, maximum: number | null): Names {
  return { minimum: String(minimum || ""), maximum: String(maximum || "") };
}

function* ofInjection(moment: Moment, body: InjectionRecorded): Generator<Crossed> {
  yield* ofBoth(moment, body.zone, body.needle_mm, "NEEDLE");
  if (body.points <= 0) {
    yield blocked("not_positive", "points");
  }
  if (exactOf(body.volume_ml).lte(0)) {
    yield blocked("not_positive", "volume_ml");
  }
  if (body.inserted_mm !== undefined && body.inserted_mm !== null) {
    const inserted = exactOf(body.inserted_mm);
    if (inserted.lte(0) || inserted.gt(exactOf(body.needle_mm))) {
      yield blocked("inserted", "inserted_mm");
    }
  }
  const { machine, totals } = moment.state;
  const limits = machine.techniques.find((each) => each.technique === body.technique);
  if (limits === undefined) {
    yield blocked("technique", "technique", { given: body.technique });
  } else {
    yield* ofTechnique(limits, body);
  }
  for (const cap of machine.volume_caps) {
    yield* ofCap(cap, moment, body);
  }
  const planned = moment.world.plan.volume_ml;
  if (planned !== null && totals.volumeMl.plus(totalMl(body)).gt(exactOf(planned))) {
    yield warned("plan_volume", "volume_ml", { planned: exact(exactOf(planned)) });
  }
}

function* ofTechnique(limits: TechniqueLimits, body: InjectionRecorded): Generator<Crossed> {
  if (body.angle <= 0 || body.angle > 90) {
    yield blocked("angle", "angle");
    return;
  }
  const names = { technique: limits.label };
  const depth = penetrationMm(body);
  const depthNames = (maximum: string) => ({ depth: exact(depth), maximum, ...names });
  if (depth.gt(exactOf(limits.depth_max_mm))) {
    yield blocked("depth", "needle_mm", depthNames(limits.depth_max_mm));
  } else if (limits.depth_warn_mm !== null && depth.gt(exactOf(limits.depth_warn_mm))) {
    yield warned("depth", "needle_mm", depthNames(limits.depth_warn_mm));
  }
  const volume = exactOf(body.volume_ml);
  if (volume.gt(exactOf(limits.volume_max_ml))) {
    yield blocked("volume", "volume_ml", { maximum: limits.volume_max_ml, ...names });
  } else if (limits.volume_warn_ml !== null && volume.gt(exactOf(limits.volume_warn_ml))) {
    yield warned("volume", "volume_ml", { maximum: limits.volume_warn_ml, ...names });
  }
  if (isOutside(body.angle, limits.angle_min, limits.angle_max)) {
    const wanted = bounds(limits.angle_min, limits.angle_max);
    yield warned("angle_unusual", "angle", { ...wanted, ...names });
  }
  const { spacing_min_mm, spacing_max_mm } = limits;
  if (
    typeof body.spacing_mm === "number" &&
    isOutside(body.spacing_mm, spacing_min_mm, spacing_max_mm)
  ) {
    const wanted = bounds(spacing_min_mm, spacing_max_mm);
    yield warned("spacing", "spacing_mm", { ...wanted, ...names });
  }
}

/** Sum what the cap covers; a record on both sides counts as one side's, the cautious way. */
function* ofCap(cap: VolumeCap, { state }: Moment, body: InjectionRecorded): Generator<Crossed> {
  const covers = (each: InjectionRecorded) =>
    (cap.zones.length === 0 || cap.zones.includes(each.zone)) &&
    (!cap.per_side ||
      each.side === body.side ||
      each.side === BOTH_SIDES ||
      body.side === BOTH_SIDES);
  if (cap.zones.length > 0 && !cap.zones.includes(body.zone)) {
    return;
  }
  let received = new Big(0);
  for (const each of [...state.injections.map((event) => event.body), body]) {
    received = covers(each) ? received.plus(totalMl(each)) : received;
  }
  if (received.gt(exactOf(cap.maximum_ml))) {
    const names = { received: exact(received), maximum: cap.maximum_ml };
    yield blocked("volume_cap", "volume_ml", names);
  }
}

const BOTH_SIDES = "BOTH";
