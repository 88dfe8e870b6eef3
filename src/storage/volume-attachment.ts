/**
 * Attachments of volumes to instances as rows: intent (`want`, `force`) from the API, facts (`observed_state`) from the host of a running instance.
 *
 *   the instance     attach                                     detach
 *   does not run     the row is all                             the row goes at once
 *   runs             its machine's specification names it;      the specification no longer names it; the row goes when the host says that the
 *                    attached when the host says so             guest has given it back, or, with force, when the storage node has ended its export
 *
 * As long as the row is there the volume is not free for another attachment, and the device name not for another volume.
 */
import type { InstanceId, VolumeId } from "../base/ids.ts";
import { randomHex, type Random } from "../base/random.ts";
import { wake } from "../store/due.ts";
import { insertRow, prepare } from "../store/prepared.ts";
import type { VolumeAttachmentRow, VolumeRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { deleteVolume } from "./volume.ts";

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
  await insertRow(tx, "volume_attachments", row);
  return row;
}

/** Asks the host of a running instance to take the volume from the guest; with `force` nobody waits for the guest. */
export async function requestDetachment(tx: Tx, attachment: VolumeAttachmentRow, force: boolean): Promise<VolumeAttachmentRow> {
  const asked = { want: "detached", force: force ? 1 : attachment.force } as const; // keeps the literals
  await sameAttachment(tx.db.updateTable("volume_attachments").set(asked), attachment).execute();
  return { ...attachment, ...asked };
}

/** The volume is free; its storage node is told to export it no longer. */
export async function removeAttachment(tx: Tx, attachment: VolumeAttachmentRow, now: number): Promise<void> {
  await sameAttachment(tx.db.deleteFrom("volume_attachments"), attachment).execute();
  await wake(tx, { kind: "volume", key: attachment.volume_id }, now);
}

/** The row of this very attachment: a later one of the same volume to the same instance has another token. */
function sameAttachment<Query extends { where(column: "volume_id" | "instance_id" | "token", operator: "=", value: string): Query }>(
  query: Query,
  { volume_id: volume, instance_id: instance, token }: VolumeAttachmentRow,
): Query {
  return query.where("volume_id", "=", volume).where("instance_id", "=", instance).where("token", "=", token);
}

export function listAttachments(tx: Tx, of: { readonly volume: VolumeId } | { readonly instance: InstanceId }): Promise<VolumeAttachmentRow[]> {
  return "volume" in of ? selectOfVolume(tx, of) : selectOfInstance(tx, of);
}

const selectOfVolume = prepare((db, { volume }: { volume: VolumeId }) =>
  db.selectFrom("volume_attachments").selectAll().where("volume_id", "=", volume).orderBy("instance_id"),
);
const selectOfInstance = prepare((db, { instance }: { instance: InstanceId }) =>
  db.selectFrom("volume_attachments").selectAll().where("instance_id", "=", instance).orderBy("device"),
);

export interface AttachedVolume {
  readonly volume: VolumeRow;
  readonly attachment: VolumeAttachmentRow;
}

/** The instance's volumes, its root volume first. */
export async function listAttachedVolumes(tx: Tx, instance: InstanceId): Promise<AttachedVolume[]> {
  const attachments = await listAttachments(tx, { instance });
  if (attachments.length === 0) return [];
  const volumes = await selectAttachedVolumes(tx, { instance });
  return attachments
    .flatMap((attachment) => volumes.filter((volume) => volume.id === attachment.volume_id).map((volume) => ({ volume, attachment })))
    .toSorted((a, b) => b.attachment.root - a.attachment.root || (a.attachment.device < b.attachment.device ? -1 : 1));
}

const selectAttachedVolumes = prepare((db, { instance }: { instance: InstanceId }) =>
  db.selectFrom("volumes").selectAll().where("id", "in", db.selectFrom("volume_attachments").select("volume_id").where("instance_id", "=", instance)),
);

/** Makes new tokens: from now on only the coming run's host may open the volumes. */
export async function renewAttachmentTokens(tx: Tx, instance: InstanceId, random: Random, now: number): Promise<void> {
  for (const attachment of await listAttachments(tx, { instance })) {
    const change = tx.db.updateTable("volume_attachments").set({ token: newToken(random), observed_state: null });
    await sameAttachment(change, attachment).execute();
    await wake(tx, { kind: "volume", key: attachment.volume_id }, now);
  }
}

/** No host holds the instance any more: what it was asked to give back is given back, and of the rest nothing is known. */
export async function settleAttachments(tx: Tx, instance: InstanceId, now: number): Promise<void> {
  for (const attachment of await listAttachments(tx, { instance })) {
    if (attachment.want === "detached") await removeAttachment(tx, attachment, now);
    else if (attachment.observed_state !== null) await sameAttachment(tx.db.updateTable("volume_attachments").set({ observed_state: null }), attachment).execute();
  }
}

/** The instance is gone: its volumes are detached, and those that should die with it are removed, one that others hold too with the last of them (facts §4.4). */
export async function releaseVolumes(tx: Tx, attached: readonly AttachedVolume[], now: number): Promise<void> {
  for (const { volume, attachment } of attached) {
    await removeAttachment(tx, attachment, now);
    const dies = attachment.delete_on_termination === 1 && attachment.want === "attached";
    if (dies && (volume.multi_attach === 0 || (await listAttachments(tx, { volume: volume.id })).length === 0)) await deleteVolume(tx, volume, now);
  }
}

/** The name under which the attachment finds the volume's export. */
export function exportNameOf(attachment: Pick<VolumeAttachmentRow, "volume_id" | "token">): string {
  return `${attachment.volume_id}.${attachment.token}`;
}

function newToken(random: Random): string {
  return randomHex(random, 16);
}
