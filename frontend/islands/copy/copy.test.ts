import { afterEach, expect, test, vi } from "vitest";
import { copyFrom } from "./index.ts";

const written = vi.fn();

function show(write: (text: string) => Promise<void>): HTMLElement {
  vi.stubGlobal("navigator", { clipboard: { writeText: write } });
  document.body.innerHTML = `<input id="address" readonly value="https://clinic.example/feeds/x.ics">
    <div><button data-copy="address" hidden>Copy</button><span data-copied="Copied"></span></div>`;
  return document.querySelector("button") as HTMLElement;
}

afterEach(() => {
  vi.unstubAllGlobals();
  written.mockReset();
});

test("the field's text is on the clipboard, and the page says so", async () => {
  const button = show(async (text) => {
    written(text);
  });
  await copyFrom(button);
  expect(written).toHaveBeenCalledWith("https://clinic.example/feeds/x.ics");
  expect(document.querySelector("[data-copied]")?.textContent).toBe("Copied");
});

test("a browser that refuses leaves the text selected", async () => {
  const button = show(() => Promise.reject(new Error("refused")));
  await copyFrom(button);
  const field = document.querySelector("input") as HTMLInputElement;
  expect([field.selectionStart, field.selectionEnd]).toEqual([0, field.value.length]);
  expect(document.querySelector("[data-copied]")?.textContent).toBe("");
});

test("the button shows only where it works", async () => {
  const button = show(async () => undefined);
  await new Promise((resolve) => setTimeout(resolve));
  expect(button.hidden).toBe(false);
});
