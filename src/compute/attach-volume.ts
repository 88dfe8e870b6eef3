/** Attaching a volume to an instance: who may hold it, where, and under which name (facts §4.2, §4.3, §4.4). */
import {
  attachmentLimitExceeded,
  bootForVolumeTypeUnsupported,
  deviceInUse,
  instanceNotAttachable,
  invalidDeviceName,
  invalidParameterCombination,
  missingParameter,
  unsupportedRequest,
  volumeAlreadyAttached,
  volumeNotInState,
  volumeZoneMismatch,
} from "../base/api-error.ts";
import type { Random } from "../base/random.ts";
import { devicePlace, isDeviceName } from "../storage/device-name.ts";
import { attachVolume, listAttachments } from "../storage/volume-attachment.ts";
import { toVolumeState } from "../storage/volume.ts";
import { canBoot, parseVolumeType } from "../storage/volume-type.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import { wake } from "../store/due.ts";
import type { VolumeAttachmentRow, VolumeRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { toInstanceState } from "./instance-state.ts";
import { requireInstanceType } from "./instance-types/catalogue.ts";
import { requireInstances } from "./instance.ts";
import { ownedRows, type Owner } from "./owned-rows.ts";

export interface PlannedAttachment {
  readonly volume: VolumeRow;
  readonly instance: InstanceRow;
  readonly device: string;
  readonly root: boolean;
}

interface AttachRequest {
  readonly VolumeId: string;
  readonly InstanceId: string;
  readonly Device: string;
}

/** The most instances that may hold a volume with multi-attach. */
const holderLimit = 16;

/** The attachment that the request means, checked. Fails with EC2's error for the first thing that forbids it. */
export async function planAttachment(tx: Tx, owner: Owner, { VolumeId, InstanceId, Device: device }: AttachRequest): Promise<PlannedAttachment> {
  if (device === "") throw missingParameter("device");
  const [volume] = await ownedRows(tx, "volumes", owner, [VolumeId]);
  const [instance] = await requireInstances(tx, owner, [InstanceId]);
  if (volume === undefined || instance === undefined) throw new Error("rows of ids are there or fail");
  if (volume.zone !== instance.zone) throw volumeZoneMismatch(volume.id, instance.id);
  await requireFree(tx, volume, instance);
  const state = toInstanceState(instance);
  if (state !== "running" && state !== "stopped") throw instanceNotAttachable(instance.id);
  await requirePlace(tx, instance, device);
  const root = devicePlace(device) === devicePlace(instance.root_device_name);
  if (root) requireBootable(volume);
  return { volume, instance, device, root };
}

/** Nobody else holds the volume, or it is made for several and there is room for one more. */
async function requireFree(tx: Tx, volume: VolumeRow, instance: InstanceRow): Promise<void> {
  const holders = await listAttachments(tx, { volume: volume.id });
  if (holders.length > 0 && (volume.multi_attach === 0 || holders.some((holder) => holder.instance_id === instance.id))) throw volumeAlreadyAttached(volume.id);
  const state = toVolumeState(volume, false);
  if (state !== "available") throw volumeNotInState(volume.id, "available");
  if (volume.multi_attach === 0) return;
  if (holders.length >= holderLimit) throw attachmentLimitExceeded(holderLimit);
  if (requireInstanceType(instance.instance_type).hypervisor === "xen") throw unsupportedRequest("Multi-Attach enabled volumes can be attached to instances built on the Nitro System only.");
}

/** The device name is one, is free, and the instance takes one more volume. */
async function requirePlace(tx: Tx, instance: InstanceRow, device: string): Promise<void> {
  if (!isDeviceName(device, instance.virtualization_type)) throw invalidDeviceName(device);
  const held = await listAttachments(tx, { instance: instance.id });
  const { devices: local } = JSON.parse(instance.instance_store) as { devices: Record<string, string> }; // written by launch
  const taken = [...held.map((attachment) => attachment.device), ...Object.values(local)];
  if (taken.some((each) => devicePlace(each) === devicePlace(device))) throw deviceInUse(device);
  const limit = requireInstanceType(instance.instance_type).ebs.maxAttachments;
  if (held.length >= limit) throw attachmentLimitExceeded(limit);
}

/** Whether an instance of another type could hold the volumes that this one holds. */
export async function requireVolumesFit(tx: Tx, instance: InstanceRow, typeName: string): Promise<void> {
  const held = await listAttachments(tx, { instance: instance.id });
  const limit = requireInstanceType(typeName).ebs.maxAttachments;
  if (held.length > limit) throw attachmentLimitExceeded(limit);
}

function requireBootable(volume: VolumeRow): void {
  if (!canBoot(parseVolumeType(volume.type))) throw bootForVolumeTypeUnsupported(volume.type);
  if (volume.multi_attach === 1) throw invalidParameterCombination("A Multi-Attach enabled volume cannot be a boot volume.");
}

/** Writes the attachment; the host of a running instance gives it to the guest. It outlives its instance unless that is changed (facts §1.4). */
export async function applyAttachment(tx: Tx, plan: PlannedAttachment, random: Random, now: number): Promise<VolumeAttachmentRow> {
  const { volume, instance, device, root } = plan;
  const attachment = await attachVolume(tx, volume.id, instance.id, { device, root, deleteOnTermination: false }, random, now);
  await wake(tx, { kind: "volume", key: volume.id }, now);
  await wake(tx, { kind: "instance", key: instance.id }, now);
  return attachment;
}
