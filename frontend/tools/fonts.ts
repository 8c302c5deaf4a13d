// Cuts the two typefaces down to the letters that French and English need, so that a public
// page's first view stays within its weight: Marcellus for headings, Figtree for everything else.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import subsetFont from "subset-font";

const ASCII = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => index + 32));
const ACCENTED = "ÀÂÄÆÇÈÉÊËÎÏÔÖŒÙÛÜŸàâäæçèéêëîïôöœùûüÿ";
const MARKS = "«»’‘“”–—…·•°²€×→\u00a0\u202f";
const BODY = ASCII + ACCENTED + MARKS;
const HEADINGS = BODY.replace(/[#$*<=>@[\\\]^_`{|}~ÄÆÖÜŸäæöü•²→×]/g, "");

const FACES = [
  {
    source: "@fontsource/marcellus/files/marcellus-latin-400-normal.woff2",
    target: "marcellus.woff2",
    letters: HEADINGS,
    axes: undefined,
  },
  {
    source: "@fontsource-variable/figtree/files/figtree-latin-wght-normal.woff2",
    target: "figtree.woff2",
    letters: BODY,
    axes: { wght: { min: 400, max: 700 } },
  },
];

const require = createRequire(import.meta.url);
const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "generated");
mkdirSync(folder, { recursive: true });
for (const { source, target, letters, axes } of FACES) {
  const font = await subsetFont(readFileSync(require.resolve(source)), letters, {
    targetFormat: "woff2",
    noHinting: true,
    keepFeatures: ["kern", "mark", "ccmp", "locl", "tnum"],
    ...(axes && { variationAxes: axes }),
  });
  writeFileSync(join(folder, target), font);
}
