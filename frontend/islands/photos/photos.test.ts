import { beforeEach, expect, test, vi } from "vitest";
import { uploads } from "./index.ts";

type Answer = { status: number; refused: string[] };

const left = vi.fn();
let form: HTMLFormElement;

beforeEach(() => {
  left.mockReset();
  document.body.innerHTML = `<form data-waiting="Waiting" data-sending="Sending" data-added="Added"
      data-developing="Checking" data-lost="Lost." data-again="Try again" data-all="All." data-some="Some.">
    <input type="file" name="photos" multiple><input type="file" name="camera">
    <select name="zone"><option value="CHEEK" selected>Cheek</option></select>
    <input type="radio" name="side" value="left" checked><input name="taken_on" value="2026-03-02">
    <ul data-sending-list hidden></ul><p data-sending-more hidden></p><p data-sending-status></p><button type="submit">Add</button></form>`;
  form = document.querySelector("form") as HTMLFormElement;
});

function choose(...names: string[]) {
  const input = form.querySelector("input") as HTMLInputElement;
  const files = names.map((name) => new File(["x"], name, { type: "image/jpeg" }));
  Object.defineProperty(input, "files", { value: files, configurable: true });
}

function submit(): boolean {
  const event = new Event("submit", { cancelable: true });
  form.dispatchEvent(event);
  return event.defaultPrevented;
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const said = () => [...form.querySelectorAll("li")].map((row) => row.textContent);

test("all photos go, two at a time, and the page is shown anew", async () => {
  let [now, most] = [0, 0];
  const post = async (_form: HTMLFormElement, _file: File, tell: (share: number) => void) => {
    now += 1;
    most = Math.max(most, now);
    tell(0.5);
    await Promise.resolve();
    tell(1);
    now -= 1;
    return { status: 201, refused: [] };
  };
  choose("a.jpg", "b.jpg", "c.jpg");
  uploads(form, left, post);
  expect(submit()).toBe(true);
  await settled();
  expect(said()).toEqual(["a.jpgAdded", "b.jpgAdded", "c.jpgAdded"]);
  expect([most, left.mock.calls.length]).toEqual([2, 1]);
});

test("one that is refused loses no other, and the page stays to say why", async () => {
  const post = async (_form: HTMLFormElement, file: File): Promise<Answer> =>
    file.name === "b.heic"
      ? { status: 422, refused: ["HEIC is not read."] }
      : { status: 201, refused: [] };
  choose("a.jpg", "b.heic", "c.jpg");
  uploads(form, left, post);
  submit();
  await settled();
  expect(said()).toEqual(["a.jpgAdded", "b.heicHEIC is not read.", "c.jpgAdded"]);
  expect(form.querySelector("[data-sending-status]")?.textContent).toBe("Some.");
  expect(form.querySelector<HTMLElement>("[data-sending-more]")?.hidden).toBe(false);
  expect(left).not.toHaveBeenCalled();
});

test("a lost connection is tried again, for that photo alone", async () => {
  const sent: string[] = [];
  const post = async (_form: HTMLFormElement, file: File): Promise<Answer> => {
    sent.push(file.name);
    if (sent.length === 1) {
      throw new Error("lost");
    }
    return { status: 201, refused: [] };
  };
  choose("a.jpg", "b.jpg");
  uploads(form, left, post);
  submit();
  await settled();
  expect(said()[0]).toContain("Lost.");
  form.querySelector<HTMLElement>("li button")?.click();
  await settled();
  expect(sent).toEqual(["a.jpg", "b.jpg", "a.jpg"]);
  expect(said()).toEqual(["a.jpgAdded", "b.jpgAdded"]);
  expect(left).toHaveBeenCalledOnce();
});

test("what is missing is left to the server to say", () => {
  uploads(form, left, vi.fn());
  expect(submit()).toBe(false);
  choose("a.jpg");
  (form.querySelector("[name=side]") as HTMLInputElement).checked = false;
  expect(submit()).toBe(false);
});
