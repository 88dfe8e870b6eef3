/** What a launch template would have to say to launch an instance like one that exists (facts §12.1). */
import type { LaunchTemplateBlockDeviceMapping, LaunchTemplateInstanceNetworkInterfaceSpecification, ResponseLaunchTemplateData } from "@aws-sdk/client-ec2";
import type { MetadataOptions } from "../../../compute/metadata-options.ts";
import { groupIdsOf } from "../../../network/network-interface.ts";
import type { VolumeRow } from "../../../store/storage-tables.ts";
import type { ViewedInstance } from "./instance-parts.ts";
import { toMetadataOptionsView, toPlacementView } from "./instance-view.ts";

export function toTemplateDataOf(viewed: ViewedInstance, volumes: readonly VolumeRow[]): ResponseLaunchTemplateData {
  const { row } = viewed;
  const options = JSON.parse(row.metadata_options) as MetadataOptions; // written by launch and ModifyInstanceMetadataOptions
  const { State: _state, ...metadata } = toMetadataOptionsView(options);
  const tags = viewed.tags.filter(({ key }) => !key.startsWith("aws:"));
  return {
    ImageId: row.image_id,
    InstanceType: row.instance_type as NonNullable<ResponseLaunchTemplateData["InstanceType"]>, // the catalogue's names are EC2's
    ...(row.key_name === null ? {} : { KeyName: row.key_name }),
    ...(row.kernel_id === null ? {} : { KernelId: row.kernel_id }),
    EbsOptimized: row.ebs_optimized === 1,
    BlockDeviceMappings: toMappings(viewed, volumes),
    NetworkInterfaces: viewed.interfaces.map((nic): LaunchTemplateInstanceNetworkInterfaceSpecification => ({
      DeviceIndex: nic.device_index ?? 0,
      NetworkCardIndex: 0,
      InterfaceType: "interface",
      Description: nic.description,
      SubnetId: nic.subnet_id,
      Groups: groupIdsOf(nic),
      DeleteOnTermination: nic.delete_on_termination === 1,
      ...(nic.device_index === 0 ? { AssociatePublicIpAddress: row.public_address_wanted === 1 } : {}),
    })),
    Monitoring: { Enabled: row.monitoring === 1 },
    Placement: toPlacementView(viewed),
    DisableApiTermination: row.disable_api_termination === 1,
    DisableApiStop: row.disable_api_stop === 1,
    InstanceInitiatedShutdownBehavior: row.shutdown_behavior,
    ...(row.user_data === null ? {} : { UserData: row.user_data }),
    ...(tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType: "instance" as const, Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })) }] }),
    ...(row.credit_specification === null ? {} : { CreditSpecification: { CpuCredits: row.credit_specification } }),
    HibernationOptions: { Configured: false },
    EnclaveOptions: { Enabled: false },
    MetadataOptions: metadata,
  };
}

function toMappings({ attachments }: ViewedInstance, volumes: readonly VolumeRow[]): LaunchTemplateBlockDeviceMapping[] {
  return attachments.flatMap((attachment) => {
    const volume = volumes.find(({ id }) => id === attachment.volume_id);
    if (volume === undefined) return [];
    return [
      {
        DeviceName: attachment.device,
        Ebs: {
          DeleteOnTermination: attachment.delete_on_termination === 1,
          VolumeSize: volume.size_gib,
          VolumeType: volume.type as "gp3", // written from a parsed type
          Encrypted: volume.encrypted === 1,
          ...(volume.snapshot_id === null ? {} : { SnapshotId: volume.snapshot_id }),
          ...(volume.iops === null ? {} : { Iops: volume.iops }),
          ...(volume.throughput === null ? {} : { Throughput: volume.throughput }),
        },
      },
    ];
  });
}
