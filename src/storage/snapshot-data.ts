/** The blocks of all regions as the control plane uses them: the stores, manifests that were read before, and the writers of the EBS direct API. */
import { join } from "node:path";
import { openBlockStore, type BlockStore, type Manifest } from "../block-store/block-store.ts";
import { DirectWriters } from "./direct-writers.ts";

export interface SnapshotData {
  /** Of this region. */
  store(region: string): BlockStore;
  /** Undefined: the snapshot is not complete. One that was asked for lately is in memory. */
  findManifest(region: string, id: string): Promise<Manifest | undefined>;
  readonly writers: DirectWriters;
}

/** Bytes of manifests that are kept: those of some hundred volumes of 10 GiB. */
const keptBytes = 64 * 1024 * 1024;

/** `directory` has a folder for each region. */
export function openSnapshotData(directory: string): SnapshotData {
  const stores = new Map<string, BlockStore>();
  const manifests = new RecentManifests();
  const storeOf = (region: string): BlockStore => {
    let store = stores.get(region);
    if (store === undefined) stores.set(region, (store = openBlockStore(join(directory, region))));
    return store;
  };
  return {
    store: storeOf,
    findManifest: (region, id) => manifests.find(`${region} ${id}`, () => storeOf(region).openManifest(id)),
    writers: new DirectWriters(storeOf),
  };
}

/** Manifests never change, so the only question is how many to keep: the ones asked for last. */
class RecentManifests {
  readonly #kept = new Map<string, Manifest>();
  #bytes = 0;

  async find(name: string, read: () => Promise<Manifest | undefined>): Promise<Manifest | undefined> {
    const manifest = this.#take(name) ?? (await read());
    if (manifest === undefined) return undefined;
    this.#take(name); // another call may have read it too
    this.#kept.set(name, manifest);
    this.#bytes += manifest.byteLength;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= keptBytes) break;
      this.#take(oldest);
    }
    return manifest;
  }

  #take(name: string): Manifest | undefined {
    const manifest = this.#kept.get(name);
    this.#kept.delete(name);
    this.#bytes -= manifest?.byteLength ?? 0;
    return manifest;
  }
}
