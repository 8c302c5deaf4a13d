import { expect, test, vi } from "vitest";
import { sendByKeys } from "./index.ts";

function formWith(inside: string): { form: HTMLFormElement; sent: () => number } {
  document.body.innerHTML = `<form>${inside}</form>`;
  const form = document.querySelector("form") as HTMLFormElement;
  const sending = vi.spyOn(form, "requestSubmit").mockImplementation(() => {});
  sendByKeys(form);
  return { form, sent: () => sending.mock.calls.length };
}

function press(form: HTMLFormElement, keys: KeyboardEventInit): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...keys });
  (form.querySelector("textarea") as HTMLElement).dispatchEvent(event);
  return event;
}

test.each([{ ctrlKey: true }, { metaKey: true }])("Enter with %o sends the form", (held) => {
  const { form, sent } = formWith("<textarea></textarea>");
  const event = press(form, { key: "Enter", ...held });
  expect(sent()).toBe(1);
  expect(event.defaultPrevented).toBe(true);
});

test.each([
  { key: "Enter" },
  { key: "Enter", shiftKey: true },
  { key: "s", ctrlKey: true },
  { key: "Enter", ctrlKey: true, repeat: true },
])("%o sends nothing", (keys) => {
  const { form, sent } = formWith("<textarea></textarea>");
  expect(press(form, keys).defaultPrevented).toBe(false);
  expect(sent()).toBe(0);
});
