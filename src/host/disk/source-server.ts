/** The snapshot server of one volume: as long as not all blocks are here, the volume's storage daemon fetches them from it (decision 0005). */
import { join } from "node:path";
import type { Manifest } from "../../block-store/block-store.ts";
import type { VolumeId } from "../../base/ids.ts";
import type { SnapshotSource } from "../protocol/specification.ts";
import { serveNbd } from "./nbd/nbd-server.ts";
import { snapshotContent } from "./snapshot-content.ts";
import { toKey } from "./volume-data.ts";
import type { VolumeHome } from "./volume-home.ts";

/** A guest that boots asks again and again, and what else is fetched meanwhile takes from it: the rest begins after a pause of its, */
const pauseMs = 2_000;
/** or when it has had the snapshot for itself for so long. */
const longestMs = 30_000;

export interface SourceServer {
  /** How many blocks the snapshot has. */
  readonly count: number;
  /** Where it has those that the volume may not have yet, by rising index: at first all. */
  missing(): IterableIterator<number>;
  readonly missingCount: number;
  /** Only these are missing: what the others hold is in the volume, and on disk. */
  keepMissing(indexes: readonly number[]): void;
  /** What was taken from the store so far, for whomever. */
  readonly fetchedBytes: number;
  /** What of it cannot be read; undefined when nothing is known to be damaged. */
  readonly damage: string | undefined;
  /** For how many milliseconds what nobody asks for should wait; 0: it may be fetched. Only as long as nothing else is fetched. */
  readonly waitMs: number;
  close(): Promise<void>;
}

export const sourceSocket = (runDirectory: string): string => join(runDirectory, "source");

/** The run directory is the volume's own, and closed to others. */
export async function openSourceServer(home: VolumeHome, id: VolumeId, source: SnapshotSource, runDirectory: string): Promise<SourceServer> {
  const store = home.storeOf(source.region);
  const manifest = await store.openManifest(source.id);
  if (manifest === undefined) throw new Error(`the snapshot ${source.id}, from which ${id} is made, is no longer in the store`);
  const key = source.encryptionKey === undefined ? undefined : toKey(source.encryptionKey);
  const content = snapshotContent(store, manifest, key, () => home.changed(id));
  let left: readonly number[] | undefined;
  const openedAt = performance.now();
  let askedAt = openedAt;
  const read = (offset: number, length: number): Promise<Buffer> => {
    askedAt = performance.now();
    return content.read(offset, length);
  };
  const server = await serveNbd(sourceSocket(runDirectory), { ...content, read });
  return {
    count: manifest.count,
    missing: () => (left ?? indexesOf(manifest))[Symbol.iterator](),
    get missingCount() {
      return left?.length ?? manifest.count;
    },
    keepMissing: (indexes) => void (left = indexes),
    get fetchedBytes() {
      return content.fetchedBytes;
    },
    get damage() {
      const [first] = content.damaged;
      if (first === undefined) return undefined;
      const others = content.damaged.size === 1 ? "" : ` and ${content.damaged.size - 1} more`;
      return `Block ${first} of ${source.id}${others} cannot be read from the snapshot store.`;
    },
    get waitMs() {
      return waitForRest({ openedAt, askedAt, now: performance.now() });
    },
    close: () => server.close(),
  };
}

function* indexesOf(manifest: Manifest): Generator<number, undefined> {
  for (const { index } of manifest) yield index;
}

/** All in milliseconds of one clock. */
export function waitForRest({ openedAt, askedAt, now }: { readonly openedAt: number; readonly askedAt: number; readonly now: number }): number {
  return Math.max(0, Math.min(askedAt + pauseMs, openedAt + longestMs) - now);
}
