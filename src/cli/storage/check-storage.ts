/** `fsck` as the control plane carries it out. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { SnapshotData } from "../../storage/snapshot-data.ts";
import type { Store } from "../../store/store.ts";
import { checkSnapshots } from "./check-snapshots.ts";
import { checkVolumes } from "./check-volumes.ts";
import { Findings, type StorageCheck } from "./findings.ts";

export interface StorageCheckParts {
  readonly store: Store;
  readonly snapshots: SnapshotData;
  readonly clock: Clock;
  readonly dataDirectory: string;
  /** Simulated volumes have no files. */
  readonly simulated: boolean;
}

export async function checkStorage({ store, snapshots: data, clock, dataDirectory, simulated }: StorageCheckParts, repair: boolean): Promise<StorageCheck> {
  const findings = new Findings(repair);
  const parts = { store, clock, findings };
  let [snapshots, blocks] = [0, 0];
  for (const region of await listRegions(store, join(dataDirectory, "snapshots"))) {
    const seen = await checkSnapshots({ ...parts, blocks: data.store }, region);
    [snapshots, blocks] = [snapshots + seen.snapshots, blocks + seen.blocks];
  }
  const seen = simulated ? { volumes: 0, attachments: 0 } : await checkVolumes({ ...parts, nodesDirectory: join(dataDirectory, "storage") });
  return { snapshots, blocks, ...seen, findings: findings.list };
}

/** Those that have a store, and those that should have one. */
async function listRegions(store: Store, directory: string): Promise<readonly string[]> {
  const rows = await store.read((tx) => tx.db.selectFrom("snapshots").select("region").distinct().where("origin", "!=", "file").execute());
  return [...new Set([...(await readdir(directory).catch(() => [])), ...rows.map(({ region }) => region)])].toSorted();
}
