import { readdirSync } from "node:fs";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vitest/config";

const islands = readdirSync("frontend/islands", { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => `frontend/islands/${entry.name}/index.ts`);

export default defineConfig({
  plugins: [tailwindcss()],
  base: "./", // the style sheets find their fonts beside them, whatever STATIC_URL is
  publicDir: "frontend/public",
  build: {
    outDir: "src/aiguille/static/build",
    emptyOutDir: true,
    manifest: "manifest.json", // read by aiguille.plumbing.components.assets
    modulePreload: false,
    assetsInlineLimit: 0,
    target: "es2022",
    rollupOptions: {
      output: {
        entryFileNames: ({ facadeModuleId }) =>
          `assets/${facadeModuleId?.split("/").at(-2) ?? "entry"}-[hash].js`,
      },
      input: ["frontend/styles/public.css", "frontend/styles/app.css", ...islands],
    },
  },
  test: {
    environment: "happy-dom",
    include: ["frontend/**/*.test.ts"],
  },
});
