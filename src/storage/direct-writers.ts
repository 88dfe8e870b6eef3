/**
 * The snapshots that are being written through the EBS direct API: one open writer each, whichever calls use it. Only this process writes them, so
 * what is in memory here is only what could be read from the journals again.
 */
import { conflictingBlockUpdate } from "../base/api-error.ts";
import type { BlockStore, Manifest, SnapshotWriter } from "../block-store/block-store.ts";

/** The snapshot as far as its writer must know it. */
export interface DirectTarget {
  readonly id: string;
  readonly region: string;
  readonly volumeSizeGib: number;
  readonly parentId: string | undefined;
  readonly key: Uint8Array | undefined;
}

export interface BlockToWrite {
  readonly index: number;
  readonly digest: string;
  readonly data: Uint8Array;
}

interface OpenWriter {
  readonly writer: SnapshotWriter;
  /** By index, the digests of blocks that are being written just now. */
  readonly underWay: Map<number, string>;
  keptUntil: number;
}

export class DirectWriters {
  readonly #storeOf: (region: string) => BlockStore;
  readonly #open = new Map<string, Promise<OpenWriter>>();

  constructor(storeOf: (region: string) => BlockStore) {
    this.#storeOf = storeOf;
  }

  /** Begins the snapshot, over its parent's blocks; may be repeated. */
  async begin(target: DirectTarget): Promise<void> {
    await this.#writerOf(target);
  }

  /** The block is durable when it returns. Fails when another content is being written to the same index. */
  async put(target: DirectTarget, { index, digest, data }: BlockToWrite): Promise<void> {
    const { writer, underWay } = await this.#writerOf(target);
    const other = underWay.get(index);
    if (other !== undefined && other !== digest) throw conflictingBlockUpdate(index);
    underWay.set(index, digest);
    try {
      await writer.put(index, data, digest);
      await writer.flush();
    } finally {
      underWay.delete(index);
    }
  }

  /** The digests of what was put, by rising index. */
  async listPut(target: DirectTarget): Promise<readonly string[]> {
    const { writer } = await this.#writerOf(target);
    return writer.listPut().map(({ digest }) => digest);
  }

  /** Seals the snapshot; may be repeated. */
  async seal(target: DirectTarget): Promise<Manifest> {
    const store = this.#storeOf(target.region);
    if ((await store.openManifest(target.id)) === undefined) {
      const { writer } = await this.#writerOf(target);
      this.#open.delete(target.id);
      await writer.seal();
    }
    const manifest = await store.openManifest(target.id);
    if (manifest === undefined) throw new Error(`${target.id} has no manifest`);
    return manifest;
  }

  /** Lets go of a snapshot that will not be completed. */
  async forget(id: string): Promise<void> {
    const opening = this.#open.get(id);
    this.#open.delete(id);
    await (await opening)?.writer.close();
  }

  /** Lets go of everything; what was written stays and is gone on with. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((id) => this.forget(id)));
  }

  /** Whether it is time to write down again that the snapshot is in use; at most once in `everyMs`. */
  async claimTouch(target: DirectTarget, now: number, everyMs: number): Promise<boolean> {
    const open = await this.#writerOf(target);
    if (now < open.keptUntil) return false;
    open.keptUntil = now + everyMs;
    return true;
  }

  #writerOf(target: DirectTarget): Promise<OpenWriter> {
    const known = this.#open.get(target.id);
    if (known !== undefined) return known;
    const opening = this.#begin(target);
    this.#open.set(target.id, opening);
    opening.catch(() => this.#open.delete(target.id));
    return opening;
  }

  async #begin({ id, region, volumeSizeGib, parentId, key }: DirectTarget): Promise<OpenWriter> {
    const store = this.#storeOf(region);
    const writer = await store.beginSnapshot(id, { volumeSizeGib, key, keepZeroes: true });
    const parent = parentId === undefined ? undefined : await store.openManifest(parentId);
    // What a call before has put stands over the parent's; a parent that is gone by now was adopted when the snapshot was started.
    await writer.adoptAll([...(parent ?? [])].filter(({ index }) => writer.find(index) === undefined));
    await writer.flush();
    return { writer, underWay: new Map(), keptUntil: 0 };
  }
}
