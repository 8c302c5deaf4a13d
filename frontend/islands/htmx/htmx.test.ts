import { beforeEach, expect, test } from "vitest";
import { addToken } from "./csrf.ts";

beforeEach(() => {
  document.body.innerHTML = '<input type="hidden" name="csrfmiddlewaretoken" value="of-page">';
});

function headersOf(method: string): Record<string, string> {
  const request = { method, headers: {} };
  addToken(new CustomEvent("htmx:config:request", { detail: { ctx: { request } } }));
  return request.headers;
}

test.each(["POST", "put", "DELETE"])("%s carries the page's token", (method) => {
  expect(headersOf(method)).toEqual({ "X-CSRFToken": "of-page" });
});

test.each(["GET", "head"])("%s carries none", (method) => {
  expect(headersOf(method)).toEqual({});
});

test("the token that the layout carries comes first", () => {
  document.head.innerHTML = '<meta name="csrf-token" content="of-layout">';
  expect(headersOf("POST")).toEqual({ "X-CSRFToken": "of-layout" });
});
