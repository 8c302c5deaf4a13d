// Sends photos one after another, each with its own progress: one that fails loses no other, and
// may be tried again. Without it the form sends them all at once, and the server answers for each.
import { mount } from "../../lib/mount.ts";

const AT_ONCE = 2;

type Answer = { status: number; refused: string[] };
type Line = { row: HTMLElement; bar: HTMLProgressElement; said: HTMLElement };

/** Send one photo and tell how far it is, from 0 to 1. Rejects when the connection is lost. */
export function send(
  form: HTMLFormElement,
  file: File,
  tell: (share: number) => void,
): Promise<Answer> {
  const body = new FormData(form);
  body.delete("photos");
  body.delete("camera");
  body.append("photos", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much has left
    request.open("POST", form.action || location.href);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) {
        tell(event.loaded / event.total);
      }
    });
    request.addEventListener("load", () => {
      try {
        const { refused } = JSON.parse(request.responseText) as { refused: string[] };
        resolve({ status: request.status, refused });
      } catch {
        reject(new Error("not an answer")); // signed out meanwhile, or an error page
      }
    });
    request.addEventListener("error", () => reject(new Error("lost")));
    request.addEventListener("abort", () => reject(new Error("lost")));
    request.send(body);
  });
}

/** Take over a form of photos; `leave` shows the page anew once all are there. */
export function uploads(
  form: HTMLFormElement,
  leave: () => void = () => location.reload(),
  post: typeof send = send,
): void {
  const list = form.querySelector<HTMLElement>("[data-sending-list]");
  const status = form.querySelector<HTMLElement>("[data-sending-status]");
  const more = form.querySelector<HTMLElement>("[data-sending-more]");
  const button = form.querySelector<HTMLButtonElement>("button[type=submit]");
  if (!list || !status || !button) {
    return;
  }
  const words = form.dataset;
  let waiting: { file: File; line: Line }[] = [];
  let running = 0;
  let failed = 0;
  let kept = 0;

  const next = () => {
    while (running < AT_ONCE && waiting.length) {
      const one = waiting.shift();
      if (one) {
        running += 1;
        void carry(one.file, one.line).finally(() => {
          running -= 1;
          next();
        });
      }
    }
    if (!running && !waiting.length) {
      form.removeAttribute("aria-busy");
      button.disabled = false;
      status.textContent = (failed ? words.some : words.all) ?? "";
      if (!failed) {
        leave();
      } else if (more) {
        more.hidden = !kept;
      }
    }
  };

  const carry = async (file: File, line: Line) => {
    line.said.textContent = words.sending ?? "";
    try {
      const answer = await post(form, file, (share) => {
        line.bar.value = share;
        line.said.textContent = (share < 1 ? words.sending : words.developing) ?? "";
      });
      if (answer.refused.length || answer.status >= 400) {
        refuse(line, answer.refused.join(" "));
      } else {
        line.bar.value = 1;
        line.said.textContent = words.added ?? "";
        kept += 1;
      }
    } catch {
      refuse(line, words.lost ?? "");
      again(file, line);
    }
  };

  const refuse = (line: Line, why: string) => {
    failed += 1;
    line.bar.hidden = true;
    line.said.textContent = "";
    const said = document.createElement("span");
    said.className = "sending-why";
    said.textContent = why;
    line.row.append(said);
  };

  const again = (file: File, line: Line) => {
    const retry = document.createElement("button");
    retry.type = "button";
    retry.className = "btn btn-outline";
    retry.textContent = words.again ?? "";
    retry.addEventListener("click", () => {
      failed -= 1;
      line.row.querySelector(".sending-why")?.remove();
      retry.remove();
      line.bar.hidden = false;
      line.bar.value = 0;
      start([{ file, line }]);
    });
    line.row.append(retry);
  };

  const start = (others: { file: File; line: Line }[]) => {
    waiting = waiting.concat(others);
    form.setAttribute("aria-busy", "true");
    next();
  };

  form.addEventListener("submit", (event) => {
    const files = [...form.querySelectorAll<HTMLInputElement>("input[type=file]")].flatMap(
      (input) => [...(input.files ?? [])],
    );
    const wanting = [...form.querySelectorAll<HTMLInputElement>("[name=zone], [name=taken_on]")];
    const hasSide = form.querySelector("[name=side]:checked") !== null;
    if (!files.length || !hasSide || wanting.some((field) => !field.value)) {
      return; // the server says what is missing, beside each field
    }
    event.preventDefault();
    if (running) {
      return;
    }
    failed = 0;
    list.replaceChildren();
    list.hidden = false;
    button.disabled = true;
    start(files.map((file) => ({ file, line: lineOf(file, list, words.waiting ?? "") })));
  });
}

function lineOf(file: File, list: HTMLElement, words: string): Line {
  const row = document.createElement("li");
  const name = document.createElement("span");
  name.className = "sending-name";
  name.textContent = file.name;
  const said = document.createElement("span");
  said.className = "muted";
  said.textContent = words;
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  row.append(name, said, bar);
  list.append(row);
  return { row, bar, said };
}

mount<HTMLFormElement>("form[data-photos]", (form) => uploads(form));
