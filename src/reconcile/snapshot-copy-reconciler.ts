/**
 * Copies of snapshots: brings the blocks of the source into the copy's region. In one store a copy is only names; between regions a block that the other has not is
 * a second name of the same file; under another key it is sealed anew. The snapshots that an installation brings along are read from their files.
 */
import { join } from "node:path";
import type { BlockStore, SealedSnapshot, SnapshotWriter } from "../block-store/block-store.ts";
import { readDiskImage, type DiskFormat } from "../block-store/disk-image.ts";
import { TerminalError } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";
import { blocksPerGib, type ManifestEntry } from "../block-store/block-store.ts";
import { readSnapshotKey } from "../storage/direct-snapshot.ts";
import { findSnapshot, recordSnapshotProgress, type SnapshotProgress } from "../storage/snapshot.ts";
import type { SnapshotRow } from "../store/storage-tables.ts";
import type { Store, Tx } from "../store/store.ts";
import type { BlockJobs } from "./block-jobs.ts";
import type { Reconciler } from "./loop.ts";
import { moveBlocks, type TellProgress } from "./move-blocks.ts";

export interface CopyParts {
  readonly store: Store;
  readonly blocks: (region: string) => BlockStore;
  readonly jobs: BlockJobs;
  readonly clock: Clock;
  /** Where the files of the installation's own snapshots are. */
  readonly imagesDirectory: string;
  /** Where a file may be made for the time of a copy. */
  readonly scratchDirectory: string;
  /** Without real hosts: images have no files, and count as empty. */
  readonly simulated: boolean;
}

/** Should the process lose its job, it is started again after that. */
const lookAgainMs = 60_000;

interface Copy {
  readonly row: SnapshotRow;
  readonly source: SnapshotRow | undefined;
  readonly key: Uint8Array | undefined;
  readonly sourceKey: Uint8Array | undefined;
}

export function snapshotCopyReconciler(parts: CopyParts): Reconciler {
  return {
    kind: "snapshot-copy",
    scan: async (tx) => (await pendingCopies(tx).execute()).map(({ id }) => id),
    reconcile: async (tx, key, now) => {
      const row = await findSnapshot(tx, key as SnapshotRow["id"]); // keys are ids
      if (row === undefined || row.want === "absent" || row.observed_state === "completed" || row.observed_state === "failed") return { again: undefined };
      return { again: now + lookAgainMs, outside: async () => parts.jobs.start(key, (signal) => copySnapshot(parts, row.id, signal)) };
    },
  };
}

function pendingCopies(tx: Tx) {
  return tx.db.selectFrom("snapshots").select("id").where("origin", "=", "copy").where("want", "=", "present").where("observed_state", "in", ["ordered", "frozen"]);
}

async function copySnapshot(parts: CopyParts, id: SnapshotRow["id"], signal: AbortSignal): Promise<void> {
  const { store, clock } = parts;
  const record = (progress: SnapshotProgress): Promise<boolean> =>
    store.write(async (tx) => {
      const row = await findSnapshot(tx, id);
      if (row === undefined) return false;
      await recordSnapshotProgress(tx, row, progress, clock.now());
      return true;
    }, "soon");
  const tell: TellProgress = async (percent) => !signal.aborted && record({ state: "frozen", percent });
  const copy = await store.read((tx) => readCopy(tx, id));
  if (copy === undefined) return;
  try {
    const blocks = await ensureSealed(parts, copy, tell, signal);
    if (blocks !== undefined) await record({ state: "completed", percent: 100, blocks });
  } catch (thrown) {
    if (!(thrown instanceof TerminalError)) throw thrown;
    await parts.blocks(copy.row.region).removeSnapshot(id);
    await record({ state: "failed", percent: copy.row.observed_percent, reason: thrown.reason });
  }
}

async function readCopy(tx: Tx, id: SnapshotRow["id"]): Promise<Copy | undefined> {
  const row = await findSnapshot(tx, id);
  if (row === undefined || row.want === "absent") return undefined;
  const source = row.source_snapshot_id === null ? undefined : await findSnapshot(tx, row.source_snapshot_id);
  return { row, source, key: await readSnapshotKey(tx, row), sourceKey: source && (await readSnapshotKey(tx, source)) };
}

/** Undefined: it was given up. */
async function ensureSealed(parts: CopyParts, copy: Copy, tell: TellProgress, signal: AbortSignal): Promise<SealedSnapshot | undefined> {
  const target = parts.blocks(copy.row.region);
  const done = await target.openManifest(copy.row.id);
  if (done !== undefined) return { total: done.count, moved: done.moved };
  const writer = await target.beginSnapshot(copy.row.id, { volumeSizeGib: copy.row.volume_size_gib, key: copy.key, keepZeroes: true });
  try {
    const isWhole = await moveAll(parts, copy, writer, tell, signal);
    return isWhole ? await writer.seal() : undefined;
  } finally {
    await writer.close();
  }
}

async function moveAll(parts: CopyParts, copy: Copy, writer: SnapshotWriter, tell: TellProgress, signal: AbortSignal): Promise<boolean> {
  const { row, source } = copy;
  if (source === undefined) throw new TerminalError("the snapshot that was to be copied is gone");
  if (source.source_file !== null) return parts.simulated || moveFile(parts, copy, source.source_file, writer, tell, signal);
  const from = parts.blocks(copy.row.source_region ?? source.region);
  const manifest = await from.openManifest(source.id);
  if (manifest === undefined) throw new TerminalError("the blocks of the snapshot that was to be copied are gone");
  if (source.kms_key_id === row.kms_key_id && source.region === row.region) {
    await writer.adoptAll(manifest);
    return true;
  }
  const move =
    source.kms_key_id === row.kms_key_id
      ? (_writer: SnapshotWriter, { index, digest }: ManifestEntry) => writer.take(index, digest, from.pathOf(digest, copy.sourceKey))
      : async (_writer: SnapshotWriter, { index, digest }: ManifestEntry) => writer.put(index, await from.get(digest, copy.sourceKey), digest);
  const missing = [...manifest].filter(({ index, digest }) => writer.find(index) !== digest);
  const blocks = row.volume_size_gib * blocksPerGib;
  return moveBlocks(writer, missing, move, ({ index }) => index / blocks, tell);
}

async function moveFile(parts: CopyParts, { row }: Copy, name: string, writer: SnapshotWriter, tell: TellProgress, signal: AbortSignal): Promise<boolean> {
  const format: DiskFormat = name.endsWith(".qcow2") ? "qcow2" : "raw";
  const disk = readDiskImage({ file: join(parts.imagesDirectory, name), format }, join(parts.scratchDirectory, `${row.id}.raw`), signal);
  const blocks = row.volume_size_gib * blocksPerGib;
  return moveBlocks(writer, disk, (_writer, { index, data }) => writer.put(index, data), ({ index }) => index / blocks, tell);
}
