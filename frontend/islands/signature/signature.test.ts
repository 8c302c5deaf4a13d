import { beforeEach, expect, test, vi } from "vitest";
import { pathOf, startPad, strokesOf } from "./index.ts";

test("strokes become one path; a dot stays visible", () => {
  expect(
    pathOf([
      [
        [1, 2],
        [3.1482, 4],
      ],
      [[5, 5]],
      [],
    ]),
  ).toBe("M1 2L3.1 4M5 5L5 5");
  expect(pathOf([])).toBe("");
});

const pen = { clearRect: vi.fn(), stroke: vi.fn() };

beforeEach(() => {
  vi.stubGlobal("Path2D", class {});
  document.body.innerHTML = `<fieldset><div data-signature-pad hidden><canvas width="640" height="220"></canvas>
    <button type="button" data-signature-clear></button></div><input type="hidden" data-signature-value></fieldset>`;
  const canvas = document.querySelector("canvas") as HTMLCanvasElement;
  const captured = new Set<number>();
  Object.assign(canvas, {
    getContext: () => pen,
    setPointerCapture: (id: number) => captured.add(id),
    hasPointerCapture: (id: number) => captured.has(id),
    getBoundingClientRect: () => ({ left: 10, top: 20, width: 320, height: 110 }),
  });
});

function point(kind: string, x: number, y: number): void {
  document
    .querySelector("canvas")
    ?.dispatchEvent(new PointerEvent(kind, { clientX: x, clientY: y, pointerId: 1 }));
}

test("drawing fills the form's value in the canvas's own measures, clearing empties it", () => {
  const root = document.querySelector("fieldset") as HTMLElement;
  const value = root.querySelector("input") as HTMLInputElement;
  startPad(root);
  expect(root.querySelector<HTMLElement>("[data-signature-pad]")?.hidden).toBe(false);
  point("pointerdown", 20, 30);
  point("pointermove", 60, 70);
  point("pointerup", 60, 70);
  expect(value.value).toBe("M20 20L100 100");
  root.querySelector("button")?.click();
  expect(value.value).toBe("");
});

test("a form that came back draws its signature again, and adds to it", () => {
  const root = document.querySelector("fieldset") as HTMLElement;
  const value = root.querySelector("input") as HTMLInputElement;
  value.value = "M1 2L3.1 4";
  expect(pathOf(strokesOf(value.value))).toBe(value.value);
  startPad(root);
  point("pointerdown", 20, 30);
  point("pointerup", 20, 30);
  expect(value.value).toBe("M1 2L3.1 4M20 20L20 20");
});

test("a stroke that leaves the pad stays at its edge", () => {
  const root = document.querySelector("fieldset") as HTMLElement;
  const value = root.querySelector("input") as HTMLInputElement;
  startPad(root);
  point("pointerdown", 20, 30);
  point("pointermove", 900, -5);
  point("pointerup", 900, -5);
  expect(value.value).toBe("M20 20L640 0");
});

test("without a canvas the typed name remains, and the pad stays hidden", () => {
  const root = document.querySelector("fieldset") as HTMLElement;
  Object.assign(root.querySelector("canvas") as HTMLCanvasElement, { getContext: () => null });
  startPad(root);
  expect(root.querySelector<HTMLElement>("[data-signature-pad]")?.hidden).toBe(true);
});
