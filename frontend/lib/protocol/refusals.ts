// Why an event is refused: a stable code, and a text in both languages from the machine.
import type { Machine, Text } from "./machine.ts";
import type { Decision } from "./world.ts";

/** An event that may not happen; with `canAcknowledge`, a reason lets the same event pass. */
export interface Refused {
  readonly guard: string;
  readonly text: Text;
  readonly field: string;
  readonly step: string;
  readonly decision: Decision;
  readonly canAcknowledge: boolean;
  readonly rules: readonly string[];
}

export interface Where {
  readonly field?: string;
  readonly step?: string;
}

export type Names = Readonly<Record<string, string | Text>>;

/** Return a refusal by its code, the `{names}` of its text filled in, each in its language. */
export function refuse(
  machine: Machine,
  code: string,
  { field = "", step = "" }: Where = {},
  names: Names = {},
): Refused {
  const text = machine.refusals[code];
  if (text === undefined) {
    throw new TypeError(`the machine has no text for the refusal ${code}`);
  }
  return {
    guard: code,
    text: { fr: fill(text.fr, "fr", names), en: fill(text.en, "en", names) },
    field,
    step,
    decision: "BLOCK",
    canAcknowledge: false,
    rules: [],
  };
}

function fill(text: string, language: keyof Text, names: Names): string {
  return text.replace(/\{(\w+)\}/g, (_blank, name: string) => {
    const found = names[name] ?? "";
    return typeof found === "string" ? found : found[language];
  });
}
