// Says that the clinic's clock shows another hour than the reader's, where it does. The times on the
// page are the clinic's; without this script the page says nothing of other clocks.
import { mount } from "../../lib/mount.ts";

/** Return how many minutes a zone is ahead of UTC at an instant. */
export function minutesAhead(zone: string, at: Date): number {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  }).formatToParts(at);
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(read("year"), read("month") - 1, read("day"), read("hour"), read("minute"));
  return Math.round((wall - at.getTime()) / 60_000);
}

/** Write an hour of a zone, with its weekday where the other zone has another date. */
export function hourIn(zone: string, other: string, at: Date, language: string): string {
  const day = (name: string) =>
    new Intl.DateTimeFormat("en", { timeZone: name, dateStyle: "short" }).format(at);
  const time = new Intl.DateTimeFormat(language, {
    timeZone: zone,
    hourCycle: "h23",
    hour: "2-digit",
    minute: "2-digit",
  }).format(at);
  if (day(zone) === day(other)) {
    return time;
  }
  const weekday = new Intl.DateTimeFormat(language, { timeZone: zone, weekday: "long" }).format(at);
  return `${weekday} ${time}`;
}

/** Fill one note and show it, where the two clocks differ at the instant. */
export function tellZone(
  note: HTMLElement,
  here: string = new Intl.DateTimeFormat().resolvedOptions().timeZone,
): void {
  const there = note.dataset.zone ?? "";
  const at = new Date(note.dataset.at || Date.now());
  const language = note.closest("[lang]")?.getAttribute("lang") || "fr";
  let ahead: number;
  try {
    ahead = minutesAhead(there, at);
  } catch {
    return; // a zone that this browser does not know
  }
  if (ahead === minutesAhead(here, at)) {
    return;
  }
  const name = new Intl.DateTimeFormat(language, { timeZone: there, timeZoneName: "long" })
    .formatToParts(at)
    .find((part) => part.type === "timeZoneName")?.value;
  note.textContent = (note.dataset.text ?? "")
    .replace("{zone}", name ?? there)
    .replace("{there}", hourIn(there, here, at, language))
    .replace("{here}", hourIn(here, there, at, language));
  note.hidden = false;
}

mount("[data-zone]", tellZone);
