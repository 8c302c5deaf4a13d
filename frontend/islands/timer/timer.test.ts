import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { describeLeft, shareLeft, startTimer } from "./index.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime("2026-03-29T00:30:00Z");
});
afterEach(() => {
  vi.useRealTimers();
});

test.each([
  [3_909_000, "1:05:09"],
  [245_000, "4:05"],
  [244_001, "4:05"],
  [1, "0:01"],
  [0, "0:00"],
  [-5000, "0:00"],
])("%i milliseconds read %s", (milliseconds, words) => {
  expect(describeLeft(milliseconds)).toBe(words);
});

test("the share left never leaves 0 to 1", () => {
  expect(shareLeft(0, 100, -50)).toBe(1);
  expect(shareLeft(0, 100, 25)).toBe(0.75);
  expect(shareLeft(0, 100, 900)).toBe(0);
  expect(shareLeft(100, 100, 100)).toBe(0);
});

function timerUntil(due: string): HTMLElement {
  document.body.innerHTML = `<div data-due="${due}" data-started="2026-03-29T00:30:00Z" data-done="Over">
    <p data-timer-left>until 03:40</p><p data-timer-status></p></div>`;
  return document.body.firstElementChild as HTMLElement;
}

test("it counts to the instant across the clock change, announces, and says when it is over", () => {
  const element = timerUntil("2026-03-29T03:40:00+02:00"); // 70 minutes later
  const over = vi.fn();
  element.addEventListener("timer:over", over);
  startTimer(element);
  expect(element.querySelector("[data-timer-left]")?.textContent).toBe("1:10:00");
  vi.advanceTimersByTime(40 * 60_000);
  expect(element.querySelector("[data-timer-status]")?.textContent).toBe("30:00");
  vi.advanceTimersByTime(30 * 60_000);
  expect(element.querySelector("[data-timer-left]")?.textContent).toBe("Over");
  vi.advanceTimersByTime(60_000);
  expect(over).toHaveBeenCalledTimes(1);
});

test("an instant that has passed is over at once, as after a reload", () => {
  const element = timerUntil("2026-03-29T00:00:00Z");
  startTimer(element);
  expect(element.classList.contains("is-over")).toBe(true);
});

test("an unreadable instant leaves the page's own words", () => {
  const element = timerUntil("soon");
  startTimer(element);
  expect(element.querySelector("[data-timer-left]")?.textContent).toBe("until 03:40");
});

test("a clock that is ahead in the page decides, not the tablet's own", () => {
  const element = timerUntil("2026-04-02T10:00:00Z");
  element.dataset.now = "2026-04-02T09:59:00Z";
  startTimer(element);
  expect(element.querySelector("[data-timer-left]")?.textContent).toBe("1:00");
  vi.advanceTimersByTime(60_000);
  expect(element.classList.contains("is-over")).toBe(true);
});
