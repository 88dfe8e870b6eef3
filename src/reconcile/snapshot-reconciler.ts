/**
 * Snapshots: fails those that nobody will ever store, and removes those that nobody wants, as soon as nobody reads or writes their blocks any more:
 *
 *   its volume's storage node still stores it        until the node has taken a specification that does not name it
 *   a volume that began as it lacks blocks           until all its blocks are there, or the volume is gone
 *   it is being copied                               until the copy has ended
 *   it is a copy, and its blocks are being moved     until that has ended: a writer that begins after the removal would bring it back
 *
 * Then its manifest is removed, outside of any transaction, and after that its row. Blocks that no other snapshot has go with a sweep of the region.
 */
import type { BlockStore } from "../block-store/block-store.ts";
import { removeAllTags } from "../compute/tags.ts";
import { isForgotten } from "../storage/direct-snapshot.ts";
import { recordSnapshotProgress } from "../storage/snapshot.ts";
import { conditionOf } from "../storage/volume.ts";
import { wake } from "../store/due.ts";
import type { SnapshotRow, VolumeRow } from "../store/storage-tables.ts";
import type { Store, Tx } from "../store/store.ts";
import type { BlockJobs } from "./block-jobs.ts";
import type { Reconciler, Verdict } from "./loop.ts";
import { findPublished } from "./publish.ts";

export type RegionBlocks = (region: string) => Pick<BlockStore, "removeSnapshot">;

/** How often something that keeps the blocks is looked at again. */
const pauseMs = 1_000;
/** When a removal is tried again that was not finished. */
const retryMs = 30_000;
/** Removals come in groups: one sweep does for all of them. */
const sweepAfterMs = 60_000;

export function snapshotReconciler(store: Store, blocks: RegionBlocks, jobs: Pick<BlockJobs, "stop">): Reconciler {
  return {
    kind: "snapshot",
    scan: async (tx) => (await openSnapshots(tx).execute()).map((row) => row.id),
    reconcile: async (tx, key, now) => {
      const row = await tx.db.selectFrom("snapshots").selectAll().where("id", "=", key as SnapshotRow["id"]).executeTakeFirst(); // keys are ids
      if (row === undefined || row.origin === "file") return { again: undefined };
      if (row.want === "present") return failLost(tx, row, now);
      if (jobs.stop(row.id) || (await isHeld(tx, row))) return { again: now + pauseMs };
      const outside = async (): Promise<void> => {
        await blocks(row.region).removeSnapshot(row.id);
        await store.write((later) => forget(later, row, now), "soon");
      };
      return { again: now + retryMs, outside };
    },
  };
}

function openSnapshots(tx: Tx) {
  return tx.db
    .selectFrom("snapshots")
    .select("id")
    .where("origin", "!=", "file")
    .where(({ eb, or }) => or([eb("want", "=", "absent"), eb("observed_state", "in", ["ordered", "frozen"])]));
}

/** A volume that is gone, and a caller who puts no blocks any more, leave a snapshot that will never be completed. */
async function failLost(tx: Tx, row: SnapshotRow, now: number): Promise<Verdict> {
  if (row.observed_state === "completed" || row.observed_state === "failed") return { again: undefined };
  const isVolumeGone = row.origin === "volume" && (await findVolume(tx, row)) === undefined;
  const isLate = row.origin === "direct" && isForgotten(row, now);
  const reason = isVolumeGone ? "The volume was removed before its snapshot was stored" : isLate ? "No block arrived within the timeout" : undefined;
  if (reason !== undefined) await recordSnapshotProgress(tx, row, { state: "failed", percent: row.observed_percent, reason }, now);
  return { again: reason === undefined && row.untouched_until !== null ? row.untouched_until : undefined };
}

async function isHeld(tx: Tx, row: SnapshotRow): Promise<boolean> {
  return (await isBeingStored(tx, row)) || (await isBeingRead(tx, row)) || (await isBeingCopied(tx, row));
}

async function isBeingStored(tx: Tx, row: SnapshotRow): Promise<boolean> {
  if (row.observed_state !== "ordered" && row.observed_state !== "frozen") return false;
  const volume = await findVolume(tx, row);
  if (volume === undefined) return false;
  const published = await findPublished(tx, volume.storage_node, "volume", volume.id);
  if (published === undefined) return false;
  return published.body.includes(`"${row.id}"`) || volume.observed_generation < published.generation;
}

/** A volume takes what it lacks of its snapshot from the store, on demand. */
async function isBeingRead(tx: Tx, row: SnapshotRow): Promise<boolean> {
  const volumes = await tx.db.selectFrom("volumes").selectAll().where("snapshot_id", "=", row.id).where("observed_state", "is not", "absent").execute();
  return volumes.some((volume) => volume.source_file === null && !isInitialized(volume));
}

function isInitialized(volume: VolumeRow): boolean {
  return volume.observed_state === "failed" || (volume.observed_state === "available" && conditionOf(volume)?.initializedPercent === undefined);
}

async function isBeingCopied(tx: Tx, row: SnapshotRow): Promise<boolean> {
  const copies = tx.db.selectFrom("snapshots").select("id").where("source_snapshot_id", "=", row.id).where("want", "=", "present");
  return (await copies.where("observed_state", "in", ["ordered", "frozen"]).executeTakeFirst()) !== undefined;
}

function findVolume(tx: Tx, { volume_id: id }: SnapshotRow): Promise<VolumeRow | undefined> {
  return tx.db.selectFrom("volumes").selectAll().where("id", "=", id as VolumeRow["id"]).executeTakeFirst(); // written from a volume's row
}

async function forget(tx: Tx, row: SnapshotRow, now: number): Promise<void> {
  await tx.db.deleteFrom("snapshots").where("id", "=", row.id).execute();
  await removeAllTags(tx, row.id);
  await wake(tx, { kind: "block-sweep", key: row.region }, now + sweepAfterMs);
}
