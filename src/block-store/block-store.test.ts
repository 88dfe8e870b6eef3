import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blockSize, digestOf } from "./block.ts";
import { openBlockStore } from "./block-store.ts";
import { base, exampleBlocks, writeBase, writeExample } from "./testing/example-snapshot.ts";
import { blockOf, killAtEffect, readSnapshot, scratchStore, sealSnapshot } from "./testing/scratch-store.ts";

const key = Buffer.alloc(32, 1);
const otherKey = Buffer.alloc(32, 2);

test("a sealed snapshot has its blocks, and only what was not in the store moves", async () => {
  using scratch = scratchStore();
  const { store } = scratch;
  await writeBase(store);
  const writer = await store.beginSnapshot("snap-1", { volumeSizeGib: 1 });
  const manifest = await store.openManifest(base);
  if (manifest !== undefined) await writer.adoptAll(manifest);
  await writer.close();
  const resumed = await store.beginSnapshot("snap-1", { volumeSizeGib: 1 });
  await resumed.put(1, blockOf("new;"));
  await resumed.put(2, blockOf("kept;"));
  await resumed.put(2047, blockOf("new;"));
  expect(resumed.listPut()).toEqual([{ index: 1, digest: digestOf(blockOf("new;")) }, { index: 2, digest: digestOf(blockOf("kept;")) }, { index: 2047, digest: digestOf(blockOf("new;")) }]);
  expect(await store.openManifest("snap-1")).toBeUndefined();
  expect(await resumed.seal()).toEqual({ total: 4, moved: 1 });
  expect(await readSnapshot(scratch.reopen(), "snap-1")).toEqual({ 0: "kept;", 1: "new;", 2: "kept;", 2047: "new;" });
  expect([await store.listSnapshots(), await store.listJournals()]).toEqual([["snap-1", base].toSorted(), []]);
});

test("zeroes are places without a block, unless blocks of zeroes are asked for", async () => {
  using scratch = scratchStore();
  const writer = await scratch.store.beginSnapshot("snap-1", { volumeSizeGib: 1 });
  await writer.put(0, blockOf("data;"));
  await writer.put(0, Buffer.alloc(blockSize));
  await writer.put(1, Buffer.alloc(blockSize));
  expect(await writer.seal()).toEqual({ total: 0, moved: 0 });
  const keeping = await scratch.store.beginSnapshot("snap-2", { volumeSizeGib: 1, keepZeroes: true });
  await keeping.put(1, Buffer.alloc(blockSize));
  expect(await keeping.seal()).toEqual({ total: 1, moved: 1 });
});

test("blocks beyond the volume and of another size are refused", async () => {
  using scratch = scratchStore();
  const writer = await scratch.store.beginSnapshot("snap-1", { volumeSizeGib: 1 });
  await expect(writer.put(2048, blockOf("a;"))).rejects.toThrow("no block 2048");
  await expect(writer.put(-1, blockOf("a;"))).rejects.toThrow("no block -1");
  await expect(writer.put(0, Buffer.alloc(512))).rejects.toThrow("not 512");
  await expect(writer.adopt(0, digestOf(blockOf("never put")))).rejects.toMatchObject({ name: "MissingBlockError", digest: digestOf(blockOf("never put")) });
  await writer.abandon();
  expect(await scratch.store.listJournals()).toEqual([]);
});

test("snapshots of different keys share nothing, and neither reads the other's", async () => {
  using scratch = scratchStore();
  const { store } = scratch;
  await sealSnapshot(store, "snap-1", { 0: "secret;" }, key);
  await sealSnapshot(store, "snap-2", { 0: "secret;" }, otherKey);
  await sealSnapshot(store, "snap-3", { 0: "secret;", 1: "more;" }, key);
  expect([await readSnapshot(store, "snap-1", key), (await store.openManifest("snap-2"))?.moved, (await store.openManifest("snap-3"))?.moved]).toEqual([{ 0: "secret;" }, 1, 1]);
  await expect(readSnapshot(store, "snap-3", otherKey)).rejects.toMatchObject({ name: "MissingBlockError" });
  await expect(readSnapshot(store, "snap-1")).rejects.toMatchObject({ name: "MissingBlockError" });
  writeFileSync(store.pathOf(digestOf(blockOf("secret;")), key), readFileSync(store.pathOf(digestOf(blockOf("secret;")), otherKey)));
  await expect(readSnapshot(store, "snap-1", key)).rejects.toMatchObject({ name: "CorruptBlockError", digest: digestOf(blockOf("secret;")) });
});

test("a damaged block and a missing one are named, and never returned", async () => {
  using scratch = scratchStore();
  await sealSnapshot(scratch.store, "snap-1", { 0: "one;", 1: "two;" });
  const [one, two] = [digestOf(blockOf("one;")), digestOf(blockOf("two;"))];
  await truncate(scratch.store.pathOf(one), 20);
  rmSync(scratch.store.pathOf(two));
  await expect(scratch.store.get(one)).rejects.toMatchObject({ name: "CorruptBlockError", digest: one });
  await expect(scratch.store.get(two)).rejects.toMatchObject({ name: "MissingBlockError", digest: two });
});

test("a writer goes on with what an earlier one had put, and not with what it had only promised", async () => {
  using scratch = scratchStore();
  const first = await scratch.store.beginSnapshot("snap-1", { volumeSizeGib: 1 });
  for (const [index, text] of ["zero;", "one;", "two;", "three;"].entries()) await first.put(index, blockOf(text));
  await first.remove(3);
  await first.put(0, blockOf("zero-again;"));
  await first.close();
  rmSync(scratch.store.pathOf(digestOf(blockOf("zero-again;"))));
  const second = await scratch.reopen().beginSnapshot("snap-1", { volumeSizeGib: 1 });
  expect([second.count, second.find(0), second.find(3)]).toEqual([3, digestOf(blockOf("zero;")), undefined]);
  expect(second.listPut().map(({ index }) => index)).toEqual([0, 1, 2]);
  await second.put(3, blockOf("three;"));
  expect(await second.seal()).toEqual({ total: 4, moved: 0 });
  expect(await readSnapshot(scratch.store, "snap-1")).toEqual({ 0: "zero;", 1: "one;", 2: "two;", 3: "three;" });
});

test("a journal whose end was torn off goes on from its last whole record", async () => {
  using scratch = scratchStore();
  const first = await scratch.store.beginSnapshot("snap-1", { volumeSizeGib: 1 });
  for (const [index, text] of ["zero;", "one;"].entries()) await first.put(index, blockOf(text));
  await first.close();
  const journal = join(scratch.directory, "journals", "snap-1");
  await truncate(journal, readFileSync(journal).length - 5);
  const second = await scratch.reopen().beginSnapshot("snap-1", { volumeSizeGib: 1 });
  expect([second.find(0) !== undefined, second.find(1)]).toEqual([true, undefined]);
  await second.put(2, blockOf("two;"));
  await second.close();
  const third = await scratch.reopen().beginSnapshot("snap-1", { volumeSizeGib: 1 });
  await third.seal();
  expect(await readSnapshot(scratch.store, "snap-1")).toEqual({ 0: "zero;", 2: "two;" });
});

test("a snapshot with a manifest is not written again, and one begun otherwise is not gone on with", async () => {
  using scratch = scratchStore();
  await sealSnapshot(scratch.store, "snap-1", { 0: "one;" });
  await expect(scratch.store.beginSnapshot("snap-1", { volumeSizeGib: 1 })).rejects.toThrow("complete already");
  await (await scratch.store.beginSnapshot("snap-2", { volumeSizeGib: 1 })).close();
  await expect(scratch.store.beginSnapshot("snap-2", { volumeSizeGib: 2 })).rejects.toThrow("another size or key");
  await expect(scratch.store.beginSnapshot("snap-2", { volumeSizeGib: 1, key })).rejects.toThrow("another size or key");
});

test("a snapshot that is removed at any moment of its sealing has no manifest afterwards", async () => {
  for (let removeAt = 1, ended = false; !ended; removeAt++) {
    let moments = 0;
    using scratch = scratchStore({
      witness: async () => {
        if (++moments === removeAt) await scratch.reopen().removeSnapshot("snap-1");
      },
    });
    const sealing = sealSnapshot(scratch.store, "snap-1", { 0: "one;" });
    await sealing.catch((thrown: unknown) => expect(thrown).toMatchObject({ name: "SnapshotRemovedError" }));
    ended = moments < removeAt;
    if (!ended) expect([removeAt, await scratch.store.listSnapshots(), await scratch.store.listJournals()]).toEqual([removeAt, [], []]);
  }
});

test("the blocks of another region's store are taken without being copied, and outlive it there", async () => {
  using here = scratchStore();
  using there = scratchStore();
  await sealSnapshot(there.store, "snap-1", { 0: "one;", 1: "two;" });
  await sealSnapshot(here.store, "snap-0", { 0: "two;" });
  const manifest = await there.store.openManifest("snap-1");
  const writer = await here.store.beginSnapshot("snap-2", { volumeSizeGib: 1 });
  for (const { index, digest } of manifest ?? []) await writer.take(index, digest, there.store.pathOf(digest));
  expect(await writer.seal()).toEqual({ total: 2, moved: 1 });
  await there.store.removeSnapshot("snap-1");
  expect((await there.store.sweep(Date.now())).removed).toBe(2);
  expect(await readSnapshot(here.store, "snap-2")).toEqual({ 0: "one;", 1: "two;" });
});

test("a writer that ends before and after each effect leaves nothing that is wrong, and the next one ends what it began", async () => {
  for (let killAt = 1, ended = false; !ended; killAt++) {
    const { witness, killed, wasMet } = killAtEffect(killAt);
    using scratch = scratchStore({ witness });
    await writeBase(scratch.reopen());
    await Promise.race([writeExample(scratch.store, "snap-1"), killed]);
    ended = !wasMet();
    await requireRight(scratch.directory);
  }
});

test.each([3, 9, 14, 19, 24, 28])("the same with a process that is killed with -9, at moment %i", async (killAt) => {
  using scratch = scratchStore();
  await writeBase(scratch.store);
  const program = join(import.meta.dirname, "testing/killed-writer.ts");
  const ended = new Promise((resolve) => execFile(process.execPath, [program, scratch.directory, "snap-1", String(killAt)], (error) => resolve(error?.signal)));
  expect(await ended).toBe("SIGKILL");
  await requireRight(scratch.directory);
});

/** Checks what a killed writer left, and has another one end the work. */
async function requireRight(directory: string): Promise<void> {
  const store = openBlockStore(directory);
  const left = await readSnapshot(store, "snap-1");
  if (left !== undefined) expect(left).toEqual(exampleBlocks);
  await store.sweep(Date.now());
  await writeExample(store, "snap-1");
  expect(await readSnapshot(store, "snap-1")).toEqual(exampleBlocks);
  expect(await readSnapshot(store, base)).toEqual({ 0: "kept;", 1: "changed;", 2: "gone;" });
}
