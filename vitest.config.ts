import { defineConfig } from "vitest/config";

/** One project a tier; `npm run test:TIER` runs one. Tiers that boot guests run one file at a time: two cores are soon full. */
export default defineConfig({
  test: {
    projects: [
      tier("unit", ["src/**/*.test.ts", "tools/**/*.test.ts"], { exclude: ["**/*.guest.test.ts"] }),
      tier("api", ["test/api/**/*.test.ts"]),
      tier("crash", ["test/crash/**/*.test.ts"], { testTimeout: 300_000 }),
      tier("guest", ["src/**/*.guest.test.ts", "test/guest/**/*.test.ts"], { testTimeout: 300_000, hookTimeout: 600_000, fileParallelism: false }),
      tier("conformance", ["test/conformance/**/*.test.ts"], { testTimeout: 300_000, hookTimeout: 600_000, fileParallelism: false }),
    ],
  },
});

function tier(name: string, include: string[], more: object = {}) {
  return { test: { name, include, environment: "node", testTimeout: 20_000, ...more } };
}
