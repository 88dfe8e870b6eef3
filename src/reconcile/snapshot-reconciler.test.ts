import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { manualClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { blockSize, openBlockStore } from "../block-store/block-store.ts";
import { deleteSnapshot } from "../storage/snapshot-removal.ts";
import { createSnapshotRow, recordSnapshotProgress } from "../storage/snapshot.ts";
import { openStore } from "../store/store.ts";
import { openBlockJobs } from "./block-jobs.ts";
import { blockSweepReconciler } from "./block-sweep.ts";
import { runRound } from "./loop.ts";
import { snapshotReconciler, type RegionBlocks } from "./snapshot-reconciler.ts";

const owner = { account: "111122223333", region: "us-east-1" };

/** A region with one completed snapshot of one block, and a control plane that can look. */
async function openRegion(removal?: RegionBlocks) {
  const folder = mkdtempSync(join(tmpdir(), "snapshots-"));
  const store = await openStore(":memory:");
  const clock = manualClock();
  const blocks = openBlockStore(folder);
  const row = await store.write((tx) => createSnapshotRow(tx, { ...owner, origin: "direct", volume_size_gib: 1 }, systemRandom, clock.now()));
  const writer = await blocks.beginSnapshot(row.id, { volumeSizeGib: 1 });
  await writer.put(0, Buffer.alloc(blockSize, 7));
  await writer.seal();
  await store.write((tx) => recordSnapshotProgress(tx, row, { state: "completed", percent: 100 }, clock.now()));
  const reconcilers = [snapshotReconciler(store, removal ?? (() => blocks), openBlockJobs(silentLog)), blockSweepReconciler(() => blocks, silentLog)];
  return {
    blocks,
    clock,
    look: () => runRound({ store, reconcilers, clock, log: silentLog }),
    drop: () => store.write((tx) => deleteSnapshot(tx, row, clock.now())),
    rows: () => store.read(async (tx) => (await tx.db.selectFrom("snapshots").select("id").execute()).length),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

test("A deleted snapshot's manifest goes, then its row, and a while later its blocks", async () => {
  await using region = await openRegion();
  await region.drop();
  await region.look();
  expect([await region.blocks.listSnapshots(), await region.rows()]).toEqual([[], 0]);
  region.clock.advance(60_000);
  await region.look();
  const count = async (): Promise<number> => {
    let blocks = 0;
    for await (const _ of region.blocks.listBlocks()) blocks++;
    return blocks;
  };
  await expect.poll(count).toBe(0); // nobody waits for a sweep
});

test("A removal that failed is tried again, and the row stays until it is done", async () => {
  let attempts = 0;
  const broken: RegionBlocks = () => ({
    removeSnapshot: async () => {
      if (++attempts === 1) throw new Error("the disk does not answer");
    },
  });
  await using region = await openRegion(broken);
  await region.drop();
  await region.look();
  expect([attempts, await region.rows()]).toEqual([1, 1]);
  region.clock.advance(1_000);
  await region.look();
  expect([attempts, await region.rows()]).toEqual([2, 0]);
});
