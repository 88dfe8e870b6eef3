/** Snapshots as EC2 shows them. */
import type { Snapshot, SnapshotInfo } from "@aws-sdk/client-ec2";
import { imageOwnerAccount } from "../../../compute/image.ts";
import type { Tag } from "../../../compute/tags.ts";
import { keyArn } from "../../../storage/kms-key.ts";
import { toSnapshotState } from "../../../storage/snapshot.ts";
import type { KmsKeyRow, SnapshotRow } from "../../../store/storage-tables.ts";
import type { Tx } from "../../../store/store.ts";
import { toTagViews } from "./tag-view.ts";

/** What a snapshot that is of no volume shows in its place. */
const noVolume = "vol-ffffffff";
const blockBytes = 524_288;

/** The keys of the rows, for their views. */
export async function readKeys(tx: Tx, rows: readonly Pick<SnapshotRow, "kms_key_id">[]): Promise<ReadonlyMap<string, KmsKeyRow>> {
  const ids = [...new Set(rows.flatMap((row) => row.kms_key_id ?? []))];
  const keys = ids.length === 0 ? [] : await tx.db.selectFrom("kms_keys").selectAll().where("id", "in", ids).execute();
  return new Map(keys.map((key) => [key.id, key]));
}

export function toSnapshotView(row: SnapshotRow, keys: ReadonlyMap<string, KmsKeyRow>, tags: readonly Tag[] | undefined): Snapshot {
  const key = row.kms_key_id === null ? undefined : keys.get(row.kms_key_id);
  return {
    SnapshotId: row.id,
    VolumeId: row.volume_id ?? noVolume,
    State: toSnapshotState(row),
    ...(row.observed_reason === null ? {} : { StateMessage: row.observed_reason }),
    StartTime: new Date(row.created_at),
    Progress: `${row.observed_percent}%`,
    OwnerId: row.account,
    ...(row.account === imageOwnerAccount ? { OwnerAlias: "amazon" } : {}),
    Description: row.description,
    VolumeSize: row.volume_size_gib,
    Encrypted: row.encrypted === 1,
    ...(key === undefined ? {} : { KmsKeyId: keyArn(key) }),
    StorageTier: "standard",
    ...(row.origin === "copy" ? { TransferType: "standard" as const } : {}),
    ...(row.completed_at === null ? {} : { CompletionTime: new Date(row.completed_at) }),
    ...(row.total_blocks === null ? {} : { FullSnapshotSizeInBytes: row.total_blocks * blockBytes }),
    Tags: toTagViews(tags),
  };
}

/** As CreateSnapshots answers. */
export function toSnapshotInfo(row: SnapshotRow, tags: readonly Tag[]): SnapshotInfo {
  return {
    SnapshotId: row.id,
    VolumeId: row.volume_id ?? noVolume,
    State: toSnapshotState(row),
    StartTime: new Date(row.created_at),
    Progress: `${row.observed_percent}%`,
    OwnerId: row.account,
    Description: row.description,
    VolumeSize: row.volume_size_gib,
    Encrypted: row.encrypted === 1,
    Tags: toTagViews(tags),
  };
}
