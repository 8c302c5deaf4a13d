// Runs before the first paint: a chosen theme is applied at once, and the switch goes round
// device -> light -> dark. Imports nothing, since it is loaded as a classic script.
(() => {
  const KEY = "aiguille-theme";
  const ORDER = ["auto", "light", "dark"] as const;
  type Choice = (typeof ORDER)[number];
  const root = document.documentElement;

  function remembered(): Choice {
    try {
      const value = localStorage.getItem(KEY);
      return value === "light" || value === "dark" ? value : "auto";
    } catch {
      return "auto"; // a browser that forbids storage follows the device
    }
  }

  function apply(choice: Choice): void {
    if (choice === "auto") {
      delete root.dataset.theme;
    } else {
      root.dataset.theme = choice === "dark" ? "dusk" : "linen";
    }
    for (const button of document.querySelectorAll<HTMLElement>("[data-theme-switch]")) {
      button.hidden = false;
      button.dataset.state = choice;
      const name = button.dataset[choice] ?? choice;
      button.setAttribute("aria-label", name);
      button.title = name;
    }
  }

  apply(remembered());
  document.addEventListener("DOMContentLoaded", () => apply(remembered()));
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element && event.target.closest("[data-theme-switch]"))) {
      return;
    }
    const current = ORDER.indexOf((root.dataset.themeChoice as Choice) ?? remembered());
    const next = ORDER[(current + 1) % ORDER.length] ?? "auto";
    root.dataset.themeChoice = next;
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // the choice then holds for this page only
    }
    apply(next);
  });
})();

export {}; // a module for the compiler; the built file has no export and loads as a classic script
