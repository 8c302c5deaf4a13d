// Sends a suspended form on at once; without script, its button does.
import { mount } from "../../lib/mount.ts";

/** Send the form with its own button, once. */
export function resume(form: HTMLFormElement): void {
  form.requestSubmit();
}

mount("form[data-resume]", resume);
