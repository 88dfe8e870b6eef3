/** Detaching a volume: which attachment is meant, and what its instance's state allows (facts §4.2, §4.4). */
import { attachmentNotFound, missingParameter, rootVolumeNotDetachable, volumeNotAttached } from "../base/api-error.ts";
import { listAttachments, removeAttachment, requestDetachment } from "../storage/volume-attachment.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import { wake } from "../store/due.ts";
import type { VolumeAttachmentRow, VolumeRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { toInstanceState } from "./instance-state.ts";
import { requireInstances } from "./instance.ts";
import { ownedRows, type Owner } from "./owned-rows.ts";

export interface PlannedDetachment {
  readonly volume: VolumeRow;
  readonly instance: InstanceRow;
  readonly attachment: VolumeAttachmentRow;
}

interface DetachRequest {
  readonly VolumeId: string;
  readonly InstanceId?: string | undefined;
  readonly Device?: string | undefined;
}

/** The attachment to end. With several the request must name the instance; a root volume leaves a stopped instance only. */
export async function planDetachment(tx: Tx, owner: Owner, request: DetachRequest): Promise<PlannedDetachment> {
  const [volume] = await ownedRows(tx, "volumes", owner, [request.VolumeId]);
  if (volume === undefined) throw new Error("rows of ids are there or fail");
  if (request.InstanceId !== undefined) await requireInstances(tx, owner, [request.InstanceId]);
  const attachment = chooseAttachment(volume, await listAttachments(tx, { volume: volume.id }), request);
  const [instance] = await requireInstances(tx, owner, [attachment.instance_id]);
  if (instance === undefined) throw new Error("an attachment's instance is there");
  if (attachment.root === 1 && toInstanceState(instance) !== "stopped") throw rootVolumeNotDetachable(volume.id, instance.id);
  return { volume, instance, attachment };
}

function chooseAttachment(volume: VolumeRow, attachments: readonly VolumeAttachmentRow[], { InstanceId: instance, Device: device }: DetachRequest): VolumeAttachmentRow {
  if (attachments.length === 0) throw volumeNotAttached(volume.id);
  const meant = attachments.filter((each) => (instance === undefined || each.instance_id === instance) && (device === undefined || each.device === device));
  const [attachment, ...more] = meant;
  if (attachment === undefined) throw attachmentNotFound(volume.id, [instance, device].filter((part) => part !== undefined).join(" as "));
  if (more.length > 0) throw missingParameter("instanceId");
  return attachment;
}

/** Where no host holds the instance the attachment is gone with this; else its host takes it from the guest, or, forced, the storage node from the host. */
export async function applyDetachment(tx: Tx, { volume, instance, attachment }: PlannedDetachment, force: boolean, now: number): Promise<VolumeAttachmentRow> {
  if (instance.host_id === null) {
    await removeAttachment(tx, attachment, now);
    return { ...attachment, want: "detached" };
  }
  const asked = await requestDetachment(tx, attachment, force);
  await wake(tx, { kind: "instance", key: instance.id }, now);
  if (force) await wake(tx, { kind: "volume", key: volume.id }, now);
  return asked;
}
