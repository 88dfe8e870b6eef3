/** The snapshot server of one volume: as long as not all blocks are here, the volume's storage daemon fetches them from it (decision 0005). */
import { join } from "node:path";
import { blockSize } from "../../block-store/block-store.ts";
import type { VolumeId } from "../../base/ids.ts";
import type { SnapshotSource } from "../protocol/specification.ts";
import { serveNbd } from "./nbd/nbd-server.ts";
import { snapshotContent } from "./snapshot-content.ts";
import { toKey } from "./volume-data.ts";
import type { VolumeHome } from "./volume-home.ts";

export interface SourceServer {
  /** The share of the snapshot's size that has blocks. */
  readonly density: number;
  /** What of it cannot be read; undefined when nothing is known to be damaged. */
  readonly damage: string | undefined;
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
  const server = await serveNbd(sourceSocket(runDirectory), content);
  return {
    density: (manifest.count * blockSize) / content.sizeBytes,
    get damage() {
      const [first] = content.damaged;
      if (first === undefined) return undefined;
      const others = content.damaged.size === 1 ? "" : ` and ${content.damaged.size - 1} more`;
      return `Block ${first} of ${source.id}${others} cannot be read from the snapshot store.`;
    },
    close: () => server.close(),
  };
}
