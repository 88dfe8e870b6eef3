/**
 * CreateImage: an image of an instance as it is. Its volumes are snapshotted at one moment; unless the caller does without, the guest shuts down before that and
 * starts again after it, on the same host (facts §4.9). Here are the plan and the rows; the image task's reconciler carries it out.
 */
import type { CreateImageCommandInput } from "@aws-sdk/client-ec2";
import { imageInProgress, instanceNotImageable, invalidBlockDeviceMapping, unsupportedRequest } from "../base/api-error.ts";
import type { Random } from "../base/random.ts";
import { requireSnapshotable, snapshotVolumes } from "../storage/snapshot-creation.ts";
import { listAttachedVolumes, type AttachedVolume } from "../storage/volume-attachment.ts";
import type { ImageRow, ImageTaskRow, InstanceRow } from "../store/compute-tables.ts";
import { wake } from "../store/due.ts";
import type { SnapshotRow, VolumeRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { openBlockDevice, type ImageBlockDevice } from "./block-device-mapping.ts";
import { findImage } from "./image.ts";
import { changeDevice, requireDeviceNames, requireRoot, toImageDevice, toImageFigures } from "./image-mapping.ts";
import { imageOptions, type ImageOptions } from "./image-options.ts";
import { insertImage, newImageId, requireImageDescription, requireImageName, withSnapshots, type ImagePlan } from "./image-row.ts";
import { instanceStoreOf, requireEbsRoot } from "./instance-store.ts";
import { toInstanceState } from "./instance-state.ts";

export interface CreationPlan {
  readonly instance: InstanceRow;
  /** Its devices' snapshots are yet to be made. */
  readonly image: ImagePlan;
  /** The volumes to snapshot, by device. */
  readonly volumes: ReadonlyMap<string, VolumeRow>;
  /** Whether the guest goes down for it. */
  readonly reboots: boolean;
}

export async function planCreation(tx: Tx, instance: InstanceRow, input: CreateImageCommandInput, now: number): Promise<CreationPlan> {
  const { account, region } = instance;
  const state = toInstanceState(instance);
  requireEbsRoot(instance, "made into an image");
  if (state !== "running" && state !== "stopped") throw instanceNotImageable(instance.id, state);
  if (instance.image_task !== null) throw imageInProgress(instance.id, instance.image_task);
  if (input.SnapshotLocation === "local") throw unsupportedRequest("There are no Outposts or Local Zones in this installation.");
  if (input.BootModeOverride !== undefined) throw unsupportedRequest("The boot mode of an image is that of its instance's image.");
  const name = await requireImageName(tx, { account, region }, input.Name ?? "");
  const description = requireImageDescription(input.Description);
  const { devices, volumes } = await planDevices(tx, instance, input);
  await requireSnapshotable(tx, [...volumes.values()], now);
  const image: ImagePlan = {
    owner: { account, region },
    name,
    description,
    architecture: instance.architecture,
    virtualization: instance.virtualization_type,
    rootDevice: instance.root_device_name,
    kernelId: instance.kernel_id,
    options: await optionsOf(tx, instance),
    devices,
    source: { source_instance_id: instance.id, source_image_id: instance.image_id, source_region: region },
  };
  return { instance, image, volumes, reboots: state === "running" && input.NoReboot !== true };
}

/** The instance's volumes and local disks, changed as the request says. */
async function planDevices(tx: Tx, instance: InstanceRow, input: CreateImageCommandInput): Promise<{ devices: ImageBlockDevice[]; volumes: Map<string, VolumeRow> }> {
  const attached = await listAttachedVolumes(tx, instance.id);
  const devices = new Map([...attached.map(toOwnDevice), ...toLocalDisks(instance)].map((device) => [device.device, device]));
  const volumes = new Map(attached.map(({ volume, attachment }) => [attachment.device, volume]));
  for (const mapping of requireDeviceNames(input.BlockDeviceMappings ?? [], instance.virtualization_type)) {
    const name = mapping.DeviceName;
    const own = devices.get(name);
    const keepsVolume = mapping.NoDevice === undefined && mapping.VirtualName === undefined && volumes.has(name);
    if (name === instance.root_device_name && !keepsVolume) throw invalidBlockDeviceMapping(`The root device '${name}' cannot be left out`);
    if (!keepsVolume) volumes.delete(name);
    if (mapping.NoDevice !== undefined) devices.delete(name);
    else devices.set(name, keepsVolume && own !== undefined ? changeDevice(own, mapping) : await toImageDevice(tx, instance, mapping));
  }
  return { devices: [...devices.values()], volumes };
}

function toOwnDevice({ volume, attachment }: AttachedVolume): ImageBlockDevice {
  return {
    ...openBlockDevice,
    device: attachment.device,
    sizeGib: volume.size_gib,
    ...toImageFigures(volume),
    encrypted: volume.encrypted === 1,
    deleteOnTermination: attachment.delete_on_termination === 1,
  };
}

/** Local disks that the instance maps by name; their content is not part of an image (facts §5). */
function toLocalDisks(instance: InstanceRow): ImageBlockDevice[] {
  const { devices } = instanceStoreOf(instance);
  return Object.entries(devices).map(([virtualName, device]) => ({ ...openBlockDevice, device, virtualName }));
}

/** Those of the image that the instance began as, with what was changed of the instance since. */
async function optionsOf(tx: Tx, instance: InstanceRow): Promise<ImageOptions> {
  const source = await findImage(tx, instance.image_id);
  const hvm = instance.virtualization_type === "hvm";
  const options: ImageOptions =
    source === undefined ? { enaSupport: false, sriovNetSupport: hvm ? "simple" : null, bootMode: null, imdsSupport: null } : imageOptions(source);
  return { ...options, enaSupport: hvm && (options.enaSupport || instance.ena_support === 1) };
}

export interface CreatedImage {
  readonly image: ImageRow;
  readonly snapshots: readonly SnapshotRow[];
}

/** Writes image, snapshots and task. While the guest is yet to go down, the snapshots are not asked for (`listSnapshotOrders`). */
export async function createImage(tx: Tx, plan: CreationPlan, random: Random, now: number): Promise<CreatedImage> {
  const { instance } = plan;
  const id = newImageId(random);
  const task: ImageTaskRow = {
    image_id: id,
    instance_id: instance.id,
    no_reboot: plan.reboots ? 0 : 1,
    phase: plan.reboots ? "stopping" : "storing",
    started_at: now,
    failure: null,
  };
  await tx.db.insertInto("image_tasks").values(task).execute();
  const moment = { description: `Created by CreateImage(${instance.id}) for ${id}`, imageId: id };
  const snapshots = await snapshotVolumes(tx, [...plan.volumes.values()], moment, random, now);
  const byDevice = new Map([...plan.volumes.keys()].map((device, index) => [device, snapshots[index]?.id ?? null]));
  const devices = withSnapshots(plan.image.devices, byDevice);
  requireRoot(devices, plan.image.rootDevice);
  const image = await insertImage(tx, id, { ...plan.image, devices }, "pending", now);
  if (plan.reboots) {
    await tx.db.updateTable("instances").set({ image_task: id }).where("id", "=", instance.id).execute();
    await wake(tx, { kind: "instance", key: instance.id }, now);
  }
  await wake(tx, { kind: "image-task", key: id }, now);
  return { image, snapshots };
}
