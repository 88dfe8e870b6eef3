/** Deleting a snapshot: refused while an image is made of it. Its blocks are removed later, when nobody reads them any more (snapshot reconciler). */
import { snapshotInUse } from "../base/api-error.ts";
import type { SnapshotId } from "../base/ids.ts";
import { wake } from "../store/due.ts";
import type { SnapshotRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";

/** A registered image, whosever it is, that has a disk made of the snapshot. */
export async function findUsingImage(tx: Tx, id: SnapshotId): Promise<string | undefined> {
  const image = await tx.db
    .selectFrom("images")
    .select("id")
    .where("deregistered_at", "is", null)
    .where("state", "!=", "failed")
    .where(({ eb, or }) => or([eb("snapshot_id", "=", id), eb("block_device_mappings", "like", `%"${id}"%`)]))
    .orderBy("created_at")
    .executeTakeFirst();
  return image?.id;
}

export async function refuseUsedByImage(tx: Tx, id: SnapshotId): Promise<void> {
  const image = await findUsingImage(tx, id);
  if (image !== undefined) throw snapshotInUse(id, image);
}

/** From now on the snapshot is gone for every caller. */
export async function deleteSnapshot(tx: Tx, snapshot: SnapshotRow, now: number): Promise<void> {
  await tx.db.updateTable("snapshots").set({ want: "absent" }).where("id", "=", snapshot.id).execute();
  await tx.db.deleteFrom("snapshot_permissions").where("snapshot_id", "=", snapshot.id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", snapshot.id).execute();
  await wake(tx, { kind: "snapshot", key: snapshot.id }, now);
  if (snapshot.volume_id !== null) await wake(tx, { kind: "volume", key: snapshot.volume_id }, now);
}
