/** The disks of a launch: the image's devices, and what the request's block device mapping adds, changes or leaves out (facts §4.10, §1.4). */
import type { BlockDeviceMapping } from "@aws-sdk/client-ec2";
import {
  attachmentLimitExceeded,
  bootForVolumeTypeUnsupported,
  invalidBlockDeviceMapping,
  missingParameter,
  notFound,
  volumeSmallerThanSnapshot,
} from "../base/api-error.ts";
import { devicePlace, isDeviceName } from "../storage/device-name.ts";
import { encryptionByDefault } from "../storage/kms-key.ts";
import { findSnapshot, requireUsableSnapshot, toSnapshotState } from "../storage/snapshot.ts";
import { planInitializationRate } from "../storage/volume-creation.ts";
import { planEncryption, toVolumeOrigin, type Encryption, type VolumeOrigin } from "../storage/volume-source.ts";
import { canBoot, defaultVolumeType, parseVolumeType, planFigures, type VolumeFigures } from "../storage/volume-type.ts";
import type { ImageRow } from "../store/compute-tables.ts";
import type { SnapshotRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { imageBlockDevices, openBlockDevice, type ImageBlockDevice } from "./block-device-mapping.ts";
import { requireVirtualName } from "./image-mapping.ts";
import { imageRootType, type InstanceStore } from "./instance-store.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";
import type { Owner } from "./owned-rows.ts";

export interface LaunchVolume extends VolumeFigures, Encryption {
  readonly device: string;
  readonly root: boolean;
  readonly deleteOnTermination: boolean;
  readonly multiAttach: false;
  readonly snapshotId: string | null;
  /** The file of the image folder that it begins as. */
  readonly sourceFile: string | null;
  readonly initializationRate: number | null;
}

export interface LaunchStorage {
  readonly volumes: readonly LaunchVolume[];
  readonly local: InstanceStore;
}

/** A device of the image as the request leaves it, or one of the request's own. */
interface Device extends ImageBlockDevice {
  readonly asked: BlockDeviceMapping | undefined;
}

export async function planLaunchStorage(tx: Tx, owner: Owner, image: ImageRow, type: InstanceType, mappings: readonly BlockDeviceMapping[]): Promise<LaunchStorage> {
  const devices = mergeDevices(image, mappings).filter(({ noDevice }) => !noDevice);
  refuseTaken(devices);
  const byDefault = await encryptionByDefault(tx, owner);
  const volumes: LaunchVolume[] = [];
  for (const device of devices) if (device.virtualName === null) volumes.push(await planVolume(tx, owner, image, device, byDefault));
  if (volumes.length > type.ebs.maxAttachments) throw attachmentLimitExceeded(type.ebs.maxAttachments);
  const local = devices.filter(({ virtualName, asked }) => virtualName !== null && (type.family !== "m3" || asked !== undefined)); // facts §4.10
  return { volumes, local: { ...planInstanceStore(type, local), ...localRoot(image) } };
}

function localRoot({ file, size_gib: gib, ...image }: ImageRow): Pick<InstanceStore, "root"> {
  return imageRootType(image) === "ebs" || file === null ? {} : { root: { file, gib } };
}

/** The image's devices, root first, then the request's others. */
function mergeDevices(image: ImageRow, mappings: readonly BlockDeviceMapping[]): Device[] {
  const asked = new Map<string, BlockDeviceMapping>();
  for (const mapping of mappings) {
    const name = requireDeviceName(mapping, image);
    if (asked.has(name)) throw usedTwice(name);
    if (name === image.root_device_name && imageRootType(image) === "instance-store") throw invalidBlockDeviceMapping(`The root device '${name}' is not a volume`);
    asked.set(name, mapping);
  }
  const inherited = imageBlockDevices(image);
  const names = new Set(inherited.map(({ device }) => device));
  const own = [...asked].filter(([name]) => !names.has(name));
  return [
    ...inherited.map((device) => mergeDevice(device, asked.get(device.device), image)),
    ...own.map(([name, mapping]) => mergeDevice({ ...openBlockDevice, device: name }, mapping, image)),
  ];
}

function requireDeviceName({ DeviceName: name }: BlockDeviceMapping, image: ImageRow): string {
  if (name === undefined || name === "") throw missingParameter("blockDeviceMapping.deviceName");
  if (!isDeviceName(name, image.virtualization_type)) throw invalidBlockDeviceMapping(`Invalid device name ${name}`);
  return name;
}

function refuseTaken(devices: readonly Device[]): void {
  const places = devices.map(({ device }) => devicePlace(device));
  const twice = devices.find((_device, position) => places.indexOf(places[position] ?? "") !== position);
  if (twice !== undefined) throw usedTwice(twice.device);
}

function usedTwice(name: string) {
  return invalidBlockDeviceMapping(`The device '${name}' is used in more than one block-device mapping`);
}

/** The request's fields over the image's, one by one; figures of the image's type do not carry over to another type. */
function mergeDevice(device: ImageBlockDevice, asked: BlockDeviceMapping | undefined, image: ImageRow): Device {
  if (asked === undefined) return { ...device, asked };
  const { Ebs: ebs, VirtualName: virtualName, NoDevice: none } = asked;
  const isRoot = device.device === image.root_device_name;
  if (isRoot && (none !== undefined || virtualName !== undefined)) throw invalidBlockDeviceMapping(`The root device '${device.device}' must be an EBS volume`);
  if (none !== undefined) return { ...device, asked, noDevice: true };
  if (virtualName !== undefined) return { ...openBlockDevice, device: device.device, asked, virtualName: requireVirtualName(virtualName) };
  if (ebs === undefined) throw invalidBlockDeviceMapping(`The mapping of '${device.device}' has neither Ebs nor VirtualName`);
  if (isRoot && ebs.SnapshotId !== undefined && ebs.SnapshotId !== device.snapshotId) throw invalidBlockDeviceMapping("snapshotId cannot be modified on root device");
  const sameType = ebs.VolumeType === undefined || ebs.VolumeType === device.volumeType;
  return {
    device: device.device,
    snapshotId: (ebs.SnapshotId as ImageBlockDevice["snapshotId"]) ?? device.snapshotId, // checked where it is looked up
    sizeGib: ebs.VolumeSize ?? device.sizeGib,
    volumeType: ebs.VolumeType ?? device.volumeType,
    iops: ebs.Iops ?? (sameType ? device.iops : null),
    throughput: ebs.Throughput ?? (sameType ? device.throughput : null),
    encrypted: ebs.Encrypted ?? device.encrypted,
    deleteOnTermination: ebs.DeleteOnTermination ?? device.deleteOnTermination,
    virtualName: null,
    noDevice: false,
    asked,
  };
}

async function planVolume(tx: Tx, owner: Owner, image: ImageRow, device: Device, byDefault: boolean): Promise<LaunchVolume> {
  const root = device.device === image.root_device_name;
  const origin = await findOrigin(tx, owner, image, device);
  const type = parseVolumeType(device.volumeType ?? defaultVolumeType);
  if (root && !canBoot(type)) throw bootForVolumeTypeUnsupported(type);
  const sizeGib = device.sizeGib ?? origin?.sizeGib;
  if (sizeGib === undefined) throw missingParameter("blockDeviceMapping.ebs.volumeSize");
  if (origin !== undefined && sizeGib < origin.sizeGib) throw volumeSmallerThanSnapshot(sizeGib, { id: origin.snapshotId, sizeGib: origin.sizeGib }, true);
  return {
    device: device.device,
    root,
    ...planFigures({ type, sizeGib, iops: device.iops ?? undefined, throughput: device.throughput ?? undefined }),
    ...planEncryption(owner, { encrypted: device.encrypted ?? undefined, kmsKeyId: device.asked?.Ebs?.KmsKeyId }, origin, byDefault),
    deleteOnTermination: device.deleteOnTermination ?? true,
    multiAttach: false,
    snapshotId: origin?.snapshotId ?? null,
    sourceFile: origin?.sourceFile ?? null,
    initializationRate: planInitializationRate(device.asked?.Ebs?.VolumeInitializationRate, origin),
  };
}

/** The image's own snapshots need no permission, and that of a built-in image needs no look: it is the image's file. */
async function findOrigin(tx: Tx, owner: Owner, image: ImageRow, { snapshotId: id, asked }: Device): Promise<VolumeOrigin | undefined> {
  if (id === null) return undefined;
  if (id === image.snapshot_id && image.file !== null) return { snapshotId: id, sizeGib: image.size_gib, sourceFile: image.file, encrypted: false, kmsKey: undefined };
  const snapshot = asked?.Ebs?.SnapshotId === undefined ? await requireImageSnapshot(tx, id) : await requireUsableSnapshot(tx, owner, id);
  return toVolumeOrigin(snapshot, owner);
}

async function requireImageSnapshot(tx: Tx, id: SnapshotRow["id"]): Promise<SnapshotRow> {
  const row = await findSnapshot(tx, id);
  if (row === undefined || row.want === "absent" || toSnapshotState(row) !== "completed") throw notFound("snapshot", id);
  return row;
}

/** NVMe disks appear by themselves; others only where `ephemeralN` was mapped (facts §4.10). */
function planInstanceStore(type: InstanceType, mapped: readonly Device[]): InstanceStore {
  const store = type.instanceStore;
  const sizes = Array.from({ length: store?.diskCount ?? 0 }, () => store?.diskSizeGb ?? 0);
  if (store?.nvme === "required") return { gib: sizes, devices: {} };
  const wanted = mapped
    .map(({ device, virtualName }) => ({ index: Number(/^ephemeral(\d+)$/.exec(virtualName ?? "")?.[1] ?? Number.NaN), device }))
    .filter(({ index }) => index < sizes.length)
    .toSorted((a, b) => a.index - b.index);
  return {
    gib: wanted.map(({ index }) => sizes[index] ?? 0),
    devices: Object.fromEntries(wanted.map(({ index, device }) => [`ephemeral${index}`, device])),
  };
}
