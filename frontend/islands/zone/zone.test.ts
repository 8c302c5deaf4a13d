import { expect, test } from "vitest";
import { hourIn, minutesAhead, tellZone } from "./index.ts";

test.each([
  ["Europe/Paris", "2026-03-28T12:00:00Z", 60],
  ["Europe/Paris", "2026-03-29T01:00:00Z", 120],
  ["Europe/Paris", "2026-10-25T00:59:00Z", 120],
  ["Europe/Paris", "2026-10-25T01:00:00Z", 60],
  ["America/Toronto", "2026-03-10T12:00:00Z", -240],
  ["Indian/Reunion", "2026-07-01T00:00:00Z", 240],
  ["Australia/Lord_Howe", "2026-01-01T00:00:00Z", 660],
  ["Australia/Lord_Howe", "2026-07-01T00:00:00Z", 630],
])("%s at %s is %i minutes ahead", (zone, at, minutes) => {
  expect(minutesAhead(zone, new Date(at))).toBe(minutes);
});

test("an hour on another date names the weekday", () => {
  const at = new Date("2026-03-04T23:30:00Z");
  expect(hourIn("Europe/Paris", "America/Toronto", at, "en")).toBe("Thursday 00:30");
  expect(hourIn("America/Toronto", "Europe/Paris", at, "en")).toBe("Wednesday 18:30");
  expect(hourIn("Europe/Paris", "Europe/Madrid", at, "fr")).toBe("00:30");
});

function noteAt(at: string): HTMLElement {
  document.body.innerHTML = `<div lang="en"><p hidden data-zone="Europe/Paris" data-at="${at}"
    data-text="{zone}: {there}, yours {here}"></p></div>`;
  return document.querySelector("p") as HTMLElement;
}

test("nothing is said to a reader whose clock shows the same", () => {
  const note = noteAt("2026-03-04T09:00:00Z");
  tellZone(note, "Europe/Madrid");
  expect(note.hidden).toBe(true);
});

test("a reader elsewhere is told both hours", () => {
  const note = noteAt("2026-03-04T09:00:00Z");
  tellZone(note, "America/Toronto");
  expect(note.hidden).toBe(false);
  expect(note.textContent).toContain("10:00, yours 04:00");
});

test("between two changes of the clocks the difference of that day counts", () => {
  // Canada changes three weeks before France: five hours apart then, six otherwise.
  const note = noteAt("2026-03-10T09:00:00Z");
  tellZone(note, "America/Toronto");
  expect(note.textContent).toContain("10:00, yours 05:00");
});

test("a zone that the browser does not know is passed over", () => {
  const note = noteAt("2026-03-04T09:00:00Z");
  note.dataset.zone = "Nowhere/Land";
  tellZone(note, "Europe/Paris");
  expect(note.hidden).toBe(true);
});
