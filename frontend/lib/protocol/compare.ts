// Runs a rehearsal that the server wrote, and says what this interpreter answers to each event.
import { accept, isAccepted } from "./accept.ts";
import { describe, type Plain } from "./describe.ts";
import { type RawEvent, type RawWorld, readEvent, readWorld } from "./events.ts";
import type { Machine } from "./machine.ts";
import { RunState } from "./state.ts";
import type { RuleAnswer } from "./world.ts";

export interface Row {
  readonly line: number;
  readonly event: RawEvent;
  readonly world: RawWorld;
  readonly asked: Readonly<Record<string, RuleAnswer>>;
  readonly answer: Plain;
}

export interface Rehearsal {
  readonly machine: Machine;
  readonly rows: readonly Row[];
}

/** Return this interpreter's answer to each event, in the shape of the rows' own. */
export function answersOf({ machine, rows }: Rehearsal): Plain[] {
  let state = RunState.fold(machine, []);
  return rows.map(({ event, world, asked }) => {
    const answer = accept(state, readEvent(event), readWorld(world, asked));
    if (isAccepted(answer)) {
      state = answer.state;
      return {
        accepted: describe(state),
        notices: answer.notices.map((notice) => ({ ...notice })) as unknown as Plain,
        ...(answer.pending.length > 0 && { pending: [...answer.pending] }),
      };
    }
    const { canAcknowledge, text, ...refused } = answer;
    return { refused: { ...refused, text: { ...text }, can_acknowledge: canAcknowledge } };
  });
}
