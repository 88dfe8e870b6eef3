/**
 * The snapshots of one region: manifests over blocks that are named by their content (decision 0005). Several processes may use the same folder at
 * the same time: storage nodes and the control plane write and read, the control plane sweeps.
 *
 * What it promises: a manifest that is there is whole, never changes, and all its blocks are on disk. A block that is handed out is what its name
 * says. Nothing is lost by the death of a process at any moment; nothing that was sealed or flushed by a power cut.
 */
import { join } from "node:path";
import { keyNameOf, type Digest } from "./block.ts";
import { BlockFiles } from "./block-files.ts";
import { flushFolder, makeFolder, readIfThere, remove, type Witness } from "./durable-file.ts";
import { Manifest } from "./manifest.ts";
import { openSnapshotWriter, type SnapshotOptions, type SnapshotWriter } from "./snapshot-writer.ts";
import { layoutOf } from "./store-layout.ts";
import { listBlocks, listNames, NamedBlocks, sweep, type StoredBlock, type SweepResult } from "./sweep.ts";

export { blockSize, blocksPerGib, type Digest } from "./block.ts";
export { CorruptBlockError, CorruptManifestError, MissingBlockError, SnapshotRemovedError } from "./block-errors.ts";
export type { Manifest, ManifestChange, ManifestEntry } from "./manifest.ts";
export type { SealedSnapshot, SnapshotOptions, SnapshotWriter } from "./snapshot-writer.ts";
export type { SweepResult } from "./sweep.ts";

export interface BlockStore {
  /** `blockSize` bytes; `CorruptBlockError` or `MissingBlockError` when they cannot be had. */
  get(digest: Digest, key?: Uint8Array): Promise<Buffer>;
  /** The file of a block, for the `take` of another store's writer. */
  pathOf(digest: Digest, key?: Uint8Array): string;
  /** Goes on with what an earlier writer of this snapshot has done. Only one writer of a snapshot at a time, and none once it has a manifest. */
  beginSnapshot(id: string, options: SnapshotOptions): Promise<SnapshotWriter>;
  /** Undefined when there is no such snapshot, or it is not complete; `CorruptManifestError` when its file is damaged. */
  openManifest(id: string): Promise<Manifest | undefined>;
  /** A writer that is at work on it will fail to seal. The blocks go with the next sweep. */
  removeSnapshot(id: string): Promise<void>;
  /** Removes the blocks that no snapshot has; `now` in milliseconds since 1970. */
  sweep(now: number): Promise<SweepResult>;
  /** The snapshots that are complete. */
  listSnapshots(): Promise<readonly string[]>;
  /** The snapshots that are being written, or whose writer has died. */
  listJournals(): Promise<readonly string[]>;
  /** Every block with whether anything names it. */
  listBlocks(): AsyncIterable<StoredBlock & { readonly named: boolean }>;
}

export interface StoreOptions {
  /** Told of every effect on disk; tests kill the process there. */
  readonly witness?: Witness;
}

/** The store in this folder, which is made when it is first written to. */
export function openBlockStore(directory: string, { witness = () => undefined }: StoreOptions = {}): BlockStore {
  return new FolderStore(directory, witness);
}

class FolderStore implements BlockStore {
  readonly #layout;
  readonly #witness: Witness;
  readonly #blocks = new Map<string, BlockFiles>();

  constructor(directory: string, witness: Witness) {
    this.#layout = layoutOf(directory);
    this.#witness = witness;
  }

  get(digest: Digest, key?: Uint8Array): Promise<Buffer> {
    return this.#blocksOf(key).get(digest);
  }

  pathOf(digest: Digest, key?: Uint8Array): string {
    return this.#blocksOf(key).pathOf(digest);
  }

  async beginSnapshot(id: string, options: SnapshotOptions): Promise<SnapshotWriter> {
    const layout = this.#layout;
    for (const folder of [layout.manifests, layout.journals, layout.unfinished]) await makeFolder(folder);
    await flushFolder(layout.directory);
    if ((await readIfThere(join(layout.manifests, id))) !== undefined) throw new Error(`${id} is complete already`);
    return openSnapshotWriter({ layout, blocks: this.#blocksOf(options.key), witness: this.#witness }, id, options);
  }

  async openManifest(id: string): Promise<Manifest | undefined> {
    const file = await readIfThere(join(this.#layout.manifests, id));
    return file === undefined ? undefined : Manifest.parse(id, file);
  }

  async removeSnapshot(id: string): Promise<void> {
    const { journals, manifests } = this.#layout;
    await remove(join(journals, id), this.#witness); // first: see `seal`
    await remove(join(manifests, id), this.#witness);
  }

  sweep(now: number): Promise<SweepResult> {
    return sweep(this.#layout, this.#witness, now);
  }

  listSnapshots(): Promise<readonly string[]> {
    return listNames(this.#layout.manifests);
  }

  listJournals(): Promise<readonly string[]> {
    return listNames(this.#layout.journals);
  }

  async *listBlocks(): AsyncGenerator<StoredBlock & { readonly named: boolean }, undefined> {
    const named = new NamedBlocks(this.#layout, this.#witness);
    await named.read();
    for await (const block of listBlocks(this.#layout.directory)) yield { ...block, named: named.has(block) };
  }

  #blocksOf(key: Uint8Array | undefined): BlockFiles {
    const name = key === undefined ? "" : keyNameOf(key);
    let blocks = this.#blocks.get(name);
    if (blocks === undefined) this.#blocks.set(name, (blocks = new BlockFiles(this.#layout, key, this.#witness)));
    return blocks;
  }
}
