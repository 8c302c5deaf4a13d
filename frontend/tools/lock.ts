// Completes package-lock.json after `npm run lock`. A registry may hold the native parts of
// some platforms only; npm then leaves the others out of the lock, and `npm ci` refuses it
// everywhere. An entry with its version and platform is enough: npm skips it where the platform
// is another one. It has no checksum, which only a registry that holds the package can give.
import { readFileSync, writeFileSync } from "node:fs";

interface Entry {
  version?: string;
  optionalDependencies?: Record<string, string>;
  [more: string]: unknown;
}

const file = "package-lock.json";
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, Entry> };
const platform =
  /-(?<os>android|darwin|freebsd|linux|openharmony|win32)-(?<cpu>[a-z0-9]+?)(?:-?(?<libc>musl|gnu|msvc|gnueabihf|musleabihf))?$/;

for (const { optionalDependencies = {} } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const place = `node_modules/${name}`;
    const { os, cpu, libc } = platform.exec(name)?.groups ?? {};
    if (lock.packages[place] || !/^\d/.test(version)) {
      continue;
    }
    lock.packages[place] = {
      version,
      cpu: [cpu ?? "wasm32"],
      dev: true,
      ...(libc?.startsWith("musl") && { libc: ["musl"] }),
      ...(libc?.startsWith("gnu") && { libc: ["glibc"] }),
      optional: true,
      ...(os && { os: [os] }),
    };
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
lock.packages = Object.fromEntries(sorted);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
