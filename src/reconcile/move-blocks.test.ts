import { expect, test } from "vitest";
import type { SnapshotWriter } from "../block-store/block-store.ts";
import { moveBlocks } from "./move-blocks.ts";

const writer = {} as SnapshotWriter; // no block gets as far

function* failingAfter(count: number): Generator<number, void> {
  for (let entry = 0; entry < count; entry++) yield entry;
  throw new Error("cannot be read");
}

test.each([
  ["a block cannot be moved", [0, 1, 2, 3]],
  ["the next one cannot be read", failingAfter(2)],
] as const)("when %s, it ends only after those that are on their way", async (_why, entries) => {
  const slow = Promise.withResolvers<undefined>();
  const moves: Record<number, () => Promise<unknown>> = { 0: () => slow.promise, 1: () => Promise.reject(new Error("no room")) };
  let hasEnded = false;
  const end = moveBlocks(writer, entries, (_writer, entry) => moves[entry]?.() ?? Promise.resolve(), () => 0, () => Promise.resolve(true)).finally(() => (hasEnded = true));
  const outcome = end.catch((thrown: Error) => thrown.message);
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasEnded).toBe(false);
  slow.resolve(undefined);
  expect(await outcome).toMatch(/no room|cannot be read/);
});
