import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startDragging } from "./drag.ts";
import { startCards, startSearch, startUndo } from "./index.ts";
import { clicked, dropAt, fill, hourOf, snap, stretch, withQuery, written } from "./places.ts";

const NINE = Date.parse("2026-03-04T08:00:00Z"); // in Lyon
const doctor = { first: NINE, length: 540, practitioner: "bruno", resource: "", whom: "Dr Bruno" };
const room = { first: NINE, length: 540, practitioner: "", resource: "room-1", whom: "Room 1" };

describe("places", () => {
  test.each([
    [0, 0],
    [2.4, 0],
    [2.6, 5],
    [-3, -5],
  ])("%d minutes snap to %d", (minutes, snapped) => {
    expect(snap(minutes)).toBe(snapped);
  });

  test("a piece that begins after its appointment moves it by as much", () => {
    // The doctor comes an hour after the numbing began.
    const piece = { top: 120, length: 35, lead: -60, practitioner: "bruno" };
    const drop = dropAt(piece, doctor, 181);
    expect(drop.top).toBe(180);
    expect(new Date(drop.start).toISOString()).toBe("2026-03-04T10:00:00.000Z");
  });

  test("a room's column asks for the room and keeps the practitioner", () => {
    const piece = { top: 0, length: 30, lead: 0, practitioner: "bruno" };
    expect(dropAt(piece, room, 60).practitioner).toBe("bruno");
    expect(dropAt(piece, room, 60).resource).toBe("room-1");
    expect(dropAt(piece, doctor, 60).resource).toBe("");
    expect(dropAt(piece, { ...doctor, practitioner: "paula" }, 60).practitioner).toBe("paula");
  });

  test("nothing is dropped beyond the column", () => {
    const piece = { top: 0, length: 30, lead: 0, practitioner: "" };
    expect(dropAt(piece, room, -200).top).toBe(0);
    expect(dropAt(piece, room, 9999).top).toBe(510);
    expect(dropAt({ ...piece, length: 999 }, room, 60).top).toBe(0);
  });

  test("a stretch is dragged either way, within the free time", () => {
    const free = { top: 60, length: 120 };
    expect(stretch(72, 98, free)).toEqual({ top: 70, length: 30 });
    expect(stretch(98, 72, free)).toEqual({ top: 70, length: 30 });
    expect(stretch(100, 999, free)).toEqual({ top: 100, length: 80 });
    expect(stretch(100, -999, free)).toEqual({ top: 60, length: 40 });
    expect(stretch(72, 72, free).length).toBe(5);
  });

  test.each([
    [72, 70],
    [0, 60],
    [500, 175],
  ])("a click at %d means %d", (minutes, start) => {
    expect(clicked(minutes, { top: 60, length: 120 })).toBe(start);
  });

  test("hours are the site's, wherever the browser is", () => {
    expect(hourOf(NINE, "Europe/Paris")).toBe("09:00");
    expect(hourOf(NINE, "America/Cayenne")).toBe("05:00");
    expect(written(NINE, "Europe/Paris", "fr")).toBe("mercredi 4 mars à 09:00");
    // The night of the change: two instants read the same.
    const twice = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"].map((at) => Date.parse(at));
    expect(twice.map((at) => hourOf(at, "Europe/Paris"))).toEqual(["02:30", "02:30"]);
  });

  test("sentences and addresses are filled in", () => {
    expect(fill("Now: {when}, {whom}{x}", { when: "nine", whom: "$1" })).toBe("Now: nine, $1{x}");
    expect(withQuery("/a/?b=1&start=2#c", { start: "3 4" })).toBe("/a/?b=1&start=3+4#c");
  });
});

const PAGE = `
  <div data-agenda data-zone="Europe/Paris" data-here="/x">
    <section data-column data-first="2026-03-04T08:00:00Z" data-length="540" data-practitioner="bruno" data-whom="Dr Bruno">
      <div data-track>
        <a href="/card/" id="block" style="--length:30" data-block data-appointment="7" data-move="/move/" data-version="3"
          data-start="2026-03-04T09:00:00Z" data-top="60" data-lead="0" data-name="Anna" data-practitioner="bruno" data-whom="Dr Bruno">Anna</a>
        <a href="/book/?start=x" id="free" data-free data-top="120" data-length="120" data-block-href="/block/?what=bruno">free</a>
      </div>
    </section>
    <section data-column data-first="2026-03-04T08:00:00Z" data-length="540" data-practitioner="" data-resource="room-1" data-whom="Room 1"><div data-track id="room"></div></section>
  </div>
  <dialog data-agenda-drop data-zone="Europe/Paris" data-to="To: {when}, {whom}" data-room="To: {when}, {whom}, in {room}" data-from="Now: {when}, {whom}">
    <form method="post"><p data-drop-name></p><p data-drop-from></p><p data-drop-to></p>
      <label data-drop-tell>Tell</label>
      <input name="start"><input name="practitioner"><input name="resource"><input name="version"></form>
  </dialog>
  <dialog data-agenda-card></dialog>`;

function element(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (!found) {
    throw new Error(selector);
  }
  return found;
}

function point(target: EventTarget, kind: string, y: number, more: object = {}): void {
  const place = { bubbles: true, clientX: 50, clientY: y, button: 0, pointerType: "mouse" };
  target.dispatchEvent(new PointerEvent(kind, { ...place, ...more }));
}

describe("dragging", () => {
  const assign = vi.fn();
  beforeEach(() => {
    document.documentElement.lang = "en";
    document.body.innerHTML = PAGE;
    // One pixel is one minute.
    element("[data-track]").getBoundingClientRect = () => new DOMRect(0, 0, 100, 540);
    element("#room").getBoundingClientRect = () => new DOMRect(100, 0, 100, 540);
    vi.spyOn(location, "assign").mockImplementation(assign);
    startDragging(element("[data-agenda]"));
  });
  afterEach(() => {
    assign.mockReset();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  test("asks, with everything that the server needs, and moves nothing itself", () => {
    const block = element("#block");
    point(block, "pointerdown", 70);
    point(document, "pointermove", 90);
    point(document, "pointermove", 168);
    expect(element(".agenda-ghost").textContent).toBe("11:40 Anna");
    expect(block.classList.contains("is-lifted")).toBe(true);
    point(document, "pointerup", 168);
    expect(document.querySelector(".agenda-ghost")).toBeNull();
    expect(block.classList.contains("is-lifted")).toBe(false);
    const dialog = element("dialog[data-agenda-drop]") as HTMLDialogElement;
    expect(dialog.open).toBe(true);
    const form = element("form") as HTMLFormElement;
    expect(new URL(form.action).pathname).toBe("/move/");
    expect(Object.fromEntries(new FormData(form))).toEqual({
      start: "2026-03-04T10:40:00.000Z",
      practitioner: "bruno",
      resource: "",
      version: "3",
    });
    expect(element("[data-drop-to]").textContent).toContain("11:40");
  });

  test("dropped on a room at the same time, that room is asked for and nobody is told", () => {
    point(element("#block"), "pointerdown", 70);
    point(document, "pointermove", 90);
    point(document, "pointermove", 70, { clientX: 150 });
    point(document, "pointerup", 70, { clientX: 150 });
    expect((element("dialog[data-agenda-drop]") as HTMLDialogElement).open).toBe(true);
    expect(Object.fromEntries(new FormData(element("form") as HTMLFormElement))).toEqual({
      start: "2026-03-04T09:00:00.000Z",
      practitioner: "bruno",
      resource: "room-1",
      version: "3",
    });
    expect(element("[data-drop-to]").textContent).toContain("Dr Bruno, in Room 1");
    expect(element("[data-drop-tell]").hidden).toBe(true);
  });

  test("a click is no drag, nor is coming back to the same place", () => {
    const dialog = element("dialog[data-agenda-drop]") as HTMLDialogElement;
    point(element("#block"), "pointerdown", 70);
    point(document, "pointermove", 72);
    point(document, "pointerup", 72);
    point(element("#block"), "pointerdown", 70);
    point(document, "pointermove", 100);
    point(document, "pointermove", 71);
    point(document, "pointerup", 71);
    expect(dialog.open).toBe(false);
  });

  test("Escape leaves everything where it was", () => {
    point(element("#block"), "pointerdown", 70);
    point(document, "pointermove", 150);
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    expect(document.querySelector(".agenda-ghost")).toBeNull();
    point(document, "pointerup", 150);
    expect((element("dialog[data-agenda-drop]") as HTMLDialogElement).open).toBe(false);
  });

  test("a finger that moves at once scrolls; held, it lifts", () => {
    vi.useFakeTimers();
    const touch = { pointerType: "touch" };
    point(element("#block"), "pointerdown", 70, touch);
    point(document, "pointermove", 120, touch);
    vi.advanceTimersByTime(1000);
    expect(document.querySelector(".agenda-ghost")).toBeNull();
    point(element("#block"), "pointerdown", 70, touch);
    vi.advanceTimersByTime(400);
    point(document, "pointermove", 130, touch);
    expect(document.querySelector(".agenda-ghost")).not.toBeNull();
    point(document, "pointercancel", 130, touch);
    expect(document.querySelector(".agenda-ghost")).toBeNull();
  });

  test("free time is booked where it was clicked", () => {
    const click = { bubbles: true, cancelable: true, clientX: 50, clientY: 183, detail: 1 };
    element("#free").dispatchEvent(new MouseEvent("click", click));
    expect(assign).toHaveBeenCalledWith("/book/?start=2026-03-04T11%3A00%3A00.000Z");
  });

  test("free time that was dragged over is blocked", () => {
    point(element("#free"), "pointerdown", 130);
    point(document, "pointermove", 162);
    expect(element(".agenda-selection").textContent).toBe("11:10–11:45");
    point(document, "pointerup", 162);
    const address = new URL(assign.mock.calls[0]?.[0] ?? "", "http://here.invalid");
    expect(Object.fromEntries(address.searchParams)).toEqual({
      what: "bruno",
      start: "2026-03-04T10:10:00.000Z",
      end: "2026-03-04T10:45:00.000Z",
    });
  });
});

test("a card opens over the agenda and gives the focus back", async () => {
  document.body.innerHTML = PAGE;
  const answer = new Response("<p>Anna’s card</p>");
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue(answer));
  startCards(element("[data-agenda]"));
  element("#block").click();
  const dialog = element("dialog[data-agenda-card]") as HTMLDialogElement;
  await vi.waitFor(() => expect(dialog.open).toBe(true));
  expect(dialog.textContent).toBe("Anna’s card");
  dialog.close();
  expect(document.activeElement).toBe(element("#block"));
  vi.unstubAllGlobals();
});

test("searching waits for a pause, and shows the last answer", async () => {
  vi.useFakeTimers();
  document.body.innerHTML =
    '<input data-href="/found/" data-to="/book/"><div data-agenda-found></div>';
  const asked = vi.fn().mockImplementation(async (address: string) => new Response(address));
  vi.stubGlobal("fetch", asked);
  const field = element("input") as HTMLInputElement;
  startSearch(field);
  for (const typed of ["l", "le", "lef"]) {
    field.value = typed;
    field.dispatchEvent(new Event("input"));
  }
  await vi.advanceTimersByTimeAsync(200);
  expect(asked).toHaveBeenCalledTimes(1);
  expect(element("[data-agenda-found]").textContent).toBe("/found/?q=lef&to=%2Fbook%2F");
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("the offer to put back goes when its time is over", () => {
  vi.useFakeTimers();
  document.body.innerHTML =
    '<div id="undo" data-now="2026-03-04T09:00:00Z" data-until="2026-03-04T09:00:20Z"></div>';
  startUndo(element("#undo"));
  vi.advanceTimersByTime(19_000);
  expect(document.querySelector("#undo")).not.toBeNull();
  vi.advanceTimersByTime(2000);
  expect(document.querySelector("#undo")).toBeNull();
  vi.useRealTimers();
});
