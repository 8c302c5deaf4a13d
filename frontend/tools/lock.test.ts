import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const text = readFileSync("package-lock.json", "utf8");
const { packages } = JSON.parse(text) as {
  packages: Record<string, { optionalDependencies?: Record<string, string> }>;
};

test("the lock names no host", () => {
  expect(text).not.toMatch(/"resolved"/);
});

test("the lock holds every platform's part, or `npm ci` refuses it", () => {
  const parts = Object.values(packages).flatMap((entry) =>
    Object.keys(entry.optionalDependencies ?? {}),
  );
  expect(parts.filter((name) => !packages[`node_modules/${name}`])).toEqual([]);
});
