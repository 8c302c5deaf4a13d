// The agenda's enhancements. Without them every appointment, free time and block is a link to a
// page of its own, and moving chooses among free times.
import { mount } from "../../lib/mount.ts";
import { startDragging } from "./drag.ts";

const FRAGMENT = { "X-Agenda-Fragment": "1" };
const TYPING_PAUSE = 150;
const PLACE = "agenda-place";

/** Show an appointment in a dialog over the agenda instead of on a page of its own. */
export function startCards(agenda: HTMLElement): void {
  agenda.addEventListener("click", async (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("[data-block], [data-card]");
    const dialog = document.querySelector<HTMLDialogElement>("[data-agenda-card]");
    if (!link || !dialog || event.defaultPrevented || event.metaKey || event.ctrlKey) {
      return;
    }
    event.preventDefault();
    try {
      const answer = await fetch(link.href, { headers: FRAGMENT });
      if (!answer.ok || answer.redirected) {
        throw new Error(`answered ${answer.status}`);
      }
      dialog.innerHTML = await answer.text();
    } catch {
      location.assign(link.href);
      return;
    }
    dialog.addEventListener("close", () => link.focus(), { once: true });
    dialog.showModal();
  });
}

/** Let a press outside close a dialog that asks whether to move. */
export function startDrop(dialog: HTMLDialogElement): void {
  dialog.querySelector("[data-drop-close]")?.addEventListener("click", () => dialog.close());
}

/** Search while somebody types; what was asked last is shown, whichever answer comes first. */
export function startSearch(field: HTMLInputElement): void {
  const shown = document.querySelector<HTMLElement>("[data-agenda-found]");
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked: AbortController | undefined;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      asked?.abort();
      asked = new AbortController();
      const query = new URLSearchParams({ q: field.value, to: field.dataset.to ?? "" });
      try {
        const answer = await fetch(`${field.dataset.href}?${query}`, { signal: asked.signal });
        if (answer.ok && !answer.redirected && shown) {
          shown.innerHTML = await answer.text();
        }
      } catch {
        // Asked again meanwhile, or offline: the button still sends the form.
      }
    }, TYPING_PAUSE);
  });
}

/** Take the offer to put something back away when its time is over. */
export function startUndo(notice: HTMLElement): void {
  const left = Date.parse(notice.dataset.until ?? "") - Date.parse(notice.dataset.now ?? "");
  if (left > 0) {
    setTimeout(() => notice.remove(), left);
  }
}

/** Send the filter as soon as something is chosen. */
export function startFilter(form: HTMLFormElement): void {
  for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>(
    "input[type=date], select",
  )) {
    field.addEventListener("change", () => {
      // A date half typed has no value.
      if (field.value || field instanceof HTMLSelectElement) {
        form.requestSubmit();
      }
    });
  }
}

/** Come back to the same place of the same agenda, else to now or the first appointment. */
export function startPlace(agenda: HTMLElement): void {
  const frame = agenda.querySelector<HTMLElement>(".agenda-scroll");
  if (!frame) {
    return;
  }
  const here = agenda.dataset.here ?? "";
  const kept = sessionStorage.getItem(PLACE)?.split(" ");
  if (kept?.[0] === here) {
    frame.scrollTo(Number(kept[1]), Number(kept[2]));
  } else {
    const now = agenda.querySelector<HTMLElement>(".agenda-now");
    const first = agenda.querySelector<HTMLElement>(".agenda-block");
    const top = now?.offsetTop ?? first?.offsetTop ?? 0;
    frame.scrollTo(0, Math.max(0, top - 120));
  }
  const chosen = location.hash && document.getElementById(location.hash.slice(1));
  if (chosen) {
    chosen.scrollIntoView({ block: "nearest", inline: "nearest" });
    chosen.focus({ preventScroll: true });
  }
  window.addEventListener("pagehide", () => {
    sessionStorage.setItem(PLACE, `${here} ${frame.scrollLeft} ${frame.scrollTop}`);
  });
  agenda.querySelector<HTMLElement>("[data-agenda-hint]")?.removeAttribute("hidden");
}

/** Show the button that prints, and print. */
export function startPrint(button: HTMLButtonElement): void {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

mount("[data-agenda]", (agenda) => {
  startDragging(agenda);
  startCards(agenda);
  startPlace(agenda);
});
mount("[data-agenda-week]", startCards);
mount("[data-agenda-drop]", startDrop);
mount("[data-agenda-search]", startSearch);
mount("[data-agenda-undo]", startUndo);
mount("[data-agenda-filter]", startFilter);
mount("[data-agenda-refused]", (notice) => notice.focus());
mount("[data-agenda-print]", startPrint);
