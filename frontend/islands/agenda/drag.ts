// Dragging with the mouse, a pen or a finger. What was dropped goes to the server as a form that
// asks first; nothing moves on the page by itself, so a refusal leaves everything where it was.
import {
  type Block,
  type Column,
  clicked,
  type Drop,
  dropAt,
  fill,
  hourOf,
  stretch,
  withQuery,
  written,
} from "./places.ts";

const THRESHOLD = 6; // pixels before a press is a drag
const HELD = 350; // milliseconds before a finger lifts a block instead of scrolling

interface Lifted {
  readonly element: HTMLElement;
  readonly block: Block;
  readonly grip: number; // minutes from the block's top to the pointer
}

function columnOf(track: HTMLElement): Column {
  const {
    first = "",
    length = "0",
    practitioner = "",
    resource = "",
    whom = "",
  } = track.closest<HTMLElement>("[data-column]")?.dataset ?? {};
  return { first: Date.parse(first), length: Number(length), practitioner, resource, whom };
}

function minutesAt(track: HTMLElement, y: number): number {
  const box = track.getBoundingClientRect();
  return ((y - box.top) / box.height) * columnOf(track).length;
}

function trackAt(agenda: HTMLElement, x: number): HTMLElement | undefined {
  return [...agenda.querySelectorAll<HTMLElement>("[data-track]")].find((track) => {
    const box = track.getBoundingClientRect();
    return box.left <= x && x < box.right;
  });
}

function blockOf(element: HTMLElement): Block {
  const { top = "0", lead = "0", practitioner = "" } = element.dataset;
  const length = Number(element.style.getPropertyValue("--length"));
  return { top: Number(top), length, lead: Number(lead), practitioner };
}

/** Tell whether a column has a piece of the same appointment already. */
function isIn(track: HTMLElement, element: HTMLElement): boolean {
  const { appointment = "" } = element.dataset;
  return track.querySelector(`[data-appointment="${appointment}"]`) !== null;
}

/** Draw or move a stretch that follows the pointer. */
function draw(kind: string, track: HTMLElement, top: number, length: number, words: string) {
  const found = document.querySelector<HTMLElement>(`.${kind}`) ?? document.createElement("div");
  found.className = kind;
  found.textContent = words;
  found.style.setProperty("--from", String(top));
  found.style.setProperty("--length", String(length));
  if (found.parentElement !== track) {
    track.append(found);
  }
}

function clear(agenda: HTMLElement): void {
  for (const drawn of agenda.querySelectorAll(".agenda-ghost, .agenda-selection")) {
    drawn.remove();
  }
  for (const lifted of agenda.querySelectorAll(".is-lifted")) {
    lifted.classList.remove("is-lifted");
  }
  agenda.classList.remove("is-dragging");
}

/** Ask whether to move, and let the form say where: the server decides. */
export function ask(element: HTMLElement, drop: Drop, column: Column): void {
  const dialog = document.querySelector<HTMLDialogElement>("[data-agenda-drop]");
  const form = dialog?.querySelector("form");
  if (!dialog || !form) {
    return;
  }
  const { zone = "UTC", to = "", from = "", anybody = "", room = to } = dialog.dataset;
  const language = document.documentElement.lang;
  const say = (selector: string, words: string) => {
    const said = dialog.querySelector(selector);
    if (said) {
      said.textContent = words;
    }
  };
  const was = Date.parse(element.dataset.start ?? "");
  say("[data-drop-name]", element.dataset.name ?? "");
  say(
    "[data-drop-from]",
    fill(from, {
      when: written(was, zone, language),
      whom: element.dataset.whom || anybody,
    }),
  );
  say(
    "[data-drop-to]",
    fill(drop.resource ? room : to, {
      when: written(drop.start, zone, language),
      whom: column.practitioner ? column.whom : element.dataset.whom || anybody,
      room: column.whom,
    }),
  );
  // Who only gets another room sees no difference, and is told nothing.
  const tell = dialog.querySelector<HTMLElement>("[data-drop-tell]");
  if (tell) {
    tell.hidden = drop.start === was && drop.practitioner === (element.dataset.practitioner ?? "");
  }
  form.action = element.dataset.move ?? "";
  const put = (name: string, value: string) => {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement) {
      field.value = value;
    }
  };
  put("start", new Date(drop.start).toISOString());
  put("practitioner", drop.practitioner);
  put("resource", drop.resource);
  put("version", element.dataset.version ?? "");
  dialog.addEventListener("close", () => element.focus(), { once: true });
  dialog.showModal();
}

/** Let appointments be dragged, free time be clicked and dragged over. */
export function startDragging(agenda: HTMLElement): void {
  const zone = agenda.dataset.zone ?? "UTC";
  let stop: (() => void) | undefined; // ends what is under way
  let ignoresClick = false;

  agenda.addEventListener("dragstart", (event) => event.preventDefault()); // links drag themselves
  agenda.addEventListener(
    "click",
    (event) => {
      if (ignoresClick) {
        event.preventDefault();
        event.stopPropagation();
        ignoresClick = false;
      }
    },
    true,
  );
  agenda.addEventListener("click", (event) => {
    const free = (event.target as Element).closest<HTMLAnchorElement>("[data-free]");
    const track = free?.closest<HTMLElement>("[data-track]");
    // A press of the Enter key is a click without a place: the link's own beginning stands.
    if (!free || !track || event.detail === 0) {
      return;
    }
    event.preventDefault();
    const bounds = { top: Number(free.dataset.top), length: Number(free.dataset.length) };
    const top = clicked(minutesAt(track, event.clientY), bounds);
    const start = new Date(columnOf(track).first + top * 60_000).toISOString();
    location.assign(withQuery(free.href, { start }));
  });

  agenda.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || stop) {
      return;
    }
    ignoresClick = false;
    const target = event.target as Element;
    const element = target.closest<HTMLElement>("[data-move]");
    const free = target.closest<HTMLElement>("[data-block-href]");
    const track = target.closest<HTMLElement>("[data-track]");
    if (!track || !(element || free)) {
      return;
    }
    const at = minutesAt(track, event.clientY);
    if (element) {
      const block = blockOf(element);
      follow(event, dragging({ element, block, grip: at - block.top }));
    } else if (free && event.pointerType !== "touch") {
      follow(event, selecting(track, free, at));
    }
  });

  interface Way {
    begin(): void;
    move(event: PointerEvent): void;
    drop(): void;
  }

  function follow(down: PointerEvent, way: Way): void {
    const isTouch = down.pointerType === "touch";
    let isUnderWay = false;
    const begin = () => {
      isUnderWay = true;
      ignoresClick = true;
      agenda.classList.add("is-dragging");
      way.begin();
      way.move(down);
    };
    const timer = isTouch ? setTimeout(begin, HELD) : undefined;
    const move = (event: PointerEvent) => {
      const distance = Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY);
      if (!isUnderWay && distance >= THRESHOLD) {
        if (isTouch) {
          stop?.(); // a finger that moves at once scrolls
          return;
        }
        begin();
      }
      if (isUnderWay) {
        way.move(event);
      }
    };
    const up = () => {
      const wasUnderWay = isUnderWay;
      stop?.();
      if (wasUnderWay) {
        way.drop();
      }
    };
    const cancel = () => {
      stop?.();
      ignoresClick = false;
    };
    const keys = (event: KeyboardEvent) => {
      if (event.key === "Escape" && isUnderWay) {
        stop?.();
      }
    };
    const hold = (event: TouchEvent) => {
      if (isUnderWay) {
        event.preventDefault(); // the finger drags now; the page must not scroll under it
      }
    };
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", up);
    document.addEventListener("pointercancel", cancel);
    document.addEventListener("keydown", keys);
    agenda.addEventListener("touchmove", hold, { passive: false });
    stop = () => {
      clearTimeout(timer);
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", up);
      document.removeEventListener("pointercancel", cancel);
      document.removeEventListener("keydown", keys);
      agenda.removeEventListener("touchmove", hold);
      clear(agenda);
      stop = undefined;
    };
  }

  function dragging({ element, block, grip }: Lifted): Way {
    let last: { drop: Drop; column: Column; track: HTMLElement } | undefined;
    return {
      begin() {
        const pieces = `[data-appointment="${element.dataset.appointment}"]`;
        for (const piece of agenda.querySelectorAll(pieces)) {
          piece.classList.add("is-lifted");
        }
      },
      move(event) {
        const track = trackAt(agenda, event.clientX);
        if (!track) {
          return;
        }
        const column = columnOf(track);
        const drop = dropAt(block, column, minutesAt(track, event.clientY) - grip);
        last = { drop, column, track };
        const words = `${hourOf(drop.start, zone)} ${element.dataset.name ?? ""}`;
        draw("agenda-ghost", track, drop.top, block.length, words);
      },
      drop() {
        const hasMoved =
          last &&
          (last.drop.start !== Date.parse(element.dataset.start ?? "") ||
            last.drop.practitioner !== block.practitioner ||
            (last.drop.resource !== "" && !isIn(last.track, element)));
        if (last && hasMoved) {
          ask(element, last.drop, last.column);
        }
      },
    };
  }

  function selecting(track: HTMLElement, free: HTMLElement, from: number): Way {
    const bounds = { top: Number(free.dataset.top), length: Number(free.dataset.length) };
    const column = columnOf(track);
    const instant = (minutes: number) => column.first + minutes * 60_000;
    let chosen = stretch(from, from, bounds);
    return {
      begin() {
        chosen = stretch(from, from, bounds);
      },
      move(event) {
        chosen = stretch(from, minutesAt(track, event.clientY), bounds);
        const hours = [chosen.top, chosen.top + chosen.length].map((m) => hourOf(instant(m), zone));
        draw("agenda-selection", track, chosen.top, chosen.length, hours.join("–"));
      },
      drop() {
        const start = new Date(instant(chosen.top)).toISOString();
        const end = new Date(instant(chosen.top + chosen.length)).toISOString();
        location.assign(withQuery(free.dataset.blockHref ?? "", { start, end }));
      },
    };
  }
}
