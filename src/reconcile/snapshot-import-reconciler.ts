/**
 * Imports of disk images as snapshots. Images are files below one folder of the installation: `file:///PATH` is a path in it, and so is `s3://BUCKET/KEY`, whose
 * bucket is a folder there. The snapshot appears when it is complete; its id follows from the task's, so that an import that was interrupted goes on.
 */
import { realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { Clock } from "../base/clock.ts";
import { TerminalError } from "../base/errors.ts";
import type { SnapshotId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { blocksPerGib, type BlockStore, type SealedSnapshot } from "../block-store/block-store.ts";
import { inspectDiskImage, readDiskImage, type DiskFormat, type DiskImage } from "../block-store/disk-image.ts";
import { findKey, snapshotKeyOf } from "../storage/kms-key.ts";
import { createSnapshotRow } from "../storage/snapshot.ts";
import type { ImportTaskRow } from "../store/storage-tables.ts";
import type { Store, Tx } from "../store/store.ts";
import type { BlockJobs } from "./block-jobs.ts";
import type { Reconciler } from "./loop.ts";
import { moveBlocks, type TellProgress } from "./move-blocks.ts";

export interface ImportParts {
  readonly store: Store;
  readonly blocks: (region: string) => BlockStore;
  readonly jobs: BlockJobs;
  readonly clock: Clock;
  readonly random: Random;
  /** Only what is in it can be imported. */
  readonly importDirectory: string;
  readonly scratchDirectory: string;
}

const lookAgainMs = 60_000;
/** How often a removal looks whether the job has ended. */
const pauseMs = 1_000;
/** When a removal is tried again that was not finished. */
const retryMs = 30_000;
const largestGib = 65_536;

const formats: Readonly<Record<string, DiskFormat>> = { RAW: "raw", VHD: "vpc", VHDX: "vhdx", VMDK: "vmdk" };

export function snapshotImportReconciler(parts: ImportParts): Reconciler {
  return {
    kind: "snapshot-import",
    scan: async (tx) => (await tx.db.selectFrom("import_tasks").select("id").where("state", "in", ["active", "deleting"]).execute()).map(({ id }) => id),
    reconcile: async (tx, key, now) => {
      const task = await findTask(tx, key);
      if (task?.state === "active") return { again: now + lookAgainMs, outside: async () => parts.jobs.start(key, (signal) => importImage(parts, key, signal)) };
      if (task?.state !== "deleting") return { again: undefined };
      // A job that begins its snapshot after the removal would leave it there for ever.
      if (parts.jobs.stop(key)) return { again: now + pauseMs };
      return { again: now + retryMs, outside: () => removeCancelled(parts, task) };
    },
  };
}

async function removeCancelled({ store, blocks }: ImportParts, { id, region }: ImportTaskRow): Promise<void> {
  await blocks(region).removeSnapshot(snapshotIdOf(id));
  await store.write((tx) => tx.db.updateTable("import_tasks").set({ state: "deleted" }).where("id", "=", id).execute(), "soon");
}

/** `snap-0123…` of `import-snap-0123…`. */
function snapshotIdOf(taskId: string): SnapshotId {
  return taskId.slice("import-".length) as SnapshotId; // the rest has that very form
}

function findTask(tx: Tx, id: string): Promise<ImportTaskRow | undefined> {
  return tx.db.selectFrom("import_tasks").selectAll().where("id", "=", id).executeTakeFirst();
}

async function importImage(parts: ImportParts, id: string, signal: AbortSignal): Promise<void> {
  const { store } = parts;
  const found = await store.read(async (tx) => {
    const task = await findTask(tx, id);
    if (task === undefined || task.state !== "active") return undefined;
    return { task, key: task.kms_key_id === null ? undefined : Buffer.from(snapshotKeyOf(await findKey(tx, task.kms_key_id)), "base64") };
  });
  if (found === undefined) return;
  const { task, key } = found;
  const tell: TellProgress = async (percent) => !signal.aborted && update(store, id, { percent, message: "downloading/converting" });
  try {
    const image = await findImage(parts.importDirectory, task);
    const sizeGib = Math.ceil((await inspectDiskImage(image)) / 2 ** 30);
    if (sizeGib < 1 || sizeGib > largestGib) throw new TerminalError(`the disk has ${sizeGib} GiB, and a volume 1 to ${largestGib}`);
    if (!(await update(store, id, { size_bytes: (await stat(image.file)).size, message: "downloading/converting" }))) return;
    const sealed = await ensureSealed(parts, task, image, { volumeSizeGib: sizeGib, key }, tell, signal);
    if (sealed !== undefined) await complete(parts, task, sizeGib, sealed);
  } catch (thrown) {
    if (!(thrown instanceof TerminalError)) throw thrown;
    await parts.blocks(task.region).removeSnapshot(snapshotIdOf(id));
    await update(store, id, { state: "deleted", message: `ClientError: ${thrown.reason}` });
  }
}

/** False: the task is not active any more. */
function update(store: Store, id: string, columns: Partial<Omit<ImportTaskRow, "id">>): Promise<boolean> {
  return store.write(async (tx) => {
    const changed = await tx.db.updateTable("import_tasks").set(columns).where("id", "=", id).where("state", "=", "active").executeTakeFirst();
    return changed.numUpdatedRows > 0n;
  }, "soon");
}

/** The file that the task names, which is below the folder wherever links may lead. */
async function findImage(directory: string, { source, format }: ImportTaskRow): Promise<DiskImage> {
  const path = source.startsWith("file://") ? decodeURIComponent(source.slice("file://".length)) : source.slice("s3://".length);
  const root = await realpath(directory).catch(() => directory);
  const named = path.startsWith(root + sep) ? path : join(root, path);
  const file = await realpath(named).catch(() => undefined);
  if (file === undefined || !file.startsWith(root + sep) || !(await stat(file)).isFile()) {
    throw new TerminalError(`there is no file '${path}' below the installation's import folder`);
  }
  const known = formats[format];
  if (known === undefined) throw new TerminalError(`the format ${format} is not known`);
  return { file, format: known };
}

async function ensureSealed(
  parts: ImportParts,
  task: ImportTaskRow,
  image: DiskImage,
  options: { readonly volumeSizeGib: number; readonly key: Uint8Array | undefined },
  tell: TellProgress,
  signal: AbortSignal,
): Promise<SealedSnapshot | undefined> {
  const blocks = parts.blocks(task.region);
  const id = snapshotIdOf(task.id);
  const done = await blocks.openManifest(id);
  if (done !== undefined) return { total: done.count, moved: done.moved };
  const writer = await blocks.beginSnapshot(id, options);
  try {
    const disk = readDiskImage(image, join(parts.scratchDirectory, `${id}.raw`), signal);
    const all = options.volumeSizeGib * blocksPerGib;
    const isWhole = await moveBlocks(writer, disk, (_writer, { index, data }) => writer.put(index, data), ({ index }) => index / all, tell);
    return isWhole ? await writer.seal() : undefined;
  } finally {
    await writer.close();
  }
}

/** The snapshot's row and the end of its task are one. */
async function complete({ store, clock, random }: ImportParts, task: ImportTaskRow, sizeGib: number, { total, moved }: SealedSnapshot): Promise<void> {
  const now = clock.now();
  const id = snapshotIdOf(task.id);
  await store.write(async (tx) => {
    if ((await findTask(tx, task.id))?.state !== "active") return;
    const columns = {
      id,
      account: task.account,
      region: task.region,
      origin: "import",
      volume_size_gib: sizeGib,
      description: task.description === "" ? `Created by ImportSnapshot for ${task.id}` : task.description,
      encrypted: task.kms_key_id === null ? 0 : 1,
      kms_key_id: task.kms_key_id,
      observed_state: "completed",
      observed_percent: 100,
      completed_at: now,
      total_blocks: total,
      moved_blocks: moved,
    } as const; // keeps the literals
    await createSnapshotRow(tx, columns, random, now);
    await tx.db.updateTable("import_tasks").set({ state: "completed", percent: 100, message: null, snapshot_id: id }).where("id", "=", task.id).execute();
  });
}
