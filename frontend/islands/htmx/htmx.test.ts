import { expect, test, vi } from "vitest";

test("a request that writes carries the page's token, one that reads does not", async () => {
  vi.stubGlobal(
    "CSSStyleSheet",
    class {
      replaceSync() {}
    },
  );
  document.body.innerHTML =
    '<input type="hidden" name="csrfmiddlewaretoken" value="token-of-page">';
  await import("./index.ts");
  const headersFor = (method: string) => {
    const request = { method, headers: {} as Record<string, string> };
    document.dispatchEvent(
      new CustomEvent("htmx:config:request", { detail: { ctx: { request } } }),
    );
    return request.headers;
  };
  expect(headersFor("POST")).toEqual({ "X-CSRFToken": "token-of-page" });
  expect(headersFor("get")).toEqual({});
});
