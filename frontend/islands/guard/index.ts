// Two guards for forms: a second press of the button sends nothing twice, and leaving a page
// with something typed asks first. After a refusal, the summary of errors receives the focus.
import { mount } from "../../lib/mount.ts";

const STILL_HERE_AFTER = 4000;

/** Guard one form. The server refuses a second submit too: this only saves the confusion. */
export function guardForm(form: HTMLFormElement): void {
  let sent = false;
  let typed = false;

  form.addEventListener("input", () => {
    typed = true;
  });
  form.addEventListener("submit", (event) => {
    if (sent) {
      event.preventDefault();
      return;
    }
    sent = true;
    typed = false;
    form.setAttribute("aria-busy", "true");
    setTimeout(release, STILL_HERE_AFTER); // answered by a file, or a question was declined
  });
  const release = () => {
    sent = false;
    form.removeAttribute("aria-busy");
  };
  // Back from the next page, or answered by htmx with the same form: it may be sent again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) {
      release();
    }
  });
  form.addEventListener("htmx:finally:request", release);
  if (form.dataset.leaving) {
    window.addEventListener("beforeunload", (event) => {
      if (typed && form.isConnected) {
        event.preventDefault();
      }
    });
  }
}

mount("form[data-guard]", guardForm);
mount("[data-error-summary]", (summary) => summary.focus());
