/** Taking snapshots of volumes: what the volumes must be, how many may be under way, and the rows (facts §4.7). */
import { concurrentSnapshotLimitExceeded, invalidValueOf, limitExceeded, snapshotRateExceeded, volumeNotSnapshotable } from "../base/api-error.ts";
import type { ImageId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { SnapshotRow, VolumeRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { createSnapshotRow } from "./snapshot.ts";
import { toVolumeState } from "./volume.ts";

const longestDescription = 255;
const snapshotsPerRegion = 100_000;
/** Snapshots of one volume under way at once; throughput types allow just one. */
const pendingPerVolume = 5;
const oneAtATime: readonly string[] = ["st1", "sc1"];
/** Between the starts of snapshots of one volume of which the earlier is still under way. */
const pauseMs = 15_000;

export function requireSnapshotDescription(description: string | undefined): string {
  const text = description ?? "";
  if (text.length > longestDescription) throw invalidValueOf("description", text, `The description must be at most ${longestDescription} characters long.`);
  return text;
}

/** Fails when a volume is in no state for it, or when too many of its snapshots, or of the account's, are there already. */
export async function requireSnapshotable(tx: Tx, volumes: readonly VolumeRow[], now: number): Promise<void> {
  for (const volume of volumes) {
    const state = toVolumeState(volume, false);
    if (state !== "available") throw volumeNotSnapshotable(volume.id, state);
    await refuseTooMany(tx, volume, now);
  }
  const owner = volumes[0];
  if (owner !== undefined) await requireSnapshotRoom(tx, owner, volumes.length);
}

/** Fails when the account has no room for as many more in the region. */
export async function requireSnapshotRoom(tx: Tx, { account, region }: { readonly account: string; readonly region: string }, more: number): Promise<void> {
  const all = tx.db.selectFrom("snapshots").select(({ fn }) => fn.countAll().as("count"));
  const { count } = await all.where("account", "=", account).where("region", "=", region).executeTakeFirstOrThrow();
  if (Number(count) + more > snapshotsPerRegion) throw limitExceeded("SnapshotLimitExceeded", `The maximum number of snapshots, ${snapshotsPerRegion}, has been reached.`);
}

async function refuseTooMany(tx: Tx, volume: VolumeRow, now: number): Promise<void> {
  const pending = await tx.db
    .selectFrom("snapshots")
    .select("created_at")
    .where("volume_id", "=", volume.id)
    .where("origin", "=", "volume")
    .where("want", "=", "present")
    .where("observed_state", "in", ["ordered", "frozen"])
    .execute();
  if (pending.length >= (oneAtATime.includes(volume.type) ? 1 : pendingPerVolume)) throw concurrentSnapshotLimitExceeded();
  if (pending.some((row) => now - row.created_at < pauseMs)) throw snapshotRateExceeded();
}

export interface SnapshotMoment {
  readonly description: string;
  /** The image that the snapshots are made for. */
  readonly imageId?: ImageId;
}

/** A snapshot of each volume, in their order. Those of one storage node are of one moment. */
export async function snapshotVolumes(tx: Tx, volumes: readonly VolumeRow[], moment: SnapshotMoment, random: Random, now: number): Promise<SnapshotRow[]> {
  const byNode = Map.groupBy(volumes, (volume) => volume.storage_node);
  const rows: SnapshotRow[] = [];
  for (const volume of volumes) {
    const together = byNode.get(volume.storage_node) ?? [];
    const columns = {
      account: volume.account,
      region: volume.region,
      origin: "volume",
      volume_id: volume.id,
      volume_size_gib: volume.size_gib,
      description: moment.description,
      encrypted: volume.encrypted,
      kms_key_id: volume.kms_key_id,
      storage_node: volume.storage_node,
      together: together.length > 1 ? JSON.stringify(together.map(({ id }) => id)) : null,
      image_id: moment.imageId ?? null,
    } as const; // keeps the literals
    rows.push(await createSnapshotRow(tx, columns, random, now));
  }
  return rows;
}
