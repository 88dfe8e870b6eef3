/** Where a snapshot's bytes are, and who needs them: `snapshot show` as the control plane answers it. */
import { stat } from "node:fs/promises";
import { blockSize, type BlockStore, type Manifest } from "../../block-store/block-store.ts";
import { readSnapshotKey } from "../../storage/direct-snapshot.ts";
import { findSnapshot, toSnapshotState } from "../../storage/snapshot.ts";
import type { SnapshotData } from "../../storage/snapshot-data.ts";
import type { SnapshotRow } from "../../store/storage-tables.ts";
import type { Store, Tx } from "../../store/store.ts";

export interface SnapshotFacts {
  readonly id: string;
  readonly region: string;
  readonly account: string;
  readonly state: string;
  readonly percent: number;
  readonly reason?: string;
  readonly origin: string;
  /** The volume, snapshot or file that it was made from. */
  readonly source?: string;
  readonly volumeSizeGib: number;
  readonly encrypted: boolean;
  /** Of a complete snapshot with blocks of its own. */
  readonly blocks?: SnapshotBlocks;
  /** Volumes that began as it, images and copies that are made of it. */
  readonly heldBy: readonly string[];
}

export interface SnapshotBlocks {
  readonly total: number;
  /** Blocks that were not in the store before. */
  readonly moved: number;
  /** Different ones. */
  readonly distinct: number;
  /** Of the different ones, those that other snapshots of the region have too. */
  readonly shared: number;
  readonly bytes: number;
  /** Of the files of the different ones. */
  readonly storedBytes: number;
}

const looksAtOnce = 64;

export async function showSnapshot({ store, snapshots }: { readonly store: Store; readonly snapshots: SnapshotData }, id: string): Promise<SnapshotFacts | undefined> {
  const found = await store.read(async (tx) => {
    const row = await findSnapshot(tx, id as SnapshotRow["id"]); // any text may be asked for
    return row && { row, key: await readSnapshotKey(tx, row), heldBy: await listHolders(tx, id) };
  });
  if (found === undefined) return undefined;
  const { row, key, heldBy } = found;
  const source = row.volume_id ?? row.source_snapshot_id ?? row.source_file;
  const manifest = row.source_file === null ? await snapshots.findManifest(row.region, id) : undefined;
  return {
    id,
    region: row.region,
    account: row.account,
    state: toSnapshotState(row),
    percent: row.observed_percent,
    ...(row.observed_reason === null ? {} : { reason: row.observed_reason }),
    origin: row.origin,
    ...(source === null ? {} : { source }),
    volumeSizeGib: row.volume_size_gib,
    encrypted: row.encrypted === 1,
    ...(manifest === undefined ? {} : { blocks: await describeBlocks(snapshots.store(row.region), id, manifest, key) }),
    heldBy,
  };
}

async function listHolders(tx: Tx, id: string): Promise<string[]> {
  const volumes = await tx.db.selectFrom("volumes").select("id").where("snapshot_id", "=", id).execute();
  const images = await tx.db
    .selectFrom("images")
    .select("id")
    .where("deregistered_at", "is", null)
    .where(({ eb, or }) => or([eb("snapshot_id", "=", id as never), eb("block_device_mappings", "like", `%"${id}"%`)]))
    .execute();
  const copies = await tx.db.selectFrom("snapshots").select("id").where("source_snapshot_id", "=", id as never).where("observed_state", "in", ["ordered", "frozen"]).execute();
  return [...volumes, ...images, ...copies].map((row) => row.id);
}

async function describeBlocks(store: BlockStore, id: string, manifest: Manifest, key: Uint8Array | undefined): Promise<SnapshotBlocks> {
  const digests = new Set([...manifest].map(({ digest }) => digest));
  const others = new Set<string>();
  for (const other of await store.listSnapshots()) {
    const theirs = other === id ? undefined : await store.openManifest(other);
    if (theirs?.keyName !== manifest.keyName) continue;
    for (const { digest } of theirs ?? []) if (digests.has(digest)) others.add(digest);
  }
  const files = [...digests].map((digest) => store.pathOf(digest, key));
  let storedBytes = 0;
  for (let at = 0; at < files.length; at += looksAtOnce) {
    const sizes = await Promise.all(files.slice(at, at + looksAtOnce).map((file) => stat(file).then(({ size }) => size, () => 0)));
    storedBytes += sizes.reduce((sum, size) => sum + size, 0);
  }
  const { count: total, moved } = manifest;
  return { total, moved, distinct: digests.size, shared: others.size, bytes: total * blockSize, storedBytes };
}
