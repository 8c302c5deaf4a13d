// Writes the icons that pages use into one data file beside the template tag that draws them:
// `npm run icons`. Names on the left are ours; drawings come from lucide-static (ISC licence),
// except the needle and the roller, which are ours.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const LUCIDE: Record<string, string> = {
  "arrow-left": "arrow-left",
  "arrow-right": "arrow-right",
  alert: "triangle-alert",
  allergy: "flower-2",
  bell: "bell",
  body: "person-standing",
  box: "package",
  calendar: "calendar-days",
  "calendar-check": "calendar-check",
  "calendar-plus": "calendar-plus",
  camera: "camera",
  check: "check",
  "check-circle": "circle-check",
  "chevron-down": "chevron-down",
  "chevron-left": "chevron-left",
  "chevron-right": "chevron-right",
  circle: "circle",
  clipboard: "clipboard-list",
  clock: "clock",
  close: "x",
  copy: "copy",
  document: "file-text",
  download: "download",
  drop: "droplet",
  edit: "pencil",
  euro: "euro",
  external: "external-link",
  eye: "eye",
  face: "scan-face",
  filter: "list-filter",
  flag: "flag",
  gauge: "gauge",
  globe: "globe",
  hand: "hand",
  heart: "heart-pulse",
  help: "circle-help",
  history: "history",
  home: "house",
  info: "info",
  key: "key-round",
  leaf: "leaf",
  list: "list-checks",
  lock: "lock",
  login: "log-in",
  logout: "log-out",
  mail: "mail",
  menu: "menu",
  message: "message-circle",
  minus: "minus",
  moon: "moon",
  more: "ellipsis",
  phone: "phone",
  pill: "pill",
  pin: "map-pin",
  plus: "plus",
  print: "printer",
  refresh: "refresh-cw",
  scan: "scan-barcode",
  search: "search",
  send: "send",
  settings: "settings-2",
  shield: "shield-check",
  signature: "signature",
  skip: "skip-forward",
  sparkle: "sparkles",
  stethoscope: "stethoscope",
  stop: "octagon-x",
  sun: "sun",
  "sun-moon": "sun-moon",
  syringe: "syringe",
  thermometer: "thermometer",
  timer: "timer",
  trash: "trash-2",
  upload: "upload",
  user: "user-round",
  users: "users-round",
  wallet: "wallet",
};
const OURS: Record<string, string> = {
  needle:
    '<path d="M20 4 9.5 14.5"/><path d="m9.5 14.5-3 3"/><circle cx="5" cy="19" r="1.6"/><path d="M17.5 3.5l3 3"/>',
  roller:
    '<rect x="3" y="3.5" width="14" height="6" rx="3"/><path d="M17 6.5h3.5v4.5H12v3"/><rect x="10.5" y="14" width="3" height="7" rx="1.5"/><path d="M6.5 12v1M10 12v1M13.5 12v.01"/>',
};

const require = createRequire(import.meta.url);

function drawing(file: string): string {
  const source = readFileSync(require.resolve(`lucide-static/icons/${file}.svg`), "utf8");
  const inner = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(source)?.[1];
  if (inner === undefined) {
    throw new Error(`${file}.svg holds no drawing`);
  }
  return inner.replace(/\s*\n\s*/g, "").replaceAll(" />", "/>");
}

const icons = Object.fromEntries(
  [
    ...Object.entries(LUCIDE).map(([name, file]) => [name, drawing(file)] as const),
    ...Object.entries(OURS),
  ].sort(([a], [b]) => a.localeCompare(b)),
);
const target = fileURLToPath(
  new URL("../../src/aiguille/plumbing/components/icons.json", import.meta.url),
);
const licence = "Lucide (ISC licence), https://lucide.dev; needle and roller are ours";
writeFileSync(target, `${JSON.stringify({ licence, icons }, null, 1)}\n`);
