// Exact numbers and instants, read and written as the server does.
import Big from "big.js";

Big.DP = 30;

const EXACT = /^-?[0-9]{1,12}(\.[0-9]{1,12})?$/;
const INSTANT =
  /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}:\d{2})$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Return the number that a string or a whole number writes in plain notation, or null. */
export function readExact(value: unknown): Big | null {
  if (typeof value === "number" ? Number.isSafeInteger(value) : typeof value === "string") {
    const text = String(value);
    return EXACT.test(text) ? new Big(text) : null;
  }
  return null;
}

/** Return a number that is known to be exact: of a compiled machine, or read before. */
export function exactOf(value: string | number): Big {
  const found = readExact(value);
  if (found === null) {
    throw new TypeError(`not an exact number: ${value}`);
  }
  return found;
}

/** Write a number without trailing zeros and without an exponent. */
export function exact(value: Big): string {
  const text = value.toFixed();
  return text === "-0" ? "0" : text;
}

/** Return the milliseconds since 1970 of an instant with its offset, or null. */
export function readInstant(value: unknown): number | null {
  const found = typeof value === "string" ? INSTANT.exec(value) : null;
  if (!found || !isDay(found[1])) {
    return null;
  }
  const [, day, hours, minutes, seconds = "00", fraction = "", offset = "Z"] = found;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) {
    return null;
  }
  const thousandths = fraction.padEnd(3, "0").slice(0, 3);
  const at = Date.parse(`${day}T${hours}:${minutes}:${seconds}.${thousandths}${offset}`);
  return Number.isNaN(at) ? null : at;
}

/** Tell whether a value is a day such as 2026-05-31. */
export function isDay(value: unknown): value is string {
  if (typeof value !== "string" || !DAY.test(value)) {
    return false;
  }
  const at = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(value);
}

/** Write an instant in UTC with an offset of numbers; its thousandths only where it has some. */
export function isoOf(at: number): string {
  const text = new Date(at).toISOString();
  return at % 1000 === 0 ? text.replace(".000Z", "+00:00") : text.replace("Z", "000+00:00");
}

/** Write an instant in UTC with the letter Z. */
export function zuluOf(at: number): string {
  return isoOf(at).replace("+00:00", "Z");
}

/** Return minutes to the hundredth, away from zero: a limit that is just passed is passed. */
export function minutesOf(milliseconds: number): Big {
  const hundredths = Math.ceil(Math.abs(milliseconds) / 600) * Math.sign(milliseconds);
  return new Big(hundredths).div(100);
}
