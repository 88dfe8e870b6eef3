import { expect, test } from "vitest";
import { blockSize } from "../../block-store/block-store.ts";
import { copyMissing, pace } from "./initialize-volume.ts";
import { UnreadableError } from "./nbd/nbd-client.ts";

/** A snapshot of four blocks, and a layer that cannot have the damaged ones of them; `said`: what was asked of it. */
function damagedSource(...damaged: readonly number[]) {
  let missing: readonly number[] = [0, 3, 7, 9];
  const said: string[] = [];
  const shares: number[] = [];
  const source = { count: 4, missing: () => missing[Symbol.iterator](), get missingCount() { return missing.length; }, keepMissing: (indexes: readonly number[]) => void (missing = indexes), fetchedBytes: 0 };
  const unreadable = new Set(damaged);
  const client = {
    cache: async (offset: number, length: number) => {
      said.push(`${offset / blockSize}`);
      if (length !== blockSize || unreadable.has(offset / blockSize)) throw new UnreadableError(`${offset / blockSize}`);
    },
    flush: async () => void said.push(`flush, ${missing.length} missing`),
  };
  const { signal } = new AbortController();
  const copy = () => copyMissing(client, { source, bytesPerSecond: 2 ** 40, onProgress: (share) => void shares.push(share), signal });
  return { copy, client, unreadable, said: () => said.splice(0), shares };
}

test("blocks that cannot be read keep no other from being brought in, and only they are asked for again", async () => {
  const { copy, unreadable, said, shares } = damagedSource(3, 9);
  await expect(copy()).rejects.toThrow(UnreadableError);
  expect(said()).toEqual(["0", "3", "7", "9", "flush, 4 missing"]);
  await expect(copy()).rejects.toThrow(UnreadableError);
  expect(said()).toEqual(["3", "9", "flush, 2 missing"]);
  unreadable.delete(9);
  await expect(copy()).rejects.toThrow("3");
  unreadable.clear();
  said();
  await copy();
  expect(said()).toEqual(["3", "flush, 1 missing"]);
  expect(shares).toEqual([0.25, 0.5, 0.75, 1]);
});

test("nothing counts as brought in that may not be on disk", async () => {
  const { copy, client, said } = damagedSource();
  const { flush } = client;
  client.flush = () => Promise.reject(new Error("no room"));
  await expect(copy()).rejects.toThrow("no room");
  client.flush = flush;
  said();
  await copy();
  expect(said()).toEqual(["0", "3", "7", "9", "flush, 4 missing"]);
});

test("a block may be asked for when the rate has room for what was fetched, and a pause is made good for a second at most", () => {
  let now = 0;
  const source = { fetchedBytes: 5_000 };
  const nextTurn = pace(source, 1_000, () => now);
  expect(nextTurn()).toBe(0);
  source.fetchedBytes += 500;
  expect(nextTurn()).toBe(500);
  now = 200;
  expect(nextTurn()).toBe(300);
  now = 60_000;
  expect(nextTurn()).toBe(0);
  source.fetchedBytes += 1_500;
  expect(nextTurn()).toBe(500);
});
