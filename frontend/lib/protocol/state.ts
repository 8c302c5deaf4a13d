// The state of a run: a fold over its events, and what follows from it.
import type { Values } from "./fields.ts";
import { conditionHolds, readValues } from "./fields.ts";
import type {
  Event,
  InjectionRecorded,
  Machine,
  Repeat,
  Step,
  UnitOpened,
  ZonePassed,
} from "./machine.ts";
import { isOf } from "./machine.ts";
import { readInstant } from "./numbers.ts";
import type { Totals } from "./totals.ts";
import { totalsOf } from "./totals.ts";

/** A step that was done, or skipped for a reason, in a cycle (1 outside repeats). */
export interface Settled {
  readonly step: string;
  readonly seq: number;
  readonly at: number;
  readonly by: string;
  readonly cycle: number;
  readonly values: Values;
  readonly skipped: string;
}

/** A timer that was started: when it is due, when it is too late, when it was stopped. */
export interface RunningTimer {
  readonly id: string;
  readonly step: string;
  readonly startedAt: number;
  readonly dueAt: number;
  readonly endsAt: number | null;
  readonly stoppedAt: number | null;
}

/** What keeps the session from being closed: a refusal's code, and the step it is about. */
export interface Obstacle {
  readonly code: string;
  readonly step: string;
}

const NO_VALUES: Values = new Map();

/**
 * Where a run stands. `log` is every event ever accepted; the rest counts what still holds.
 *
 * A state never changes once it is handed out: `after` returns another one.
 */
export class RunState {
  log: readonly Event[] = [];
  begun: Event | null = null;
  stopped: Event | null = null;
  closed: Event | null = null;
  settled: Settled[] = [];
  passes: Event<ZonePassed>[] = [];
  injections: Event<InjectionRecorded>[] = [];
  units: Event<UnitOpened>[] = [];
  cycles = new Map<string, number>();
  cycleOf = new Map<number, number>();
  latest = new Map<string, Settled>();
  readonly machine: Machine;
  #mustStop = false;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** Return the state after `events`, which are taken as they are: `accept` judges. */
  static fold(machine: Machine, events: readonly Event[]): RunState {
    const state = new RunState(machine);
    for (const event of effective(events)) {
      state.#take(event);
    }
    state.log = [...events];
    return state;
  }

  /** Return the state after one more event: the same as folding the longer list. */
  after(event: Event): RunState {
    const log = [...this.log, event];
    if (event.body.type === "corrected") {
      return RunState.fold(this.machine, log);
    }
    const next = this.#copy();
    next.#take(event);
    next.log = log;
    return next;
  }

  /** Frank bleeding was recorded: nothing but the stop may come next. */
  get mustStop(): boolean {
    return this.#mustStop && this.stopped === null;
  }

  get lastAt(): number | null {
    return this.log.at(-1)?.at ?? null;
  }

  get needleStarted(): boolean {
    return this.passes.length > 0 || this.injections.length > 0;
  }

  /** Tell whether the cream was asked about, and washed off where there was any. */
  get creamRemoved(): boolean {
    const asked = this.forPurpose("cream_on").every((step) => {
      const settled = this.latest.get(step.id);
      return settled !== undefined && settled.skipped === "";
    });
    return (
      asked &&
      this.forPurpose("cream_off").every(
        (step) => this.applies(step) === false || this.latest.has(step.id),
      )
    );
  }

  /** The steps that may be done now, in the protocol's order; the first is next. */
  get available(): readonly Step[] {
    if (this.begun === null || this.closed !== null || this.mustStop) {
      return [];
    }
    return this.machine.steps.filter(
      (step) =>
        this.applies(step) !== false &&
        (step.when_stopped || this.stopped === null) &&
        !this.isDone(step) &&
        this.missingBefore(step).length === 0,
    );
  }

  get totals(): Totals {
    return totalsOf(
      this.machine,
      this.passes.map((event) => event.body),
      this.injections.map((event) => event.body),
      this.openedUnits,
    );
  }

  get openedUnits(): readonly UnitOpened[] {
    return this.units.map((event) => event.body);
  }

  /** Every timer that was started, stopped ones too. */
  get timers(): readonly RunningTimer[] {
    return [...this.latest.values()]
      .filter((settled) => settled.skipped === "")
      .flatMap((settled) => this.#timersOf(settled));
  }

  timer(id: string): RunningTimer | undefined {
    return this.timers.find((timer) => timer.id === id);
  }

  /** What keeps the session from being closed, in the protocol's order. */
  get obstacles(): readonly Obstacle[] {
    if (this.begun === null) {
      return [{ code: "not_begun", step: "" }];
    }
    if (this.mustStop) {
      return [{ code: "must_stop", step: "" }];
    }
    return this.machine.steps
      .filter(
        (step) =>
          (this.stopped === null || this.machine.closing.includes(step.id)) &&
          this.applies(step) !== false &&
          !this.#isComplete(step),
      )
      .map((step) => ({ code: "not_settled", step: step.id }));
  }

  step(id: string): Step | undefined {
    return this.machine.steps.find((step) => step.id === id);
  }

  forPurpose(purpose: string): readonly Step[] {
    return this.machine.steps.filter((step) => step.purpose === purpose);
  }

  /** Tell whether the step's condition holds; null while that is not yet known. */
  applies(step: Step): boolean | null {
    if (step.when === null) {
      return true;
    }
    const settled = this.latest.get(step.when.step);
    if (settled === undefined) {
      return this.stopped === null ? null : false;
    }
    return conditionHolds(step.when, settled.values);
  }

  /**
   * Return the cycle that the step's next event belongs to.
   *
   * The first step of a repeat begins a new cycle when the current one is complete, as long as
   * cycles are left and nothing that follows the repeat was done.
   */
  cycleFor(step: Step): number {
    const repeat = this.#repeatOf(step);
    if (repeat === undefined) {
      return 1;
    }
    const current = this.cycles.get(repeat.id) ?? 1;
    const begins =
      step.id === repeat.steps[0] &&
      current < repeat.maximum &&
      this.#isCycleComplete(repeat) &&
      !this.machine.steps.some(
        (other) =>
          this.latest.has(other.id) &&
          !repeat.steps.includes(other.id) &&
          other.after.some((before) => repeat.steps.includes(before)),
      );
    return begins ? current + 1 : current;
  }

  /** Tell whether the step is settled in the cycle that its next event would belong to. */
  isDone(step: Step): boolean {
    const settled = this.latest.get(step.id);
    return settled !== undefined && settled.cycle === this.cycleFor(step);
  }

  /**
   * Return the steps that must be settled before `step` and are not.
   *
   * After a stop nothing waits: what makes a person safe is done in the order it can be.
   */
  missingBefore(step: Step): readonly string[] {
    if (this.stopped !== null) {
      return [];
    }
    return step.after.filter((before) => !this.#precedes(before, step));
  }

  #precedes(id: string, step: Step): boolean {
    const before = this.step(id);
    if (before === undefined) {
      return true;
    }
    if (this.applies(before) === false) {
      return before.after.every((each) => this.#precedes(each, step));
    }
    const repeat = this.#repeatOf(before);
    const settled = this.latest.get(id);
    if (repeat === undefined || settled === undefined) {
      return settled !== undefined;
    }
    if (repeat.steps.includes(step.id)) {
      return settled.cycle === this.cycleFor(step);
    }
    return this.#isComplete(before);
  }

  #repeatOf(step: Step): Repeat | undefined {
    return this.machine.repeats.find((repeat) => repeat.id === step.repeat);
  }

  /** Tell whether a step is settled, in each of the least cycles where it is repeated. */
  #isComplete(step: Step): boolean {
    const repeat = this.#repeatOf(step);
    if (repeat === undefined) {
      return this.latest.has(step.id);
    }
    return this.#isCycleComplete(repeat) && (this.cycles.get(repeat.id) ?? 1) >= repeat.minimum;
  }

  #isCycleComplete(repeat: Repeat): boolean {
    const current = this.cycles.get(repeat.id) ?? 1;
    return repeat.steps.every((id) => {
      const step = this.step(id);
      if (step === undefined || this.applies(step) === false) {
        return true;
      }
      return this.latest.get(id)?.cycle === current;
    });
  }

  #timersOf(settled: Settled): RunningTimer[] {
    const timers: RunningTimer[] = [];
    for (const timer of this.step(settled.step)?.timers ?? []) {
      let startedAt: number | null = settled.at;
      if (timer.from_field !== "") {
        startedAt = readInstant(settled.values.get(timer.from_field));
      }
      if (startedAt !== null) {
        timers.push({
          id: timer.id,
          step: settled.step,
          startedAt,
          dueAt: startedAt + timer.minimum_s * 1000,
          endsAt: timer.maximum_s === null ? null : startedAt + timer.maximum_s * 1000,
          stoppedAt: this.latest.get(timer.until)?.at ?? null,
        });
      }
    }
    return timers;
  }

  #copy(): RunState {
    const copy = new RunState(this.machine);
    copy.begun = this.begun;
    copy.stopped = this.stopped;
    copy.closed = this.closed;
    copy.settled = [...this.settled];
    copy.passes = [...this.passes];
    copy.injections = [...this.injections];
    copy.units = [...this.units];
    copy.cycles = new Map(this.cycles);
    copy.cycleOf = new Map(this.cycleOf);
    copy.latest = new Map(this.latest);
    copy.#mustStop = this.mustStop;
    return copy;
  }

  #take(event: Event): void {
    if (isOf(event, "step_done") || isOf(event, "step_skipped")) {
      this.#settle(event);
    } else if (isOf(event, "zone_passed")) {
      this.#record(event, this.passes);
      this.#mustStop ||= event.body.end_point === FRANK_BLEEDING;
    } else if (isOf(event, "injection_recorded")) {
      this.#record(event, this.injections);
    } else if (isOf(event, "unit_opened")) {
      this.#record(event, this.units);
    } else if (isOf(event, "session_begun")) {
      this.begun = event;
    } else if (isOf(event, "stopped")) {
      this.stopped = event;
      this.#mustStop = false;
    } else if (isOf(event, "session_closed")) {
      this.closed = event;
    }
  }

  #record<E extends Event<ZonePassed | InjectionRecorded | UnitOpened>>(
    event: E,
    records: E[],
  ): void {
    const step = this.step(event.body.step);
    if (step !== undefined) {
      this.cycleOf.set(event.seq, this.#enterCycle(step));
      records.push(event);
    }
  }

  #settle(event: Event): void {
    if (!(isOf(event, "step_done") || isOf(event, "step_skipped"))) {
      return;
    }
    const step = this.step(event.body.step);
    if (step === undefined) {
      return;
    }
    const values = isOf(event, "step_done")
      ? readValues(step, event.body.values ?? {}, event.at).values
      : NO_VALUES;
    const settled: Settled = {
      step: step.id,
      seq: event.seq,
      at: event.at,
      by: event.by,
      cycle: this.#enterCycle(step),
      values,
      skipped: isOf(event, "step_skipped") ? event.body.reason : "",
    };
    this.settled.push(settled);
    this.latest.set(step.id, settled);
    this.#mustStop ||= [...values.values()].includes(FRANK_BLEEDING);
  }

  /** Return the cycle of the step's event, which may be the one that begins it. */
  #enterCycle(step: Step): number {
    const cycle = this.cycleFor(step);
    if (step.repeat !== "") {
      this.cycles.set(step.repeat, cycle);
    }
    return cycle;
  }
}

const FRANK_BLEEDING = "FRANK_BLEEDING";

/** Return the events that hold: corrections applied at the place of what they replace. */
export function effective(log: readonly Event[]): readonly Event[] {
  const corrections = new Map(
    log.filter((event) => isOf(event, "corrected")).map((event) => [event.body.replaces, event]),
  );
  const held: Event[] = [];
  for (const event of log) {
    if (event.body.type === "corrected") {
      continue;
    }
    const correction = corrections.get(event.seq);
    if (correction === undefined) {
      held.push(event);
    } else if (correction.body.body) {
      held.push({ ...event, body: correction.body.body, acknowledged: correction.acknowledged });
    }
  }
  return held;
}
