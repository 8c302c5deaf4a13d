// Puts what a field shows on the clipboard; without it, the field is there to be copied by hand.

import { mount } from "../../lib/mount.ts";

/** Copy the field that the button names, and say so on the button and to screen readers. */
export async function copyFrom(button: HTMLElement): Promise<void> {
  const field = document.getElementById(button.dataset.copy ?? "");
  if (!(field instanceof HTMLInputElement)) {
    return;
  }
  field.select();
  const said = button.parentElement?.querySelector("[data-copied]");
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    return; // refused by the browser: the text is selected, to be copied by hand
  }
  if (said instanceof HTMLElement) {
    said.textContent = said.dataset.copied ?? "";
  }
}

mount<HTMLElement>("[data-copy]", (button) => {
  button.hidden = false;
  button.addEventListener("click", () => void copyFrom(button));
});
