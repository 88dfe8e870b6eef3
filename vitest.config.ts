import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Two files of a tier at once: the tests of one wait where those of the other compute, on two cores too. */
const maxWorkers = 2;
/** Longer than a machine may need that does other things too: only a test that fails waits for them. A wait that has a limit of its own asserts it. */
const limits = { testTimeout: 180_000, hookTimeout: 180_000, expect: { poll: { timeout: 60_000 } } };
/** A failed comparison says all of both sides: in a log of CI that is all there is to see. */
const chaiConfig = { truncateThreshold: 0 };
/** A guest boots slowly by emulation, and images may have to be built first. */
const guestLimits = { testTimeout: 600_000, hookTimeout: 1_200_000, expect: { poll: { timeout: 120_000 } } };
/** They measure how long something takes, so nothing else may run beside them. */
const timed = ["src/host/network/bandwidth/bandwidth.guest.test.ts", "src/host/disk/volume-snapshots.guest.test.ts"];
/** A machine in which others are emulated takes long, mostly of one processor, and waits for nothing else. */
const rack = ["test/guest/emulated-rack.test.ts"];
/** They begin first: the short ones are left for the end, when one of the workers has nothing more to do. */
const longest = ["control-plane-sweep", "mishap-sweep", "block-job-sweep", "guest/debian", "guest/volumes", "guest/network", "guest/host-failure"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => [...longest, moduleId].findIndex((part) => moduleId.includes(part));
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

/** One project a tier, but two for real guests; `npm run test:TIER` runs one tier. `tools/test` says which go on at the same time. */
export default defineConfig({
  test: {
    maxWorkers,
    sequence: { sequencer: LongestFirst },
    projects: [
      // The files of these share what they import, which takes as long as their tests: no module that they share may keep a state.
      tier("unit", ["src/**/*.test.ts", "tools/**/*.test.ts"], { exclude: ["**/*.guest.test.ts"], isolate: false }),
      tier("api", ["test/api/**/*.test.ts"], { isolate: false }),
      tier("crash", ["test/crash/**/*.test.ts"], { testTimeout: 900_000 }),
      tier("guest", ["src/**/*.guest.test.ts", "test/guest/**/*.test.ts"], { ...guestLimits, exclude: [...timed, ...rack] }),
      tier("guest-timed", timed, { ...guestLimits, fileParallelism: false, sequence: { groupOrder: 1 } }),
      tier("rack", rack, guestLimits),
      tier("conformance", ["test/conformance/**/*.test.ts"], guestLimits),
    ],
  },
});

function tier(name: string, include: string[], more: object = {}) {
  return { test: { name, include, environment: "node", ...limits, chaiConfig, ...more } };
}
