// Every pair of text and ground that components use reaches WCAG 2.2 AA in both themes.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

type Rgb = readonly [number, number, number];
const css = readFileSync("frontend/styles/themes.css", "utf8");

const themes = Object.fromEntries(
  [...css.matchAll(/@plugin "daisyui\/theme" \{([^}]*)\}/g)].map(([, body = ""]) => {
    const name = /name: "(\w+)"/.exec(body)?.[1] ?? "";
    const tokens = [...body.matchAll(/--(?:color-)?([\w-]+): (#[0-9a-f]{6})/g)].map(
      ([, token = "", hex = ""]) => [token, rgb(hex)] as const,
    );
    return [name, Object.fromEntries(tokens) as Record<string, Rgb>];
  }),
);

function rgb(hex: string): Rgb {
  const part = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16) / 255;
  return [part(1), part(3), part(5)];
}

function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** Mix as `color-mix(in oklab, …)` does: `share` of `over`, the rest of `ground`. */
function mix(over: Rgb, share: number, ground: Rgb): Rgb {
  const [a, b] = [oklab(over), oklab(ground)];
  return fromOklab(a.map((value, i) => value * share + (b[i] ?? 0) * (1 - share)));
}

function oklab(color: Rgb): number[] {
  const [r, g, b] = color.map(linear) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab([L = 0, a = 0, b = 0]: number[]): Rgb {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const gamma = (value: number) => {
    const held = Math.min(1, Math.max(0, value));
    return held <= 0.0031308 ? held * 12.92 : 1.055 * held ** (1 / 2.4) - 0.055;
  };
  return [
    gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    gamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function contrast(a: Rgb, b: Rgb): number {
  const light = ([r, g, bl]: Rgb) =>
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(bl) + 0.05;
  const [high, low] = [light(a), light(b)].sort((x, y) => y - x) as [number, number];
  return high / low;
}

test("the two ends of the scale, and a mix, are computed as the standard says", () => {
  expect(contrast([1, 1, 1], [0, 0, 0])).toBeCloseTo(21);
  expect(mix([1, 1, 1], 1, [0, 0, 0]).every((value) => Math.abs(value - 1) < 0.001)).toBe(true);
});

test("both themes are here, with the same tokens", () => {
  expect(Object.keys(themes)).toEqual(["linen", "dusk"]);
  expect(Object.keys(themes.dusk ?? {})).toEqual(Object.keys(themes.linen ?? {}));
});

const TONES = [
  "primary",
  "secondary",
  "accent",
  "neutral",
  "info",
  "success",
  "warning",
  "error",
  "alarm",
];

describe.each(Object.entries(themes))("%s", (_name, tokens) => {
  const color = (token: string) => tokens[token] as Rgb;

  test.each(TONES)("words on %s", (tone) => {
    expect(contrast(color(`${tone}-content`), color(tone))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(["base-content", "muted", "primary", "accent", "error", "success", "warning"])(
    "%s as words on the page and on a panel",
    (token) => {
      expect(contrast(color(token), color("base-100"))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(color(token), color("base-200"))).toBeGreaterThanOrEqual(4.5);
    },
  );

  test.each([...TONES.filter((tone) => tone !== "alarm"), "muted"])(
    "a badge and an avatar of %s",
    (tone) => {
      for (const [ground, strength] of [
        [0.12, 0.88],
        [0.15, 0.85],
      ] as const) {
        const words = mix(color(tone), strength, color("base-content"));
        expect(contrast(words, mix(color(tone), ground, color("base-100")))).toBeGreaterThanOrEqual(
          4.5,
        );
      }
    },
  );

  test.each(["info", "success", "warning", "error", "primary", "accent"])(
    "words and muted words on a panel tinted with %s",
    (tone) => {
      const ground = mix(color(tone), 0.1, color("base-100"));
      for (const words of ["base-content", "muted", "primary"]) {
        expect(contrast(color(words), ground)).toBeGreaterThanOrEqual(4.5);
      }
    },
  );

  test("edges of controls and the focus ring stand out from every ground", () => {
    for (const ground of ["base-100", "base-200"]) {
      expect(contrast(color("outline"), color(ground))).toBeGreaterThanOrEqual(3);
      expect(contrast(color("accent"), color(ground))).toBeGreaterThanOrEqual(3);
    }
  });
});
