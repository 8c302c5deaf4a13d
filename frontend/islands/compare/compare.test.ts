import { beforeEach, expect, test, vi } from "vitest";
import { enlarge, follow } from "./index.ts";

const clicked = vi.fn();

beforeEach(() => {
  clicked.mockReset();
  document.body.innerHTML = `<a data-arrow="ArrowRight" href="#later">Later</a>
    <a data-arrow="Shift+ArrowRight" href="#left">Later</a><input id="text">
    <div class="photo-pair" data-compare><a class="photo-frame" href="#photo"><img alt=""></a></div>
    <input id="zoom" type="range" min="1" max="5" step="0.25" value="1">`;
  for (const link of document.querySelectorAll("a")) {
    link.addEventListener("click", (event) => {
      if (!event.defaultPrevented) {
        clicked(link.getAttribute("href"));
      }
      event.preventDefault();
    });
  }
});

function press(key: string, options: KeyboardEventInit = {}, target: EventTarget = document.body) {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, ...options });
  Object.defineProperty(event, "target", { value: target });
  follow(event);
}

test("arrow keys turn the photo on their side", () => {
  press("ArrowRight");
  press("ArrowRight", { shiftKey: true });
  press("ArrowLeft");
  expect(clicked.mock.calls).toEqual([["#later"], ["#left"]]);
});

test("arrow keys stay the browser's and the field's own", () => {
  press("ArrowRight", { altKey: true });
  press("ArrowRight", {}, document.querySelector("#text") as Element);
  expect(clicked).not.toHaveBeenCalled();
});

test("one control enlarges both, a drag moves both, and then opens nothing", () => {
  const pair = document.querySelector<HTMLElement>("[data-compare]") as HTMLElement;
  const zoom = document.querySelector<HTMLInputElement>("#zoom") as HTMLInputElement;
  enlarge(pair, zoom);
  zoom.value = "2";
  zoom.dispatchEvent(new Event("input"));
  expect(pair.style.getPropertyValue("--larger")).toBe("2");

  const frame = pair.querySelector("a") as HTMLElement;
  frame.dispatchEvent(new MouseEvent("pointerdown", { clientX: 10, clientY: 10, bubbles: true }));
  window.dispatchEvent(new MouseEvent("pointermove", { clientX: 25, clientY: 4 }));
  window.dispatchEvent(new MouseEvent("pointerup"));
  expect(pair.style.getPropertyValue("--across")).toBe("15px");
  expect(pair.style.getPropertyValue("--down")).toBe("-6px");

  const click = new MouseEvent("click", { bubbles: true, cancelable: true });
  pair.querySelector("img")?.dispatchEvent(click);
  expect(click.defaultPrevented).toBe(true);

  zoom.value = "1";
  zoom.dispatchEvent(new Event("input"));
  expect(pair.style.getPropertyValue("--across")).toBe("0px");
});
