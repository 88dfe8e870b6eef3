/** EBS volumes as rows: made in a zone, attached to instances there, removed when nobody wants them any more. */
import { newId, type InstanceId, type VolumeId } from "../base/ids.ts";
import { randomHex, type Random } from "../base/random.ts";
import { wake } from "../store/due.ts";
import type { Tx } from "../store/store.ts";
import type { VolumeAttachmentRow, VolumeRow } from "../store/storage-tables.ts";

export interface VolumePlan {
  readonly account: string;
  readonly region: string;
  readonly zone: string;
  readonly sizeGib: number;
  readonly type: string;
  readonly iops: number | null;
  readonly throughput: number | null;
  readonly encrypted: boolean;
  readonly snapshotId: string | null;
  readonly sourceFile: string | null;
  readonly storageNode: string;
}

export type VolumeState = "creating" | "available" | "in-use" | "deleting" | "error";

/** The first port of a storage node's exports; each volume has its own, for life. */
const firstPort = 10_000;

export async function createVolume(tx: Tx, plan: VolumePlan, random: Random, now: number): Promise<VolumeRow> {
  const last = await tx.db
    .selectFrom("volumes")
    .select(({ fn }) => fn.max("port").as("port"))
    .where("storage_node", "=", plan.storageNode)
    .executeTakeFirst();
  const row: VolumeRow = {
    id: newId("volume", random),
    account: plan.account,
    region: plan.region,
    zone: plan.zone,
    size_gib: plan.sizeGib,
    type: plan.type,
    iops: plan.iops,
    throughput: plan.throughput,
    encrypted: plan.encrypted ? 1 : 0,
    snapshot_id: plan.snapshotId,
    source_file: plan.sourceFile,
    storage_node: plan.storageNode,
    port: await freePort(tx, plan.storageNode, Number(last?.port ?? firstPort - 1) + 1),
    created_at: now,
    want: "present",
    generation: 0,
    observed_generation: 0,
    observed_state: null,
    observed_reason: null,
    kms_key_id: null,
    multi_attach: 0,
    auto_enable_io: 0,
    observed_condition: null,
  };
  await tx.db.insertInto("volumes").values(row).execute();
  await wake(tx, { kind: "volume", key: row.id }, now);
  return row;
}

/** The number after the highest in use; when those run out, the lowest gap. */
async function freePort(tx: Tx, storageNode: string, next: number): Promise<number> {
  if (next <= 65_535) return next;
  const rows = await tx.db.selectFrom("volumes").select("port").where("storage_node", "=", storageNode).execute();
  const used = new Set(rows.map((row) => row.port));
  for (let port = firstPort; port <= 65_535; port++) if (!used.has(port)) return port;
  throw new Error("the storage node has no port left for another volume");
}

export interface AttachmentPlan {
  readonly device: string;
  readonly root: boolean;
  readonly deleteOnTermination: boolean;
}

export async function attachVolume(
  tx: Tx,
  volume: VolumeId,
  instance: InstanceId,
  plan: AttachmentPlan,
  random: Random,
  now: number,
): Promise<VolumeAttachmentRow> {
  const row: VolumeAttachmentRow = {
    volume_id: volume,
    instance_id: instance,
    device: plan.device,
    root: plan.root ? 1 : 0,
    delete_on_termination: plan.deleteOnTermination ? 1 : 0,
    token: newToken(random),
    attached_at: now,
    want: "attached",
    force: 0,
    observed_state: null,
  };
  await tx.db.insertInto("volume_attachments").values(row).execute();
  return row;
}

export interface AttachedVolume {
  readonly volume: VolumeRow;
  readonly attachment: VolumeAttachmentRow;
}

/** The instance's volumes, its root volume first. */
export async function listAttachedVolumes(tx: Tx, instance: InstanceId): Promise<AttachedVolume[]> {
  const attachments = await tx.db.selectFrom("volume_attachments").selectAll().where("instance_id", "=", instance).execute();
  if (attachments.length === 0) return [];
  const ids = attachments.map((row) => row.volume_id);
  const volumes = await tx.db.selectFrom("volumes").selectAll().where("id", "in", ids).execute();
  return attachments
    .flatMap((attachment) => volumes.filter((volume) => volume.id === attachment.volume_id).map((volume) => ({ volume, attachment })))
    .toSorted((a, b) => b.attachment.root - a.attachment.root || (a.attachment.device < b.attachment.device ? -1 : 1));
}

/** Makes new tokens: from now on only the coming run's host may open the volumes. */
export async function renewAttachmentTokens(tx: Tx, instance: InstanceId, random: Random, now: number): Promise<void> {
  for (const { volume_id: volume } of await tx.db.selectFrom("volume_attachments").selectAll().where("instance_id", "=", instance).execute()) {
    const change = tx.db.updateTable("volume_attachments").set({ token: newToken(random) });
    await change.where("volume_id", "=", volume).where("instance_id", "=", instance).execute();
    await wake(tx, { kind: "volume", key: volume }, now);
  }
}

/** The instance is gone: its volumes are detached, and those that should die with it are marked for removal. */
export async function releaseVolumes(tx: Tx, attached: readonly AttachedVolume[], now: number): Promise<void> {
  for (const { volume, attachment } of attached) {
    await tx.db
      .deleteFrom("volume_attachments")
      .where("volume_id", "=", volume.id)
      .where("instance_id", "=", attachment.instance_id)
      .execute();
    if (attachment.delete_on_termination === 1) await tx.db.updateTable("volumes").set({ want: "absent" }).where("id", "=", volume.id).execute();
    await wake(tx, { kind: "volume", key: volume.id }, now);
  }
}

/** The name under which the attachment finds the volume's export. */
export function exportNameOf(attachment: VolumeAttachmentRow): string {
  return `${attachment.volume_id}.${attachment.token}`;
}

/** What EC2 would call the volume's state (facts §4.2). */
export function toVolumeState(volume: VolumeRow, attached: boolean): VolumeState {
  if (volume.want === "absent") return "deleting";
  if (volume.observed_state === "failed") return "error";
  if (attached) return "in-use";
  return volume.observed_state === "available" ? "available" : "creating";
}

function newToken(random: Random): string {
  return randomHex(random, 16);
}
