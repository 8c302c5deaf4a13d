// A countdown to an instant. The instant is in the page, so a reload or a crash changes nothing;
// without this script the page says until when to wait.
import { mount } from "../../lib/mount.ts";

const ANNOUNCED_MINUTES = [30, 20, 10, 5, 1];

/** Say how long is left: "1:05:09", "4:05", "0:00" once the time has come. */
export function describeLeft(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const padded = (value: number) => String(value).padStart(2, "0");
  return hours > 0
    ? `${hours}:${padded(minutes)}:${padded(seconds % 60)}`
    : `${minutes}:${padded(seconds % 60)}`;
}

/** Say which part of the wait is left, from 1 (all) to 0. */
export function shareLeft(started: number, due: number, now: number): number {
  return due <= started ? 0 : Math.min(1, Math.max(0, (due - now) / (due - started)));
}

/** Start one countdown; it stops by itself when the time has come or the element is gone. */
export function startTimer(element: HTMLElement): void {
  const due = Date.parse(element.dataset.due ?? "");
  const left = element.querySelector<HTMLElement>("[data-timer-left]");
  if (Number.isNaN(due) || !left) {
    return;
  }
  // The clinic's clock decides: a tablet's own may be wrong, and a demo's is set.
  const ahead = (Date.parse(element.dataset.now ?? "") || Date.now()) - Date.now();
  const started = Date.parse(element.dataset.started ?? "") || Date.now() + ahead;
  const status = element.querySelector<HTMLElement>("[data-timer-status]");
  let announced = Number.POSITIVE_INFINITY;

  const tick = () => {
    const now = Date.now() + ahead;
    const over = now >= due;
    left.textContent = over ? (element.dataset.done ?? "0:00") : describeLeft(due - now);
    element.style.setProperty("--progress", String(over ? 1 : shareLeft(started, due, now)));
    element.classList.toggle("is-over", over);
    const minutes = Math.ceil((due - now) / 60_000);
    if (status && (over || (ANNOUNCED_MINUTES.includes(minutes) && minutes < announced))) {
      announced = minutes;
      status.textContent = over ? (element.dataset.done ?? "") : describeLeft(due - now);
    }
    if (over) {
      element.dispatchEvent(new CustomEvent("timer:over", { bubbles: true }));
    }
    if (over || !element.isConnected) {
      clearInterval(timer);
    }
  };
  const timer = setInterval(tick, 1000);
  tick();
}

mount("[data-timer]", startTimer);
