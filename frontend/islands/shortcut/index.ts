// Sends a form by Control + Enter (Command + Enter), wherever in it one is typing.
import { mount } from "../../lib/mount.ts";

/** Let the keys send one form, as its own button would. */
export function sendByKeys(form: HTMLFormElement): void {
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}

mount<HTMLFormElement>("form[data-shortcut]", sendByKeys);
