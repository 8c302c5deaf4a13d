import { describe, expect, it } from "vitest";
import { fill, scanInto } from "./index.ts";

function page(): { scanner: HTMLElement; field: HTMLInputElement; form: HTMLFormElement } {
  document.body.innerHTML = `
    <form><input id="code"><button type="submit" name="action" value="read">Read</button>
    <div data-scan="code">
      <div data-scan-actions hidden><button type="button" data-scan-camera></button>
      <input type="file" data-scan-photo></div>
      <p data-scan-said data-refused="No camera." data-nothing="No code."></p>
      <dialog data-scan-dialog><video data-scan-video></video></dialog>
    </div></form>`;
  return {
    scanner: document.querySelector("[data-scan]") as HTMLElement,
    field: document.querySelector("input") as HTMLInputElement,
    form: document.querySelector("form") as HTMLFormElement,
  };
}

describe("scanning", () => {
  it("types what was read and submits with the form's first button, as a scanner's Enter does", () => {
    const { field, form } = page();
    const sent: string[] = [];
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      sent.push((event.submitter as HTMLButtonElement).value);
    });
    const changes: string[] = [];
    field.addEventListener("input", () => changes.push(field.value));
    fill(field, "]d20103453120000011\u001d10ABC");
    expect(changes).toEqual(["]d20103453120000011\u001d10ABC"]);
    expect(sent).toEqual(["read"]);
  });

  it("shows its buttons, and says in words that the camera is refused", async () => {
    const { scanner } = page();
    Object.defineProperty(navigator, "mediaDevices", {
      configurable: true,
      value: { getUserMedia: () => Promise.reject(new DOMException("no", "NotAllowedError")) },
    });
    scanInto(scanner);
    expect(scanner.querySelector<HTMLElement>("[data-scan-actions]")?.hidden).toBe(false);
    scanner.querySelector<HTMLButtonElement>("[data-scan-camera]")?.click();
    await new Promise((resolve) => setTimeout(resolve));
    expect(scanner.querySelector("[data-scan-said]")?.textContent).toBe("No camera.");
  });

  it("leaves a page without its field alone", () => {
    document.body.innerHTML = `<div data-scan="none"><div data-scan-actions hidden></div></div>`;
    scanInto(document.querySelector("[data-scan]") as HTMLElement);
    expect(document.querySelector<HTMLElement>("[data-scan-actions]")?.hidden).toBe(true);
  });
});
