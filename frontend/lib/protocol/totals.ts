// What a run adds up to, by zone and for the session.
import Big from "big.js";
import type { InjectionRecorded, Machine, PassPlan, UnitOpened, ZonePassed } from "./machine.ts";
import { exactOf } from "./numbers.ts";

/** What one zone and side received; `holes` per square centimetre only for a pen. */
export interface ZoneTotal {
  readonly zone: string;
  readonly side: string;
  readonly passes: number;
  readonly rolls: number;
  readonly holes: number | null;
  readonly points: number;
  readonly volumeMl: Big;
}

/** What the session adds up to; volumes in millilitres, lidocaine in milligrams injected. */
export interface Totals {
  readonly zones: readonly ZoneTotal[];
  readonly points: number;
  readonly volumeMl: Big;
  readonly lidocaineMg: Big;
}

/** Return the passes of an event in all directions together. */
export function countOf(body: ZonePassed): number {
  return Object.values(body.passes).reduce((sum, count) => sum + count, 0);
}

/** Return the volume of all points of an event together. */
export function totalMl(body: InjectionRecorded): Big {
  return exactOf(body.volume_ml).times(body.points);
}

/** Return how many rolls `count` passes are: a to-and-fro is two. */
export function rollsOf(plan: PassPlan | null, count: number): number {
  return plan ? count * plan.rolls_per_pass : 0;
}

/** Return the strongest concentration among the opened units: the cautious reading. */
export function lidocaineMgPerMl(units: readonly UnitOpened[]): Big {
  let strongest = new Big(0);
  for (const unit of units) {
    const mg = exactOf(unit.lidocaine_mg_per_ml ?? 0);
    strongest = mg.gt(strongest) ? mg : strongest;
  }
  return strongest;
}

/** Add up what was passed, injected and opened, zones in the order they were first treated. */
export function totalsOf(
  machine: Machine,
  passes: readonly ZonePassed[],
  injections: readonly InjectionRecorded[],
  units: readonly UnitOpened[],
): Totals {
  const places = new Map<string, { zone: string; side: string }>();
  for (const { zone, side } of [...passes, ...injections]) {
    places.set(`${zone} ${side}`, { zone, side });
  }
  const volumeMl = sum(injections.map(totalMl));
  return {
    zones: [...places.values()].map(({ zone, side }) => {
      const here = (body: { zone: string; side: string }) =>
        body.zone === zone && body.side === side;
      return {
        zone,
        side,
        ...zoneTotal(machine, passes.filter(here), injections.filter(here), units),
      };
    }),
    points: injections.reduce((points, body) => points + body.points, 0),
    volumeMl,
    lidocaineMg: volumeMl.times(lidocaineMgPerMl(units)),
  };
}

function zoneTotal(
  machine: Machine,
  passes: readonly ZonePassed[],
  injections: readonly InjectionRecorded[],
  units: readonly UnitOpened[],
): Omit<ZoneTotal, "zone" | "side"> {
  const cartridge = units.findLast((unit) => unit.kind === "PEN_CARTRIDGE");
  let rolls = 0;
  for (const body of passes) {
    const step = machine.steps.find((each) => each.id === body.step);
    rolls += rollsOf(step?.passes ?? null, countOf(body));
  }
  return {
    passes: passes.reduce((count, body) => count + countOf(body), 0),
    rolls,
    holes: penDensity(passes, cartridge?.needles ?? null),
    points: injections.reduce((points, body) => points + body.points, 0),
    volumeMl: sum(injections.map(totalMl)),
  };
}

/** Estimate the holes per square centimetre: needles x frequency x seconds / area. */
function penDensity(passes: readonly ZonePassed[], needles: number | null): number | null {
  let total = new Big(0);
  for (const { frequency_hz, seconds, area_cm2 } of passes) {
    const area = exactOf(area_cm2 ?? 0);
    if (!(needles && frequency_hz && seconds) || area.eq(0)) {
      return null;
    }
    total = total.plus(new Big(needles).times(frequency_hz).times(seconds).div(area));
  }
  return total.eq(0) ? null : total.round(0, Big.roundHalfUp).toNumber();
}

function sum(numbers: readonly Big[]): Big {
  return numbers.reduce((total, each) => total.plus(each), new Big(0));
}
