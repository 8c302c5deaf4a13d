// Gives behaviour to elements that the server rendered, those that htmx swaps in later included.

const mounted = new WeakMap<Element, Set<string>>();

/** Call `start` once for each element that matches, now and whenever one appears. */
export function mount<E extends HTMLElement>(selector: string, start: (element: E) => void): void {
  const scan = () => {
    for (const element of document.querySelectorAll<E>(selector)) {
      const known = mounted.get(element) ?? new Set<string>();
      if (!known.has(selector)) {
        mounted.set(element, known.add(selector));
        start(element);
      }
    }
  };
  scan();
  new MutationObserver(scan).observe(document.documentElement, { childList: true, subtree: true });
}
