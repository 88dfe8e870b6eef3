/** A store in a folder of its own, and blocks to put into it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blockSize } from "../block.ts";
import { openBlockStore, type BlockStore, type Manifest, type SnapshotWriter, type StoreOptions } from "../block-store.ts";

export interface ScratchStore extends Disposable {
  readonly directory: string;
  readonly store: BlockStore;
  /** The same folder as another process sees it. */
  reopen(options?: StoreOptions): BlockStore;
}

export function scratchStore(options?: StoreOptions): ScratchStore {
  const directory = mkdtempSync(join(tmpdir(), "hostelry-blocks-"));
  const { store, closeWriters } = closingStore(openBlockStore(directory, options));
  return {
    directory,
    store,
    reopen: (again) => openBlockStore(directory, again),
    [Symbol.dispose]: () => {
      void closeWriters();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The store, and what lets go of the files that its writers still have open: of a process that ends by kill -9 the system does that. */
export function closingStore(store: BlockStore): { readonly store: BlockStore; closeWriters(): Promise<void> } {
  const writers: SnapshotWriter[] = [];
  const begin = store.beginSnapshot.bind(store);
  const beginSnapshot = async (...asked: Parameters<typeof begin>) => {
    const writer = await begin(...asked);
    writers.push(writer);
    return writer;
  };
  return {
    store: Object.assign(store, { beginSnapshot }),
    closeWriters: async () => void (await Promise.allSettled(writers.map((writer) => writer.close()))),
  };
}

/** Stops for ever at the effect of this number, which is what kill -9 looks like from outside. */
export function killAtEffect(number: number): { readonly witness: () => Promise<never> | undefined; readonly killed: Promise<void>; readonly wasMet: () => boolean } {
  let effects = 0;
  const killed = Promise.withResolvers<void>();
  const witness = (): Promise<never> | undefined => {
    if (++effects < number) return undefined;
    killed.resolve();
    return new Promise(() => undefined);
  };
  return { witness, killed: killed.promise, wasMet: () => effects >= number };
}

/** A block that begins with the text and repeats it. */
export function blockOf(text: string): Buffer {
  return Buffer.alloc(blockSize, text);
}

/** Seals a snapshot of 1 GiB with these blocks. */
export async function sealSnapshot(store: BlockStore, id: string, blocks: Readonly<Record<number, string>>, key?: Uint8Array): Promise<void> {
  const writer = await store.beginSnapshot(id, { volumeSizeGib: 1, key });
  for (const [index, text] of Object.entries(blocks)) await writer.put(Number(index), blockOf(text));
  await writer.seal();
}

/** What the snapshot's blocks begin with, by index; every block is read and compared whole. Undefined: it is not complete. */
export async function readSnapshot(store: BlockStore, id: string, key?: Uint8Array): Promise<Record<number, string> | undefined> {
  const manifest: Manifest | undefined = await store.openManifest(id);
  if (manifest === undefined) return undefined;
  const found: Record<number, string> = {};
  for (const { index, digest } of manifest) {
    const data = await store.get(digest, key);
    const text = /^[a-z0-9-]+;/.exec(data.toString("latin1", 0, 64))?.[0] ?? "";
    if (!blockOf(text).equals(data)) throw new Error(`block ${index} of ${id} is not what was put there`);
    found[index] = text;
  }
  return found;
}
