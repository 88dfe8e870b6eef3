import { defineConfig } from "vitest/config";

/** Each tier runs two files at once: the tests of one wait where those of the other compute, on two cores too. */
const maxWorkers = 2;
/** A guest boots slowly by emulation, and images may have to be built first. */
const guestLimits = { testTimeout: 300_000, hookTimeout: 600_000 };
/** They measure how long something takes, or need both cores for what has a time limit. */
const timed = ["src/host/network/vpc-speed.guest.test.ts"];

/** One project a tier, but two for real guests: `npm run test:TIER` runs one tier. */
export default defineConfig({
  test: {
    maxWorkers,
    projects: [
      // The files of these share what they import, which takes as long as their tests; none of it keeps a state.
      tier("unit", ["src/**/*.test.ts", "tools/**/*.test.ts"], { exclude: ["**/*.guest.test.ts"], isolate: false }),
      tier("api", ["test/api/**/*.test.ts"], { isolate: false }),
      tier("crash", ["test/crash/**/*.test.ts"], { testTimeout: 300_000 }),
      tier("guest", ["src/**/*.guest.test.ts", "test/guest/**/*.test.ts"], { ...guestLimits, exclude: timed }),
      tier("guest-timed", timed, { ...guestLimits, fileParallelism: false, sequence: { groupOrder: 1 } }),
      tier("conformance", ["test/conformance/**/*.test.ts"], guestLimits),
    ],
  },
});

function tier(name: string, include: string[], more: object = {}) {
  return { test: { name, include, environment: "node", testTimeout: 20_000, ...more } };
}
