// Reads what a step records, by the field's type and bounds.
import Big from "big.js";
import type { Condition, Field, Step } from "./machine.ts";
import { exact, exactOf, isDay, isoOf, readExact, readInstant } from "./numbers.ts";

/** A recorded value: decimals are exact, whole numbers plain, several values a list of words. */
export type Value = string | boolean | number | Big | readonly string[];
export type Values = ReadonlyMap<string, Value>;

/** What is wrong with a recorded value: a refusal's code and what its text names. */
export interface FieldFault {
  readonly field: string;
  readonly code: string;
  readonly detail: Readonly<Record<string, string>>;
}

/** Tell whether `values`, those of the condition's step, satisfy it. */
export function conditionHolds(condition: Condition, values: Values): boolean {
  const recorded = values.get(condition.field);
  if (Array.isArray(recorded)) {
    return recorded.some((each) => condition.values.includes(each));
  }
  return condition.values.some((each) => each === recorded);
}

/** Return the typed values of a step's fields, and every fault found on the way. */
export function readValues(
  step: Step,
  raw: Readonly<Record<string, unknown>>,
  at: number,
): { values: Map<string, Value>; faults: FieldFault[] } {
  const values = new Map<string, Value>();
  const faults: FieldFault[] = [];
  const known = step.fields.filter((field) => field.type !== "unit_scan");
  for (const key of Object.keys(raw)) {
    if (!known.some((field) => field.id === key)) {
      faults.push({ field: key, code: "field_unknown", detail: {} });
    }
  }
  for (const field of known) {
    const given = raw[field.id];
    const applies = field.when === null || conditionHolds(field.when, values);
    if (isNothing(given)) {
      if (applies && field.required) {
        faults.push({ field: field.id, code: "field_missing", detail: {} });
      }
    } else if (applies) {
      const read = readField(field, given, at);
      if (isFault(read)) {
        faults.push({ field: field.id, ...read });
      } else {
        values.set(field.id, read);
      }
    } else {
      faults.push({ field: field.id, code: "field_not_applicable", detail: {} });
    }
  }
  return { values, faults };
}

type Wrong = Pick<FieldFault, "code" | "detail">;

function isNothing(given: unknown): boolean {
  return (
    given === null ||
    given === undefined ||
    given === "" ||
    (Array.isArray(given) && given.length === 0)
  );
}

function isFault(read: Value | Wrong): read is Wrong {
  return typeof read === "object" && "code" in read;
}

function readField(field: Field, given: unknown, at: number): Value | Wrong {
  if (!field.many) {
    return readOne(field, given, at);
  }
  if (!Array.isArray(given)) {
    return wrongType(field);
  }
  const words: string[] = [];
  for (const each of given) {
    const read = readOne(field, each, at);
    if (isFault(read)) {
      return read;
    }
    words.push(read instanceof Big ? exact(read) : String(read));
  }
  return words;
}

function readOne(field: Field, given: unknown, at: number): Value | Wrong {
  switch (field.type) {
    case "boolean":
      return typeof given === "boolean" ? given : wrongType(field);
    case "integer":
      return typeof given === "number" && Number.isSafeInteger(given)
        ? (outside(field, new Big(given)) ?? given)
        : wrongType(field);
    case "decimal": {
      const number = readExact(given);
      return number === null ? wrongType(field) : (outside(field, number) ?? number);
    }
    case "instant": {
      const instant = readInstant(given);
      if (instant === null) {
        return wrongType(field);
      }
      return instant > at ? { code: "field_in_future", detail: {} } : isoOf(instant);
    }
    case "date":
      return isDay(given) ? given : wrongType(field);
    default:
      return typeof given === "string" ? readWords(field, given) : wrongType(field);
  }
}

function readWords(field: Field, given: string): Value | Wrong {
  if (field.type === "text") {
    // Characters are counted as the server counts them: by code point.
    return field.maximum !== null && exactOf(field.maximum).lt([...given].length)
      ? { code: "field_too_long", detail: { maximum: field.maximum } }
      : given;
  }
  return field.options.some((option) => option.value === given)
    ? given
    : { code: "field_choice", detail: { value: given } };
}

function outside(field: Field, number: Big): Wrong | null {
  if (field.minimum !== null && number.lt(exactOf(field.minimum))) {
    return { code: "field_below", detail: { minimum: `${field.minimum} ${field.unit}`.trim() } };
  }
  if (field.maximum !== null && number.gt(exactOf(field.maximum))) {
    return { code: "field_above", detail: { maximum: `${field.maximum} ${field.unit}`.trim() } };
  }
  return null;
}

function wrongType(field: Field): Wrong {
  return { code: "field_type", detail: { type: field.type } };
}
