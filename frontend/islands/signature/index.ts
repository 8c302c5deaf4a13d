// A pad to sign on with a finger, a pen or a mouse. What is posted is an SVG path, small and
// sharp at any size; the typed name below works for everybody, and without this script.
import { mount } from "../../lib/mount.ts";

export type Point = readonly [x: number, y: number];

/** Return SVG path data for strokes; a stroke of a single point becomes a dot. */
export function pathOf(strokes: readonly (readonly Point[])[]): string {
  const round = (value: number) => Math.round(value * 10) / 10;
  return strokes
    .filter((stroke) => stroke.length > 0)
    .map((stroke) => {
      const points = stroke.length === 1 ? [...stroke, ...stroke] : stroke;
      return points
        .map(([x, y], index) => `${index === 0 ? "M" : "L"}${round(x)} ${round(y)}`)
        .join("");
    })
    .join("");
}

/** Return the strokes of path data that `pathOf` made: what a form that came back still holds. */
export function strokesOf(path: string): Point[][] {
  return path
    .split("M")
    .slice(1)
    .map((stroke) =>
      stroke.split("L").map((pair) => {
        const [x = 0, y = 0] = pair.split(" ").map(Number);
        return [x, y] as const;
      }),
    );
}

/** Make one pad draw, keep its strokes and write them into the form. */
export function startPad(root: HTMLElement): void {
  const pad = root.querySelector<HTMLElement>("[data-signature-pad]");
  const canvas = root.querySelector("canvas");
  const value = root.querySelector<HTMLInputElement>("[data-signature-value]");
  const pen = canvas?.getContext("2d");
  if (!pad || !canvas || !value || !pen) {
    return;
  }
  pad.hidden = false;
  let strokes = strokesOf(value.value);

  const place = (event: PointerEvent): Point => {
    const box = canvas.getBoundingClientRect();
    // A stroke may leave the pad; what is drawn stays at its edge.
    const onPad = (offset: number, shown: number, length: number) =>
      Math.min(length, Math.max(0, offset * (shown > 0 ? length / shown : 1)));
    return [
      onPad(event.clientX - box.left, box.width, canvas.width),
      onPad(event.clientY - box.top, box.height, canvas.height),
    ];
  };
  const draw = () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.lineWidth = 3;
    pen.lineCap = "round";
    pen.lineJoin = "round";
    pen.strokeStyle = getComputedStyle(pad).color || "#000";
    pen.stroke(new Path2D(pathOf(strokes)));
  };
  const write = () => {
    value.value = pathOf(strokes);
    value.dispatchEvent(new Event("change", { bubbles: true }));
  };

  draw();
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    strokes.push([place(event)]);
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) {
      strokes.at(-1)?.push(place(event));
      draw();
    }
  });
  canvas.addEventListener("pointerup", write);
  canvas.addEventListener("pointercancel", write);
  root.querySelector("[data-signature-clear]")?.addEventListener("click", () => {
    strokes = [];
    draw();
    write();
  });
}

mount("[data-signature]", startPad);
