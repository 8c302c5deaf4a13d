// Where things are in the agenda, in minutes from the top of a column; no element is touched here.

export const STEP = 5;

export interface Column {
  /** The instant at the column's top, in milliseconds. */
  readonly first: number;
  /** Its length in minutes. */
  readonly length: number;
  readonly practitioner: string;
  /** The key of a room or a device, empty for a practitioner. */
  readonly resource: string;
  readonly whom: string;
}

export interface Block {
  readonly top: number;
  readonly length: number;
  /** From the block's top to the appointment's start: a room may be held before it. */
  readonly lead: number;
  readonly practitioner: string;
}

export interface Drop {
  readonly top: number;
  readonly start: number;
  readonly practitioner: string;
  readonly resource: string;
}

/** Round to the clinic's five minutes. */
export function snap(minutes: number): number {
  return Math.round(minutes / STEP) * STEP;
}

/** Say what dropping a block means when its top is `minutes` below a column's top. */
export function dropAt(block: Block, column: Column, minutes: number): Drop {
  const most = Math.max(0, column.length - block.length);
  const top = Math.min(Math.max(snap(minutes), 0), most);
  return {
    top,
    start: column.first + (top + block.lead) * 60_000,
    practitioner: column.practitioner || block.practitioner,
    // Over the column of a room or a device, that one is asked for; the others are chosen anew.
    resource: column.resource,
  };
}

/** Say which stretch of free time was dragged over, from one minute to another, within bounds. */
export function stretch(
  from: number,
  to: number,
  free: { readonly top: number; readonly length: number },
): { readonly top: number; readonly length: number } {
  const end = free.top + free.length;
  const low = Math.max(free.top, Math.floor(Math.min(from, to) / STEP) * STEP);
  const high = Math.min(end, Math.ceil(Math.max(from, to) / STEP) * STEP);
  return { top: low, length: Math.max(STEP, high - low) };
}

/** Say which start a click on free time means: the five minutes that it lies in. */
export function clicked(minutes: number, free: { readonly top: number; readonly length: number }) {
  const last = free.top + Math.max(0, free.length - STEP);
  return Math.min(Math.max(Math.floor(minutes / STEP) * STEP, free.top), last);
}

/** Fill the words of a sentence: "{when}, {whom}". */
export function fill(sentence: string, words: Readonly<Record<string, string>>): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => words[name] ?? whole);
}

/** Write an instant as the site's walls show it. */
export function written(instant: number, zone: string, language: string): string {
  return new Intl.DateTimeFormat(language, {
    weekday: "long",
    day: "numeric",
    month: "long",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: zone,
  }).format(instant);
}

/** Write only the hour. */
export function hourOf(instant: number, zone: string): string {
  return new Intl.DateTimeFormat("fr", {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: zone,
  }).format(instant);
}

/** Replace or add parts of an address's query. */
export function withQuery(address: string, parts: Readonly<Record<string, string>>): string {
  const url = new URL(address, "http://here.invalid");
  for (const [name, value] of Object.entries(parts)) {
    url.searchParams.set(name, value);
  }
  return `${url.pathname}${url.search}${url.hash}`;
}
