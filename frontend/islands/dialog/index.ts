// Opens and closes dialogs for browsers that do not know `command` and `commandfor` yet.

/** Do what a button with `command` asks of the dialog it names. */
export function obey(button: Element): void {
  const dialog = document.getElementById(button.getAttribute("commandfor") ?? "");
  if (!(dialog instanceof HTMLDialogElement)) {
    return;
  }
  if (button.getAttribute("command") === "show-modal" && !dialog.open) {
    dialog.showModal();
  } else if (button.getAttribute("command") === "close") {
    dialog.close();
  }
}

if (!("commandForElement" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[commandfor]");
    if (button) {
      obey(button);
    }
  });
}
