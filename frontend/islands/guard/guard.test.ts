import { beforeEach, expect, test, vi } from "vitest";
import { guardForm } from "./index.ts";

let form: HTMLFormElement;

beforeEach(() => {
  document.body.innerHTML =
    '<form data-leaving="Not saved"><input name="a"><button>Save</button></form>';
  form = document.querySelector("form") as HTMLFormElement;
  guardForm(form);
});

const submit = () => form.dispatchEvent(new Event("submit", { cancelable: true }));
const leave = () => window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
const type = () =>
  form.querySelector("input")?.dispatchEvent(new Event("input", { bubbles: true }));

test("a second submit is stopped", () => {
  expect(submit()).toBe(true);
  expect(form.getAttribute("aria-busy")).toBe("true");
  expect(submit()).toBe(false);
});

test("after an answer by htmx the form may be sent again", () => {
  submit();
  form.dispatchEvent(new Event("htmx:finally:request", { bubbles: true }));
  expect(submit()).toBe(true);
});

test("a form that stays on the page, answered by a file, may be sent again", () => {
  vi.useFakeTimers();
  submit();
  vi.advanceTimersByTime(5000);
  expect(submit()).toBe(true);
  vi.useRealTimers();
});

test("leaving asks only when something was typed and not sent", () => {
  expect(leave()).toBe(true);
  type();
  expect(leave()).toBe(false);
  submit();
  expect(leave()).toBe(true);
});

test("a form that left the page no longer asks", () => {
  type();
  form.remove();
  expect(leave()).toBe(true);
});
