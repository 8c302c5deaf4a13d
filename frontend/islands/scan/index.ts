// Reads a code of a box with the camera, or from a photograph, into the field beside it.

import { mount } from "../../lib/mount.ts";

const LOOKS_A_SECOND = 8;

type Read = typeof import("./reader.ts").readCode;

/** Load the reader when it is first needed: it is large, and most pages never scan. */
async function reader(): Promise<Read> {
  return (await import("./reader.ts")).readCode;
}

/** The camera's picture until a code is read in it, or the dialog is closed. */
class Camera {
  #stream: MediaStream | null = null;
  readonly #dialog: HTMLDialogElement;
  readonly #video: HTMLVideoElement;

  constructor(dialog: HTMLDialogElement, video: HTMLVideoElement) {
    this.#dialog = dialog;
    this.#video = video;
    dialog.addEventListener("close", () => this.stop());
    dialog.querySelector("[data-scan-close]")?.addEventListener("click", () => dialog.close());
  }

  async read(): Promise<string | null> {
    this.#stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 } },
    });
    this.#dialog.showModal();
    this.#video.srcObject = this.#stream;
    await this.#video.play();
    const read = await reader();
    while (this.#stream !== null) {
      const found = await read(pictureOf(this.#video));
      if (found !== null) {
        this.#dialog.close();
        return found;
      }
      await new Promise((resolve) => setTimeout(resolve, 1000 / LOOKS_A_SECOND));
    }
    return null;
  }

  stop(): void {
    for (const track of this.#stream?.getTracks() ?? []) {
      track.stop();
    }
    this.#stream = null;
    this.#video.srcObject = null;
  }
}

function pictureOf(video: HTMLVideoElement): ImageData {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) {
    throw new TypeError("no two-dimensional canvas");
  }
  context.drawImage(video, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Give the field what was read, as if it had been typed, and go on as a hand scanner would. */
export function fill(field: HTMLInputElement, text: string): void {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
  field.focus();
  const button = field.form?.querySelector<HTMLButtonElement>("button[type=submit]");
  field.form?.requestSubmit(button);
}

/** Give a scanner's buttons what they do; without script they stay hidden. */
export function scanInto(scanner: HTMLElement): void {
  const part = <E extends Element>(name: string) =>
    scanner.querySelector<E>(`[data-scan-${name}]`) as E;
  const field = document.getElementById(scanner.dataset.scan ?? "");
  const [said, look] = [part<HTMLElement>("said"), part<HTMLButtonElement>("camera")];
  const photo = part<HTMLInputElement>("photo");
  if (!(field instanceof HTMLInputElement)) {
    return;
  }
  const camera = new Camera(part<HTMLDialogElement>("dialog"), part<HTMLVideoElement>("video"));
  const say = (name: "nothing" | "refused" | "reading" | "") => {
    said.textContent = name === "" ? "" : (said.dataset[name] ?? "");
  };

  part<HTMLElement>("actions").hidden = false;
  look.hidden = navigator.mediaDevices === undefined;
  look.addEventListener("click", async () => {
    say("");
    try {
      const found = await camera.read();
      if (found !== null) {
        fill(field, found);
      }
    } catch {
      camera.stop();
      say("refused");
    }
  });
  photo.addEventListener("change", async () => {
    const [file] = photo.files ?? [];
    photo.value = "";
    if (file === undefined) {
      return;
    }
    say("reading");
    const found = await (await reader())(file).catch(() => null);
    say(found === null ? "nothing" : "");
    if (found !== null) {
      fill(field, found);
    }
  });
}

mount<HTMLElement>("[data-scan]", scanInto);
