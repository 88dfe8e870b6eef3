/**
 * The block device mapping of an image that is being made: what RegisterImage lists, and what CreateImage changes of the instance's own (facts §4.9, §4.10).
 */
import type { BlockDeviceMapping, EbsBlockDevice } from "@aws-sdk/client-ec2";
import { bootForVolumeTypeUnsupported, invalidBlockDeviceMapping, invalidParameterCombination, missingParameter, volumeSmallerThanSnapshot } from "../base/api-error.ts";
import { devicePlace, isDeviceName } from "../storage/device-name.ts";
import { requireUsableSnapshot } from "../storage/snapshot.ts";
import { canBoot, defaultVolumeType, parseVolumeType, planFigures } from "../storage/volume-type.ts";
import type { ImageRow } from "../store/compute-tables.ts";
import type { SnapshotRow, VolumeRow } from "../store/storage-tables.ts";
import type { Tx } from "../store/store.ts";
import { openBlockDevice, type ImageBlockDevice } from "./block-device-mapping.ts";
import type { Owner } from "./owned-rows.ts";

type Virtualization = ImageRow["virtualization_type"];

/** The mappings with their names; fails for a name that is none or stands twice. */
export function requireDeviceNames(mappings: readonly BlockDeviceMapping[], virtualization: Virtualization): (BlockDeviceMapping & { readonly DeviceName: string })[] {
  const places = new Set<string>();
  return mappings.map((mapping) => {
    const name = mapping.DeviceName;
    if (name === undefined || name === "") throw missingParameter("blockDeviceMapping.deviceName");
    if (!isDeviceName(name, virtualization)) throw invalidBlockDeviceMapping(`Invalid device name ${name}`);
    if (places.has(devicePlace(name))) throw invalidBlockDeviceMapping(`The device '${name}' is used in more than one block-device mapping`);
    places.add(devicePlace(name));
    return { ...mapping, DeviceName: name };
  });
}

/** A device as a request describes it by itself. */
export async function toImageDevice(tx: Tx, owner: Owner, mapping: BlockDeviceMapping & { readonly DeviceName: string }): Promise<ImageBlockDevice> {
  const { DeviceName: device, VirtualName: virtualName, Ebs: ebs } = mapping;
  if (virtualName !== undefined && ebs !== undefined) throw invalidBlockDeviceMapping(`The mapping of '${device}' has both Ebs and VirtualName`);
  if (virtualName !== undefined) return { ...openBlockDevice, device, virtualName: requireVirtualName(virtualName) };
  if (ebs === undefined) throw invalidBlockDeviceMapping(`The mapping of '${device}' has neither Ebs nor VirtualName`);
  const snapshot = ebs.SnapshotId === undefined ? undefined : await requireUsableSnapshot(tx, owner, ebs.SnapshotId);
  if (ebs.KmsKeyId !== undefined) throw invalidParameterCombination("KmsKeyId is not supported here. Copy the image to choose a key.");
  if (snapshot !== undefined && ebs.Encrypted !== undefined) throw invalidBlockDeviceMapping(`Encrypted flag cannot be specified since device ${device} has a snapshot specified`);
  return { ...openBlockDevice, device, ...toEbsFields(ebs, snapshot) };
}

/** The name of a local disk. */
export function requireVirtualName(name: string): string {
  if (!/^ephemeral(?:\d|1\d|2[0-3])$/.test(name)) throw invalidBlockDeviceMapping(`Invalid virtual name ${name}`);
  return name;
}

function toEbsFields(ebs: EbsBlockDevice, snapshot: SnapshotRow | undefined): Partial<ImageBlockDevice> {
  const sizeGib = ebs.VolumeSize ?? snapshot?.volume_size_gib;
  if (sizeGib === undefined) throw missingParameter("blockDeviceMapping.ebs.volumeSize");
  if (snapshot !== undefined && sizeGib < snapshot.volume_size_gib) {
    throw volumeSmallerThanSnapshot(sizeGib, { id: snapshot.id, sizeGib: snapshot.volume_size_gib }, true);
  }
  const type = parseVolumeType(ebs.VolumeType ?? defaultVolumeType);
  return {
    snapshotId: snapshot?.id ?? null,
    sizeGib,
    ...toImageFigures(planFigures({ type, sizeGib, iops: ebs.Iops, throughput: ebs.Throughput })),
    encrypted: snapshot === undefined ? (ebs.Encrypted ?? false) : snapshot.encrypted === 1,
    deleteOnTermination: ebs.DeleteOnTermination ?? true,
  };
}

/** Fails when a machine cannot start from it. */
export function requireRoot(devices: readonly ImageBlockDevice[], rootDevice: string): ImageBlockDevice {
  const root = devices.find(({ device }) => device === rootDevice);
  if (root?.snapshotId === undefined || root.snapshotId === null) throw invalidBlockDeviceMapping(`No snapshot is specified for the root device '${rootDevice}'`);
  const type = parseVolumeType(root.volumeType ?? defaultVolumeType);
  if (!canBoot(type)) throw bootForVolumeTypeUnsupported(type);
  return root;
}

/** The instance's own device with what the request changes of it: all but its size, its encryption and what it begins as. */
export function changeDevice(own: ImageBlockDevice, { DeviceName: device, Ebs: ebs }: BlockDeviceMapping): ImageBlockDevice {
  if (ebs === undefined) return own;
  if (ebs.SnapshotId !== undefined) throw invalidBlockDeviceMapping(`snapshotId cannot be modified on ${device}`);
  if (ebs.Encrypted !== undefined && ebs.Encrypted !== own.encrypted) throw invalidBlockDeviceMapping(`The encryption of the volume at ${device} cannot be modified`);
  if (ebs.VolumeSize !== undefined && ebs.VolumeSize !== own.sizeGib) throw invalidBlockDeviceMapping(`The size of the volume at ${device} cannot be modified`);
  const type = parseVolumeType(ebs.VolumeType ?? own.volumeType ?? defaultVolumeType);
  const sameType = type === own.volumeType;
  const figures = planFigures({
    type,
    sizeGib: own.sizeGib ?? 1,
    iops: ebs.Iops ?? (sameType ? (own.iops ?? undefined) : undefined),
    throughput: ebs.Throughput ?? (sameType ? (own.throughput ?? undefined) : undefined),
  });
  return { ...own, ...toImageFigures(figures), deleteOnTermination: ebs.DeleteOnTermination ?? own.deleteOnTermination };
}

/** Type, IOPS and throughput as a mapping holds them: only what is provisioned. */
export function toImageFigures({ type, iops, throughput }: Pick<VolumeRow, "type" | "iops" | "throughput">): Pick<ImageBlockDevice, "volumeType" | "iops" | "throughput"> {
  return { volumeType: type, iops: type === "gp2" ? null : iops, throughput };
}
