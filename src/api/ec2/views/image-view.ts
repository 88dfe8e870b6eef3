/** Images as EC2 shows them. */
import type { Image } from "@aws-sdk/client-ec2";
import { imageOwnerAccount } from "../../../compute/image.ts";
import type { Tag } from "../../../compute/tags.ts";
import type { ImageRow } from "../../../store/compute-tables.ts";
import { toTagViews } from "./tag-view.ts";

/** `id` is the one that the caller asked for, which may be an alias of the image's own. */
export function toImageView(row: ImageRow, id: string, tags: readonly Tag[] | undefined): Image {
  const alias = row.account === imageOwnerAccount ? "amazon" : undefined;
  return {
    ImageId: id,
    ImageLocation: `${alias ?? row.account}/${row.name}`,
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
  const hvm: Partial<Image> = { EnaSupport: true, SriovNetSupport: "simple", BootMode: "legacy-bios" };
  return {
    RootDeviceName: row.root_device_name,
    RootDeviceType: "ebs",
    BlockDeviceMappings: [
      {
        DeviceName: row.root_device_name,
        Ebs: {
          DeleteOnTermination: true,
          SnapshotId: row.snapshot_id,
          VolumeSize: row.size_gib,
          VolumeType: "gp3",
          Iops: 3000,
          Throughput: 125,
          Encrypted: false,
        },
      },
    ],
    ...(row.virtualization_type === "hvm" ? hvm : row.kernel_id === null ? {} : { KernelId: row.kernel_id }),
  };
}
