/** Randomness of tests: ids and addresses that look random, and are the same whenever the test runs, so that one that fails fails again. */
import { createCipheriv, createHash } from "node:crypto";
import type { Random } from "../../src/base/random.ts";

/** For other ids and addresses than those of every day: `HOSTELRY_TEST_SEED=7 npm run test:api`. */
const otherSeed = process.env["HOSTELRY_TEST_SEED"] ?? "";

export function seededRandom(seed = ""): Random {
  const key = createHash("sha256").update(`${otherSeed}:${seed}`).digest();
  const stream = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  return { bytes: (count) => new Uint8Array(stream.update(Buffer.alloc(count))) };
}
