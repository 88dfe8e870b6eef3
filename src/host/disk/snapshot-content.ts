/** A snapshot as the content of an export: blocks from the store, checked as they are read; what the manifest does not have is nothing. */
import { blockSize, type BlockStore, type Digest, type Manifest } from "../../block-store/block-store.ts";
import type { ServedContent } from "./nbd/nbd-server.ts";

export interface SnapshotContent extends ServedContent {
  /** Which blocks could not be had when they were last asked for, by index. */
  readonly damaged: ReadonlySet<number>;
  /** What was taken from the store so far. */
  readonly fetchedBytes: number;
}

/** QEMU asks for parts of a block, one after the other; as many blocks are kept as clients read at once. */
const keptBlocks = 16;

/** `onDamage` is called when `damaged` has changed. */
export function snapshotContent(store: Pick<BlockStore, "get">, manifest: Manifest, key: Uint8Array | undefined, onDamage: () => void): SnapshotContent {
  const kept = new Map<number, Promise<Buffer>>();
  const damaged = new Set<number>();
  let fetchedBytes = 0;

  const fetch = async (index: number, digest: Digest): Promise<Buffer> => {
    fetchedBytes += blockSize;
    try {
      const block = await store.get(digest, key);
      if (damaged.delete(index)) onDamage();
      return block;
    } catch (error) {
      kept.delete(index); // a later attempt asks the store again
      if (!damaged.has(index)) {
        damaged.add(index);
        onDamage();
      }
      throw error;
    }
  };
  const blockAt = (index: number): Promise<Buffer> => {
    const digest = manifest.find(index);
    if (digest === undefined) return Promise.resolve(Buffer.alloc(blockSize));
    const block = kept.get(index) ?? fetch(index, digest);
    kept.delete(index);
    kept.set(index, block);
    const [oldest] = kept.keys();
    if (kept.size > keptBlocks && oldest !== undefined) kept.delete(oldest);
    return block;
  };

  return {
    sizeBytes: manifest.volumeSizeGib * 2 ** 30,
    damaged,
    get fetchedBytes() {
      return fetchedBytes;
    },
    async read(offset, length) {
      const block = await blockAt(Math.floor(offset / blockSize));
      return block.subarray(offset % blockSize, (offset % blockSize) + length);
    },
    async check(offset) {
      await blockAt(Math.floor(offset / blockSize));
    },
    extentAt(offset, length) {
      const index = Math.floor(offset / blockSize);
      const next = manifest.from(index).next().value?.index;
      const isData = next === index;
      const end = isData ? (index + 1) * blockSize : (next ?? Number.POSITIVE_INFINITY) * blockSize;
      return { isData, length: Math.min(length, end - offset) };
    },
  };
}
