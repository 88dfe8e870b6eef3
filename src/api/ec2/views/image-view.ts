/** Images as EC2 shows them. */
import type { BlockDeviceMapping, Image, VolumeType } from "@aws-sdk/client-ec2";
import { imageBlockDevices, type ImageBlockDevice } from "../../../compute/block-device-mapping.ts";
import { imageOwnerAccount } from "../../../compute/image.ts";
import { imageOptions } from "../../../compute/image-options.ts";
import { imageRootType } from "../../../compute/instance-store.ts";
import type { Tag } from "../../../compute/tags.ts";
import type { ImageRow } from "../../../store/compute-tables.ts";
import { toTagViews } from "./tag-view.ts";

/** `id` is the one that the caller asked for, which may be an alias of the image's own. */
export function toImageView(row: ImageRow, id: string, tags: readonly Tag[] | undefined): Image {
  const alias = row.account === imageOwnerAccount ? "amazon" : undefined;
  return {
    ImageId: id,
    ImageLocation: `${alias ?? row.account}/${row.name}${row.image_type === "machine" && imageRootType(row) === "instance-store" ? ".manifest.xml" : ""}`,
    State: row.state,
    OwnerId: row.account,
    ...(alias === undefined ? {} : { ImageOwnerAlias: alias }),
    CreationDate: new Date(row.created_at).toISOString(),
    Public: row.public === 1,
    ProductCodes: [],
    Architecture: row.architecture,
    ImageType: row.image_type,
    PlatformDetails: "Linux/UNIX",
    UsageOperation: "RunInstances",
    Name: row.name,
    Description: row.description,
    Hypervisor: "xen",
    VirtualizationType: row.virtualization_type,
    ...(row.state_reason === null ? {} : { StateReason: { Code: "Client.InternalError", Message: row.state_reason } }),
    Tags: toTagViews(tags),
    ...(row.image_type === "machine" ? machineFields(row) : { RootDeviceType: "instance-store", BlockDeviceMappings: [] }),
  };
}

function machineFields(row: ImageRow): Partial<Image> {
  const options = imageOptions(row);
  return {
    RootDeviceName: row.root_device_name,
    RootDeviceType: imageRootType(row),
    BlockDeviceMappings: imageBlockDevices(row).map(toBlockDeviceView),
    ...(row.virtualization_type === "hvm" ? { EnaSupport: options.enaSupport } : {}),
    ...(options.sriovNetSupport === null ? {} : { SriovNetSupport: options.sriovNetSupport }),
    ...(options.bootMode === null ? {} : { BootMode: options.bootMode }),
    ...(options.imdsSupport === null ? {} : { ImdsSupport: options.imdsSupport }),
    ...(row.kernel_id === null ? {} : { KernelId: row.kernel_id }),
    ...(row.deprecated_at === null ? {} : { DeprecationTime: new Date(row.deprecated_at).toISOString() }),
    ...(row.deregistration_protection === "disabled" ? {} : { DeregistrationProtection: row.deregistration_protection }),
    ...(row.source_instance_id === null ? {} : { SourceInstanceId: row.source_instance_id }),
    ...(row.source_image_id === null ? {} : { SourceImageId: row.source_image_id }),
    ...(row.source_region === null ? {} : { SourceImageRegion: row.source_region }),
  };
}

/** A device of an image's mapping; what the image leaves open is left out. */
export function toBlockDeviceView(device: ImageBlockDevice): BlockDeviceMapping {
  if (device.virtualName !== null) return { DeviceName: device.device, VirtualName: device.virtualName };
  return {
    DeviceName: device.device,
    Ebs: {
      ...(device.deleteOnTermination === null ? {} : { DeleteOnTermination: device.deleteOnTermination }),
      ...(device.snapshotId === null ? {} : { SnapshotId: device.snapshotId }),
      ...(device.sizeGib === null ? {} : { VolumeSize: device.sizeGib }),
      ...(device.volumeType === null ? {} : { VolumeType: device.volumeType as VolumeType }), // the image actions take EC2's types only
      ...(device.iops === null ? {} : { Iops: device.iops }),
      ...(device.throughput === null ? {} : { Throughput: device.throughput }),
      ...(device.encrypted === null ? {} : { Encrypted: device.encrypted }),
    },
  };
}
