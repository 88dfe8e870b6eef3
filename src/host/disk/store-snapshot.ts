/**
 * Brings one taken snapshot into the block store: what its parent has, and of the volume only the blocks that changed since, read through an
 * export of the frozen layer.
 *
 * Which blocks changed is asked of the storage daemon, which knows for every cluster in which layer it is (`qemu:allocation-depth`). It may be
 * begun again after any interruption: the writer still knows what was stored.
 */
import { blockSize, type BlockStore, type Manifest, type SnapshotWriter } from "../../block-store/block-store.ts";
import { connectNbd, type Extent, type NbdClient } from "./nbd/nbd-client.ts";
import { statusFlags } from "./nbd/nbd-protocol.ts";
import type { VolumeDaemon } from "./volume-daemon.ts";
import { listParents, type TakenSnapshot, type VolumeStack } from "./volume-stack.ts";

export interface StoringJob {
  readonly store: Pick<BlockStore, "openManifest" | "beginSnapshot">;
  /** 32 bytes; undefined: not encrypted. */
  readonly key: Uint8Array | undefined;
  readonly daemon: Pick<VolumeDaemon, "beginReading" | "endReading">;
  readonly address: { readonly host: string; readonly port: number };
  readonly stack: VolumeStack;
  readonly taken: TakenSnapshot;
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal;
}

const blocksAtOnce = 4;
const statusBytes = 2 ** 31;

/** How many blocks the snapshot has, and how many were new. Durable when it returns. */
export async function storeSnapshot(job: StoringJob): Promise<{ readonly total: number; readonly moved: number }> {
  const { store, daemon, address, taken, key } = job;
  const stored = await store.openManifest(taken.id);
  if (stored !== undefined) return { total: stored.count, moved: stored.moved };
  const { manifest, depth } = await findParent(job);
  await daemon.endReading();
  const name = await daemon.beginReading(taken.layer);
  try {
    using client = await connectNbd(address, name, manifest === undefined ? "base:allocation" : "qemu:allocation-depth");
    const isChanged = manifest === undefined ? ({ value }: Extent) => (value & statusFlags.zero) === 0 : ({ value }: Extent) => value >= 1 && value <= depth;
    const changed = await listBlocks(client, isChanged, job.signal);
    const writer = await store.beginSnapshot(taken.id, { volumeSizeGib: taken.sizeGib, key });
    try {
      await adoptParent(writer, manifest, changed);
      await storeBlocks(job, client, writer, [...changed].filter((index) => !isStored(writer, manifest, index)));
      return await writer.seal();
    } finally {
      await writer.close();
    }
  } finally {
    await daemon.endReading();
  }
}

/** `depth`: how many layers, the frozen one included, are above the parent. */
async function findParent({ store, stack, taken }: StoringJob): Promise<{ manifest?: Manifest; depth: number }> {
  for (const { moment, changed } of listParents(stack, taken)) {
    const manifest = moment === undefined ? undefined : await store.openManifest(moment.id);
    if (manifest !== undefined) return { manifest, depth: changed.length };
  }
  return { depth: 0 };
}

async function listBlocks(client: NbdClient, isWanted: (extent: Extent) => boolean, signal: AbortSignal): Promise<ReadonlySet<number>> {
  const blocks = new Set<number>();
  for (let at = 0; at < client.sizeBytes; ) {
    signal.throwIfAborted();
    for (const extent of await client.status(at, Math.min(statusBytes, client.sizeBytes - at))) {
      at = extent.offset + extent.length;
      if (!isWanted(extent)) continue;
      for (let index = Math.floor(extent.offset / blockSize); index * blockSize < at; index++) blocks.add(index);
    }
  }
  return blocks;
}

/** A writer that an earlier attempt began has either all of the parent's blocks that still count, or none of the changed ones. */
async function adoptParent(writer: SnapshotWriter, manifest: Manifest | undefined, changed: ReadonlySet<number>): Promise<void> {
  if (manifest === undefined) return;
  for (const { index } of manifest) {
    if (!changed.has(index) && writer.find(index) === undefined) return writer.adoptAll(manifest);
  }
  if (writer.count === 0) await writer.adoptAll(manifest);
}

/** By an earlier attempt. A block that is the same as the parent's is not told from one that was not looked at, and looked at again. */
function isStored(writer: SnapshotWriter, manifest: Manifest | undefined, index: number): boolean {
  return writer.find(index) !== manifest?.find(index);
}

async function storeBlocks({ onProgress, signal }: StoringJob, client: NbdClient, writer: SnapshotWriter, indexes: readonly number[]): Promise<void> {
  let [next, done] = [0, 0];
  const storeSome = async () => {
    for (let index = indexes[next++]; index !== undefined; index = indexes[next++]) {
      signal.throwIfAborted();
      await writer.put(index, await client.read(index * blockSize, blockSize));
      onProgress(++done / indexes.length);
    }
  };
  const all = await Promise.allSettled(Array.from({ length: blocksAtOnce }, storeSome));
  const failed = all.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
