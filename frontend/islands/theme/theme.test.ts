import { beforeEach, expect, test, vi } from "vitest";

const root = document.documentElement;

beforeEach(() => {
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

// First, since every load adds a listener to the same document.
test("the switch goes round from the device's theme to light, to dark and back", async () => {
  const button = await load();
  const seen = [1, 2, 3].map(() => {
    button.click();
    return [root.dataset.theme, localStorage.getItem("aiguille-theme"), button.title];
  });
  expect(seen).toEqual([
    ["linen", "light", "Light"],
    ["dusk", "dark", "Dark"],
    [undefined, "auto", "Auto"],
  ]);
});

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
