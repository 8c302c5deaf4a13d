import { expect, test } from "vitest";
import "./index.ts";

test("a button opens the dialog it names, another closes it", () => {
  document.body.innerHTML = `<button command="show-modal" commandfor="d"></button>
    <dialog id="d"><button command="close" commandfor="d"></button></dialog>
    <button command="show-modal" commandfor="nowhere"></button>`;
  const [open, close, lost] = document.querySelectorAll("button");
  const dialog = document.querySelector("dialog") as HTMLDialogElement;
  open?.click();
  expect(dialog.open).toBe(true);
  close?.click();
  expect(dialog.open).toBe(false);
  lost?.click();
  expect(dialog.open).toBe(false);
});
