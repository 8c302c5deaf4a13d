// htmx for the desk and the patient's space. Every answer is swapped, refusals included
// (htmx 4 does so by default), and requests that write carry Django's token.
import htmx from "htmx.org";

htmx.config.includeIndicatorCSS = false; // app.css has it

/** Return Django's token from its cookie or from a form of the page. */
export function csrfToken(): string {
  const cookie = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  const field = document.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]");
  return cookie ?? field?.value ?? "";
}

document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = (
    event as CustomEvent<{ ctx: { request: { method: string; headers: Record<string, string> } } }>
  ).detail;
  if (!/^(GET|HEAD|OPTIONS)$/i.test(ctx.request.method)) {
    ctx.request.headers["X-CSRFToken"] = csrfToken();
  }
});
