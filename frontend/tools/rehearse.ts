// Answers rehearsals, one JSON object a line, with what the tablet's interpreter says to each.
import { createInterface } from "node:readline";
import { answersOf, type Rehearsal } from "../lib/protocol/compare.ts";

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answersOf(JSON.parse(line) as Rehearsal))}\n`);
}
