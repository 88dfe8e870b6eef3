/** The disks of a launch: the image's root volume and what the request's block device mapping adds or changes (facts §4.10, §1.4). */
import type { BlockDeviceMapping, EbsBlockDevice } from "@aws-sdk/client-ec2";
import { invalidParameterValue, missingParameter, notFound, invalidBlockDeviceMapping, unknownVolumeType } from "../base/api-error.ts";
import type { ImageRow } from "../store/compute-tables.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";

export interface LaunchVolume {
  readonly device: string;
  readonly root: boolean;
  readonly sizeGib: number;
  readonly type: string;
  readonly iops: number | null;
  readonly throughput: number | null;
  readonly encrypted: boolean;
  readonly deleteOnTermination: boolean;
  readonly snapshotId: string | null;
  /** The file of the image folder that it begins as. */
  readonly sourceFile: string | null;
}

export interface LaunchStorage {
  readonly volumes: readonly LaunchVolume[];
  /** Sizes of the local disks that the guest gets, `ephemeral0` first. */
  readonly instanceStoreGib: readonly number[];
  /** Device names of local disks that were mapped by name, for the metadata service. */
  readonly ephemeralDevices: Readonly<Record<string, string>>;
}

const volumeTypes: readonly string[] = ["gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"];

export function planLaunchStorage(image: ImageRow, type: InstanceType, mappings: readonly BlockDeviceMapping[]): LaunchStorage {
  const names = mappings.map((mapping) => requireDeviceName(mapping, image.virtualization_type));
  const twice = names.find((name, position) => names.indexOf(name) !== position);
  if (twice !== undefined) throw invalidBlockDeviceMapping(`The device '${twice}' is used in more than one block-device mapping`);
  const rootMapping = mappings.find((mapping) => mapping.DeviceName === image.root_device_name);
  const others = mappings.filter((mapping) => mapping.DeviceName !== image.root_device_name && mapping.NoDevice === undefined);
  const ebs = others.filter((mapping) => mapping.VirtualName === undefined);
  const ephemeral = others.filter((mapping) => mapping.VirtualName !== undefined);
  return {
    volumes: [rootVolume(image, rootMapping?.Ebs), ...ebs.map((mapping) => dataVolume(image, mapping))],
    ...planInstanceStore(type, ephemeral),
  };
}

function requireDeviceName(mapping: BlockDeviceMapping, virtualization: ImageRow["virtualization_type"]): string {
  const name = mapping.DeviceName;
  if (name === undefined || name === "") throw missingParameter("blockDeviceMapping.deviceName");
  const allowed =
    virtualization === "hvm" ? /^(?:\/dev\/)?(?:sd[a-z]|sda[12]|xvd[a-z]|xvd[a-d][a-z])$/ : /^(?:\/dev\/)?(?:sd[a-z](?:1[0-5]|[1-9])?|hd[a-z](?:1[0-5]|[1-9])?|xvd[a-z])$/;
  if (!allowed.test(name)) throw invalidBlockDeviceMapping(`Invalid device name ${name}`);
  return name;
}

function rootVolume(image: ImageRow, ebs: EbsBlockDevice | undefined): LaunchVolume {
  if (ebs?.SnapshotId !== undefined && ebs.SnapshotId !== image.snapshot_id) {
    throw invalidBlockDeviceMapping("snapshotId cannot be modified on root device");
  }
  const sizeGib = ebs?.VolumeSize ?? image.size_gib;
  if (sizeGib < image.size_gib) {
    throw invalidBlockDeviceMapping(
      `Volume of size ${sizeGib}GB is smaller than snapshot '${image.snapshot_id}', expect size >= ${image.size_gib}GB`,
    );
  }
  return {
    device: image.root_device_name,
    root: true,
    sizeGib,
    ...performance(ebs, "gp3"),
    deleteOnTermination: ebs?.DeleteOnTermination ?? true,
    snapshotId: image.snapshot_id,
    sourceFile: image.file,
  };
}

function dataVolume(image: ImageRow, mapping: BlockDeviceMapping): LaunchVolume {
  const ebs = mapping.Ebs;
  if (ebs === undefined) throw invalidBlockDeviceMapping(`The mapping of '${mapping.DeviceName}' has neither Ebs nor VirtualName`);
  const fromImage = ebs.SnapshotId !== undefined && ebs.SnapshotId === image.snapshot_id;
  if (ebs.SnapshotId !== undefined && !fromImage) throw notFound("snapshot", ebs.SnapshotId);
  const sizeGib = ebs.VolumeSize ?? (fromImage ? image.size_gib : undefined);
  if (sizeGib === undefined) throw missingParameter("blockDeviceMapping.ebs.volumeSize");
  if (fromImage && sizeGib < image.size_gib) throw invalidParameterValue(`Volume of size ${sizeGib}GB is smaller than snapshot '${image.snapshot_id}'`);
  return {
    device: mapping.DeviceName ?? "",
    root: false,
    sizeGib,
    ...performance(ebs, "gp2"),
    deleteOnTermination: ebs.DeleteOnTermination ?? true,
    snapshotId: fromImage ? image.snapshot_id : null,
    sourceFile: fromImage ? image.file : null,
  };
}

/** The type and its figures; limits by type come with the volume operations. */
function performance(ebs: EbsBlockDevice | undefined, defaultType: string): Pick<LaunchVolume, "type" | "iops" | "throughput" | "encrypted"> {
  const type = ebs?.VolumeType ?? defaultType;
  if (!volumeTypes.includes(type)) throw unknownVolumeType(type);
  const size = ebs?.VolumeSize ?? 1;
  if (size < 1 || size > 65_536) throw invalidParameterValue(`Volume size ${size} GiB is out of range.`);
  if ((type === "io1" || type === "io2") && ebs?.Iops === undefined) throw missingParameter("iops");
  return {
    type,
    iops: ebs?.Iops ?? (type === "gp3" ? 3000 : type === "gp2" ? Math.min(16_000, Math.max(100, size * 3)) : null),
    throughput: type === "gp3" ? (ebs?.Throughput ?? 125) : null,
    encrypted: ebs?.Encrypted ?? false,
  };
}

/** NVMe disks appear by themselves; others only where `ephemeralN` was mapped (facts §4.10). */
function planInstanceStore(type: InstanceType, mapped: readonly BlockDeviceMapping[]): Pick<LaunchStorage, "instanceStoreGib" | "ephemeralDevices"> {
  const store = type.instanceStore;
  const sizes = Array.from({ length: store?.diskCount ?? 0 }, () => store?.diskSizeGb ?? 0);
  if (store?.nvme === "required") return { instanceStoreGib: sizes, ephemeralDevices: {} };
  const wanted = mapped
    .map((mapping) => ({ index: Number(/^ephemeral(\d+)$/.exec(mapping.VirtualName ?? "")?.[1] ?? Number.NaN), device: mapping.DeviceName ?? "" }))
    .filter(({ index }) => index < sizes.length)
    .toSorted((a, b) => a.index - b.index);
  return {
    instanceStoreGib: wanted.map(({ index }) => sizes[index] ?? 0),
    ephemeralDevices: Object.fromEntries(wanted.map(({ index, device }) => [`ephemeral${index}`, device])),
  };
}
