// The rehearsals of the contract, as the server answers them, and what only a tablet meets.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { expect, describe as group, it } from "vitest";
import { accept, isAccepted } from "./accept.ts";
import { answersOf, type Rehearsal } from "./compare.ts";
import { readEvent, readWorld, writeEvent } from "./events.ts";
import { RunState } from "./state.ts";

const FOLDER = "tests/contracts/rehearsals";
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".jsonl"))
  .map((file) => file.replace(".jsonl", ""));

function rehearsalOf(name: string): Rehearsal {
  const protocol = `src/aiguille/protocols/data/${name}.toml`;
  const program = "import sys; from aiguille.cli import main; main(sys.argv[1:])";
  const command = ["protocols", "rehearse", protocol, "--events", `${FOLDER}/${name}.jsonl`];
  return JSON.parse(
    execFileSync(".venv/bin/python", ["-c", program, ...command, "--json"], {
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    }),
  );
}

group.each(names)("the rehearsal %s", (name) => {
  const rehearsal = rehearsalOf(name);

  it("gets the server's answer to every event", () => {
    expect(rehearsal.rows.length).toBeGreaterThan(20);
    expect(answersOf(rehearsal)).toEqual(rehearsal.rows.map((row) => row.answer));
  });

  it("keeps its events through writing and reading", () => {
    for (const row of rehearsal.rows) {
      expect(writeEvent(readEvent(row.event))).toEqual(row.event);
    }
  });

  it("lets pass, as pending, what neither stock nor the rule book can be asked", () => {
    let state = RunState.fold(rehearsal.machine, []);
    const pending: string[] = [];
    for (const row of rehearsal.rows) {
      const { unit: _unit, ...world } = row.world;
      const answer = accept(state, readEvent(row.event), readWorld(world, {}));
      if (isAccepted(answer)) {
        pending.push(...answer.pending);
        state = answer.state;
      }
    }
    expect(state.closed !== null || state.stopped !== null).toBe(true);
    expect(pending).toEqual(expect.arrayContaining(["stock", "unit", "performer", "cream"]));
  });
});

it("says exactly what is wrong with an event that has no instant", () => {
  const event = { seq: 1, at: "yesterday", by: "Dr Bruno", type: "session_closed" } as const;
  expect(() => readEvent(event)).toThrow("event 1 has no instant: yesterday");
});
