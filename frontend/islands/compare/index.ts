// Two photos side by side: arrow keys turn them, one control enlarges both, a drag moves both.
import { mount } from "../../lib/mount.ts";

const TYPED_IN = "input, select, textarea, [contenteditable]";

/** Follow the link that an arrow key stands for, with Shift where its name says so. */
export function follow(event: KeyboardEvent): void {
  const target = event.target;
  if (event.altKey || event.ctrlKey || event.metaKey) {
    return; // the browser's own
  }
  if (target instanceof Element && target.closest(TYPED_IN)) {
    return;
  }
  const named = (event.shiftKey ? "Shift+" : "") + event.key;
  const link = document.querySelector<HTMLAnchorElement>(`a[data-arrow="${CSS.escape(named)}"]`);
  if (link) {
    event.preventDefault();
    link.click();
  }
}

/** Let a control enlarge every photo of a pair alike, and a drag on one move all. */
export function enlarge(pair: HTMLElement, control: HTMLInputElement): void {
  let [across, down, from]: [number, number, PointerEvent | null] = [0, 0, null];
  let moved = false;
  const draw = () => {
    const larger = Number(control.value);
    pair.classList.toggle("is-enlarged", larger > 1);
    if (larger <= 1) {
      across = 0;
      down = 0;
    }
    pair.style.setProperty("--larger", String(larger));
    pair.style.setProperty("--across", `${across}px`);
    pair.style.setProperty("--down", `${down}px`);
  };
  control.addEventListener("input", draw);
  pair.addEventListener("dragstart", (event) => event.preventDefault());
  pair.addEventListener("pointerdown", (event) => {
    moved = false;
    from = pair.classList.contains("is-enlarged") ? event : null;
  });
  window.addEventListener("pointermove", (event) => {
    if (from) {
      across += event.clientX - from.clientX;
      down += event.clientY - from.clientY;
      from = event;
      moved = true;
      draw();
    }
  });
  window.addEventListener("pointerup", () => {
    from = null;
  });
  window.addEventListener("pointercancel", () => {
    from = null;
  });
  // A drag ends in a click on the photo's link, which nobody meant.
  pair.addEventListener("click", (event) => {
    if (moved && event.target instanceof Element && event.target.closest(".photo-frame")) {
      event.preventDefault();
    }
    moved = false;
  });
}

document.addEventListener("keydown", follow);
mount<HTMLElement>("[data-compare]", (pair) => {
  const row = document.querySelector<HTMLElement>("[data-zoom]");
  const control = row?.querySelector("input");
  if (row && control) {
    row.hidden = false;
    enlarge(pair, control);
  }
});
