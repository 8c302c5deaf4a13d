import { expect, test, vi } from "vitest";
import "./index.ts";

test("a suspended form goes on by itself, once", async () => {
  const sent = vi.fn((event: Event) => event.preventDefault());
  document.addEventListener("submit", sent);
  document.body.innerHTML = `<form data-resume method="post"><button>Sign</button></form>`;
  await new Promise((resolve) => setTimeout(resolve));
  document.body.append(document.createElement("p"));
  await new Promise((resolve) => setTimeout(resolve));
  expect(sent).toHaveBeenCalledTimes(1);
});
