import { beforeEach, expect, test, vi } from "vitest";

const root = document.documentElement;

beforeEach(async () => {
  localStorage.clear();
  delete root.dataset.theme;
  delete root.dataset.themeChoice;
  document.body.innerHTML =
    '<button data-theme-switch hidden data-auto="Auto" data-light="Light" data-dark="Dark"></button>';
});

async function load(): Promise<HTMLElement> {
  vi.resetModules();
  await import("./index.ts");
  const button = document.querySelector<HTMLElement>("button");
  if (!button) throw new Error("the page has a switch");
  return button;
}

test("a remembered choice is applied at once, and the switch says which", async () => {
  localStorage.setItem("aiguille-theme", "dark");
  const button = await load();
  expect(root.dataset.theme).toBe("dusk");
  expect(button.hidden).toBe(false);
  expect(button.getAttribute("aria-label")).toBe("Dark");
});

test("without a choice the device decides", async () => {
  await load();
  expect(root.dataset.theme).toBeUndefined();
});

test("an unknown stored value is the device's theme", async () => {
  localStorage.setItem("aiguille-theme", "sepia");
  const button = await load();
  expect(root.dataset.theme).toBeUndefined();
  expect(button.dataset.state).toBe("auto");
});
