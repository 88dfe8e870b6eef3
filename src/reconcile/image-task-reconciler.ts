/**
 * Images in the making: carries CreateImage from phase to phase, makes an image available when its snapshots are completed, and forgets those that were deregistered
 * long ago. Each look is one transaction of rows, so a control plane that dies at any point leaves the next look the same work.
 */
import { imageBlockDevices } from "../compute/block-device-mapping.ts";
import { deregisteredForMs } from "../compute/deregister-image.ts";
import { removeAllTags } from "../compute/tags.ts";
import { deleteSnapshot } from "../storage/snapshot-removal.ts";
import type { ImageRow, ImageTaskRow, InstanceRow } from "../store/compute-tables.ts";
import { wake } from "../store/due.ts";
import type { SnapshotRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { decideImageTask, type ImageTaskStep } from "./decide-image-task.ts";
import type { Reconciler, Verdict } from "./loop.ts";

export const imageTaskReconciler: Reconciler = {
  kind: "image-task",
  scan: async (tx) => {
    const made = tx.db.selectFrom("images").select("id").where("local_name", "is", null).where("image_type", "=", "machine");
    const open = await made.where(({ eb, or }) => or([eb("state", "=", "pending"), eb("deregistered_at", "is not", null)])).execute();
    return open.map((row) => row.id);
  },
  reconcile: async (tx, key, now) => {
    const image = await tx.db.selectFrom("images").selectAll().where("id", "=", key).executeTakeFirst();
    if (image === undefined) return { again: undefined };
    if (image.state === "pending") return look(tx, image, now);
    if (image.deregistered_at === null) return { again: undefined };
    const forgetAt = image.deregistered_at + deregisteredForMs;
    if (now < forgetAt) return { again: forgetAt };
    await forget(tx, image);
    return { again: undefined };
  },
};

async function look(tx: Tx, image: ImageRow, now: number): Promise<Verdict> {
  const task = await tx.db.selectFrom("image_tasks").selectAll().where("image_id", "=", idOf(image)).executeTakeFirst();
  const instance = task && (await tx.db.selectFrom("instances").selectAll().where("id", "=", task.instance_id).executeTakeFirst());
  const snapshots = await ownSnapshots(tx, image);
  const step = decideImageTask({ phase: task?.phase ?? "storing", instance, snapshots: snapshots.map((row) => row?.observed_state) });
  return take(tx, image, instance, snapshots, step, now);
}

/** The snapshots that are made for the image; what it is registered of besides was completed before. */
async function ownSnapshots(tx: Tx, image: ImageRow): Promise<(SnapshotRow | undefined)[]> {
  const ids = imageBlockDevices(image).flatMap(({ snapshotId }) => snapshotId ?? []);
  const rows = await tx.db.selectFrom("snapshots").selectAll().where("id", "in", ids).where("want", "=", "present").execute();
  return ids.map((id) => rows.find((row) => row.id === id));
}

async function take(
  tx: Tx,
  image: ImageRow,
  instance: InstanceRow | undefined,
  snapshots: readonly (SnapshotRow | undefined)[],
  step: ImageTaskStep,
  now: number,
): Promise<Verdict> {
  switch (step.do) {
    case "freeze":
      await setTask(tx, image, { phase: "freezing" });
      for (const row of snapshots) if (row !== undefined && row.volume_id !== null) await wake(tx, { kind: "volume", key: row.volume_id }, now);
      return { again: undefined };
    case "start":
      await setTask(tx, image, { phase: "starting" });
      await changeInstance(tx, instance, { run: (instance?.run ?? 0) + 1 }, now);
      return { again: undefined };
    case "release":
      await setTask(tx, image, { phase: "storing" });
      await changeInstance(tx, instance, { image_task: null }, now);
      return { again: now };
    case "finish":
      await end(tx, image, { state: "available" }, null);
      return { again: undefined };
    case "fail":
      await end(tx, image, { state: "failed", state_reason: step.reason }, step.reason);
      for (const row of snapshots) if (row?.image_id === image.id && row.observed_state === "ordered") await deleteSnapshot(tx, row, now);
      if (instance?.image_task === image.id) await changeInstance(tx, instance, { image_task: null }, now);
      return { again: undefined };
    case "wait":
      return { again: undefined };
  }
}

async function end(tx: Tx, image: ImageRow, columns: Partial<ImageRow>, failure: string | null): Promise<void> {
  await setTask(tx, image, { phase: "done", failure });
  await tx.db.updateTable("images").set(columns).where("id", "=", image.id).execute();
}

async function setTask(tx: Tx, image: ImageRow, columns: Partial<ImageTaskRow>): Promise<void> {
  await tx.db.updateTable("image_tasks").set(columns).where("image_id", "=", idOf(image)).execute();
}

async function changeInstance(tx: Tx, instance: InstanceRow | undefined, columns: Partial<InstanceRow>, now: number): Promise<void> {
  if (instance === undefined) return;
  await tx.db.updateTable("instances").set(columns).where("id", "=", instance.id).execute();
  await wake(tx, { kind: "instance", key: instance.id }, now);
}

async function forget(tx: Tx, image: ImageRow): Promise<void> {
  for (const table of ["image_tasks", "image_permissions"] as const) await tx.db.deleteFrom(table).where("image_id", "=", idOf(image)).execute();
  await tx.db.deleteFrom("images").where("id", "=", image.id).execute();
  await removeAllTags(tx, image.id);
}

function idOf(image: ImageRow): ImageTaskRow["image_id"] {
  return image.id as ImageTaskRow["image_id"]; // machine images only
}
