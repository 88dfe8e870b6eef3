/** DeregisterImage: nobody can launch it any more; what runs goes on, and its snapshots stay unless the caller wants them gone too (facts §4.9). */
import type { SnapshotId } from "../base/ids.ts";
import { deleteSnapshot, findUsingImage } from "../storage/snapshot-removal.ts";
import { findSnapshot } from "../storage/snapshot.ts";
import type { ImageRow } from "../store/compute-tables.ts";
import { wake } from "../store/due.ts";
import type { Tx } from "../store/store.ts";
import { imageBlockDevices } from "./block-device-mapping.ts";
import { removeAllTags } from "./tags.ts";

/** How long the row says of the id that it was an image's. */
export const deregisteredForMs = 7 * 24 * 3_600_000;

export async function deregisterImage(tx: Tx, image: ImageRow, now: number): Promise<void> {
  // Another image may have its name now, and two of one name there cannot be.
  await tx.db.updateTable("images").set({ deregistered_at: now, name: image.id }).where("id", "=", image.id).execute();
  await removeAllTags(tx, image.id);
  await wake(tx, { kind: "image-task", key: image.id }, now + deregisteredForMs);
}

export interface SnapshotRemoval {
  readonly id: SnapshotId;
  readonly outcome: "success" | "skipped" | "missing-permissions";
}

/** Deletes the snapshots of a deregistered image; those that are of another account or of another image too are left. */
export async function deleteAssociatedSnapshots(tx: Tx, image: ImageRow, now: number): Promise<SnapshotRemoval[]> {
  const ids = [...new Set(imageBlockDevices(image).flatMap(({ snapshotId }) => snapshotId ?? []))];
  const removals: SnapshotRemoval[] = [];
  for (const id of ids) removals.push({ id, outcome: await removeOne(tx, image, id, now) });
  return removals;
}

async function removeOne(tx: Tx, image: ImageRow, id: SnapshotId, now: number): Promise<SnapshotRemoval["outcome"]> {
  const snapshot = await findSnapshot(tx, id);
  if (snapshot === undefined || snapshot.want === "absent") return "success";
  if (snapshot.account !== image.account) return "missing-permissions";
  if ((await findUsingImage(tx, id)) !== undefined) return "skipped";
  await deleteSnapshot(tx, snapshot, now);
  return "success";
}
