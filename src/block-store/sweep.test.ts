import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestOf } from "./block.ts";
import type { BlockStore, SnapshotWriter } from "./block-store.ts";
import { base, exampleBlocks, writeBase, writeExample } from "./testing/example-snapshot.ts";
import { blockOf, killAtEffect, readSnapshot, scratchStore, sealSnapshot } from "./testing/scratch-store.ts";

async function unnamedBlocks(store: BlockStore): Promise<number> {
  let count = 0;
  for await (const { named } of store.listBlocks()) if (!named) count++;
  return count;
}

test("a sweep removes what no snapshot has any more, plain and sealed, and says how much", async () => {
  using scratch = scratchStore();
  const { store } = scratch;
  const key = Buffer.alloc(32, 1);
  await sealSnapshot(store, "snap-1", { 0: "one;", 1: "both;" });
  await sealSnapshot(store, "snap-2", { 0: "two;", 1: "both;" });
  await sealSnapshot(store, "snap-3", { 0: "one;", 1: "two;" }, key);
  const abandoned = await store.beginSnapshot("snap-4", { volumeSizeGib: 1 });
  await abandoned.put(0, blockOf("four;"));
  await abandoned.abandon();
  await store.removeSnapshot("snap-1");
  await store.removeSnapshot("snap-3");
  const result = await store.sweep(Date.now());
  expect([result.examined, result.removed, result.removedBytes > 0]).toEqual([6, 4, true]);
  expect(await readSnapshot(store, "snap-2")).toEqual({ 0: "two;", 1: "both;" });
  expect(await store.sweep(Date.now())).toEqual({ examined: 2, removed: 0, removedBytes: 0 });
});

test("a sweep keeps what a writer has put, and files without a name only while they may be somebody's", async () => {
  using scratch = scratchStore();
  const { store } = scratch;
  const writer = await store.beginSnapshot("snap-1", { volumeSizeGib: 1 });
  await writer.put(0, blockOf("one;"));
  const [old, fresh] = ["old", "fresh"].map((name) => join(scratch.directory, "unfinished", name));
  for (const path of [old, fresh]) writeFileSync(path ?? "", "half a block");
  utimesSync(old ?? "", 0, 0);
  expect((await scratch.reopen().sweep(Date.now())).removed).toBe(0);
  expect(readdirSync(join(scratch.directory, "unfinished"))).toEqual(["fresh"]);
  await writer.seal();
  expect(await readSnapshot(store, "snap-1")).toEqual({ 0: "one;" });
});

test("a sweep removes nothing while a manifest cannot be read", async () => {
  using scratch = scratchStore();
  const { store } = scratch;
  await sealSnapshot(store, "snap-1", { 0: "one;" });
  writeFileSync(join(scratch.directory, "manifests", "snap-1"), "not a manifest");
  await expect(store.sweep(Date.now())).rejects.toMatchObject({ name: "CorruptManifestError", snapshot: "snap-1" });
  expect(await unnamedBlocks(store).catch((thrown: Error) => thrown.name)).toBe("CorruptManifestError");
  expect(await store.get(digestOf(blockOf("one;")))).toEqual(blockOf("one;"));
});

/** Blocks that the example will want and that nothing names: what a sweep takes away under the writer's hands. */
async function leaveOrphans(store: BlockStore): Promise<void> {
  await sealSnapshot(store, "snap-orphans", { 0: "other;", 1: "first;", 2: "last;" });
  await store.removeSnapshot("snap-orphans");
}

test("a writer does all its work at any moment of a sweep, and loses nothing", async () => {
  for (let pauseAt = 1, ended = false; !ended; pauseAt++) {
    let moments = 0;
    using scratch = scratchStore({
      witness: async () => {
        if (++moments === pauseAt) await writeExample(scratch.reopen(), "snap-1");
      },
    });
    await writeBase(scratch.reopen());
    await leaveOrphans(scratch.reopen());
    await scratch.store.sweep(Date.now());
    ended = moments < pauseAt;
    if (!ended) expect([pauseAt, await readSnapshot(scratch.reopen(), "snap-1")]).toEqual([pauseAt, exampleBlocks]);
  }
});

test("a whole sweep goes by at any moment of a writer, and takes nothing of it", async () => {
  for (let pauseAt = 1, ended = false; !ended; pauseAt++) {
    let moments = 0;
    using scratch = scratchStore({
      witness: async () => {
        if (++moments === pauseAt) await scratch.reopen().sweep(Date.now());
      },
    });
    await writeBase(scratch.reopen());
    await leaveOrphans(scratch.reopen());
    await writeExample(scratch.store, "snap-1");
    ended = moments < pauseAt;
    if (!ended) expect([pauseAt, await readSnapshot(scratch.reopen(), "snap-1")]).toEqual([pauseAt, exampleBlocks]);
  }
});

/** Before the first of three blocks is moved aside, and while what is named by then is being read. */
const sweepMoments = [2, 8];

test("writer and sweep take turns and nothing is lost", async () => {
  for (let writerAt = 1, ended = false; !ended; writerAt++) {
    for (const sweepAt of sweepMoments) ended = await interleave(writerAt, sweepAt);
  }
});

/** The writer stops at one moment, a sweep goes up to one of its own; then the writer ends, and after it the sweep. True: the writer has no such moment. */
async function interleave(writerAt: number, sweepAt: number): Promise<boolean> {
  using scratch = scratchStore();
  await writeBase(scratch.store);
  await leaveOrphans(scratch.store);
  const writerEnd = Promise.withResolvers<void>();
  const swept = Promise.withResolvers<void>();
  let sweepMoments = 0;
  const sweeping = async () => {
    const store = scratch.reopen({
      witness: async () => {
        if (++sweepMoments !== sweepAt) return;
        swept.resolve();
        await writerEnd.promise;
      },
    });
    await store.sweep(Date.now());
    swept.resolve();
  };
  let writerMoments = 0;
  let sweep: Promise<void> | undefined;
  const writer = scratch.reopen({
    witness: async () => {
      if (++writerMoments !== writerAt) return;
      sweep = sweeping();
      await swept.promise;
    },
  });
  await writeExample(writer, "snap-1");
  writerEnd.resolve();
  await sweep;
  expect([writerAt, sweepAt, await readSnapshot(scratch.store, "snap-1")]).toEqual([writerAt, sweepAt, exampleBlocks]);
  expect(await readSnapshot(scratch.store, base)).toBeDefined();
  return writerMoments < writerAt;
}

test("a writer that finds a block just before it is moved aside, and seals while the sweep reads what is named, keeps it", async () => {
  let [writer, looks]: [SnapshotWriter | undefined, number] = [undefined, 0];
  using scratch = scratchStore({
    witness: async (moment) => {
      if (moment === "move" && writer === undefined) {
        writer = await scratch.reopen().beginSnapshot("snap-1", { volumeSizeGib: 1 });
        for (const [index, text] of ["other;", "first;", "last;"].entries()) await writer.put(index, blockOf(text));
      }
      if (moment === "journals read" && ++looks === 2) await writer?.seal();
    },
  });
  await leaveOrphans(scratch.reopen());
  expect((await scratch.store.sweep(Date.now())).removed).toBe(0);
  expect(await readSnapshot(scratch.store, "snap-1")).toEqual({ 0: "other;", 1: "first;", 2: "last;" });
});

test("a block is found while a sweep has it aside, and after that sweep was killed", async () => {
  const [aside, killed] = [Promise.withResolvers<void>(), new Promise<void>(() => undefined)];
  let [hasWritten, looks] = [false, 0];
  using scratch = scratchStore({
    witness: async (moment) => {
      if (moment === "move" && !hasWritten) {
        hasWritten = true;
        await sealSnapshot(scratch.reopen(), "snap-1", { 0: "other;", 1: "last;" }); // finds both there, and writes neither
      }
      if (moment !== "journals read" || ++looks !== 2) return;
      aside.resolve();
      await killed;
    },
  });
  await leaveOrphans(scratch.reopen());
  void scratch.store.sweep(Date.now());
  await aside.promise;
  expect(readdirSync(join(scratch.directory, "aside", "blocks"))).toHaveLength(3);
  const writer = await scratch.reopen().beginSnapshot("snap-2", { volumeSizeGib: 1 });
  await writer.adopt(7, digestOf(blockOf("other;")));
  expect(await readSnapshot(scratch.reopen(), "snap-1")).toEqual({ 0: "other;", 1: "last;" });
  await writer.close();
});

test("a sweep that is killed at any moment leaves nothing that the next one does not put right", async () => {
  for (let killAt = 1, ended = false; !ended; killAt++) {
    const { witness, killed, wasMet } = killAtEffect(killAt);
    using scratch = scratchStore({ witness });
    const store = scratch.reopen();
    await writeBase(store);
    await leaveOrphans(store);
    await Promise.race([scratch.store.sweep(Date.now()), killed]);
    ended = !wasMet();
    await writeExample(store, "snap-1");
    await store.sweep(Date.now());
    expect([killAt, await readSnapshot(store, "snap-1"), await unnamedBlocks(store)]).toEqual([killAt, exampleBlocks, 0]);
  }
});
