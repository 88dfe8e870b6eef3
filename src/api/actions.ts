/** Every action that is built, by service and name: the registry that the server serves and that the reference documents. */
import type { Action } from "./action.ts";
import { CompleteSnapshot } from "./ebs/complete-snapshot.ts";
import { GetSnapshotBlock } from "./ebs/get-snapshot-block.ts";
import { ListChangedBlocks } from "./ebs/list-changed-blocks.ts";
import { ListSnapshotBlocks } from "./ebs/list-snapshot-blocks.ts";
import { PutSnapshotBlock } from "./ebs/put-snapshot-block.ts";
import { StartSnapshot } from "./ebs/start-snapshot.ts";
import { AttachVolume } from "./ec2/attach-volume.ts";
import { CancelImportTask } from "./ec2/cancel-import-task.ts";
import { CopyImage } from "./ec2/copy-image.ts";
import { CopySnapshot } from "./ec2/copy-snapshot.ts";
import { CreateImage } from "./ec2/create-image.ts";
import { CreateKeyPair } from "./ec2/create-key-pair.ts";
import { CreateSnapshot } from "./ec2/create-snapshot.ts";
import { CreateSnapshots } from "./ec2/create-snapshots.ts";
import { CreateTags } from "./ec2/create-tags.ts";
import { CreateVolume } from "./ec2/create-volume.ts";
import { DeleteKeyPair } from "./ec2/delete-key-pair.ts";
import { DeleteSnapshot } from "./ec2/delete-snapshot.ts";
import { DeleteTags } from "./ec2/delete-tags.ts";
import { DeleteVolume } from "./ec2/delete-volume.ts";
import { DeregisterImage } from "./ec2/deregister-image.ts";
import { DescribeAccountAttributes } from "./ec2/describe-account-attributes.ts";
import { DescribeAddresses } from "./ec2/describe-addresses.ts";
import { DescribeAvailabilityZones } from "./ec2/describe-availability-zones.ts";
import { DescribeDhcpOptions } from "./ec2/describe-dhcp-options.ts";
import { DescribeImageAttribute } from "./ec2/describe-image-attribute.ts";
import { DescribeImages } from "./ec2/describe-images.ts";
import { DescribeImportSnapshotTasks } from "./ec2/describe-import-snapshot-tasks.ts";
import { DescribeInstanceAttribute } from "./ec2/describe-instance-attribute.ts";
import { DescribeInstanceCreditSpecifications } from "./ec2/describe-instance-credit-specifications.ts";
import { DescribeInstanceStatus } from "./ec2/describe-instance-status.ts";
import { DescribeInstanceTypeOfferings } from "./ec2/describe-instance-type-offerings.ts";
import { DescribeInstanceTypes } from "./ec2/describe-instance-types.ts";
import { DescribeInstances } from "./ec2/describe-instances.ts";
import { DescribeInternetGateways } from "./ec2/describe-internet-gateways.ts";
import { DescribeKeyPairs } from "./ec2/describe-key-pairs.ts";
import { DescribeNetworkAcls } from "./ec2/describe-network-acls.ts";
import { DescribeNetworkInterfaces } from "./ec2/describe-network-interfaces.ts";
import { DescribeRegions } from "./ec2/describe-regions.ts";
import { DescribeRouteTables } from "./ec2/describe-route-tables.ts";
import { DescribeSecurityGroupRules } from "./ec2/describe-security-group-rules.ts";
import { DescribeSecurityGroups } from "./ec2/describe-security-groups.ts";
import { DescribeSnapshotAttribute } from "./ec2/describe-snapshot-attribute.ts";
import { DescribeSnapshots } from "./ec2/describe-snapshots.ts";
import { DescribeSubnets } from "./ec2/describe-subnets.ts";
import { DescribeTags } from "./ec2/describe-tags.ts";
import { DescribeVolumeAttribute } from "./ec2/describe-volume-attribute.ts";
import { DescribeVolumeStatus } from "./ec2/describe-volume-status.ts";
import { DescribeVolumesModifications } from "./ec2/describe-volumes-modifications.ts";
import { DescribeVolumes } from "./ec2/describe-volumes.ts";
import { DescribeVpcAttribute } from "./ec2/describe-vpc-attribute.ts";
import { DescribeVpcs } from "./ec2/describe-vpcs.ts";
import { DetachVolume } from "./ec2/detach-volume.ts";
import { DisableEbsEncryptionByDefault } from "./ec2/disable-ebs-encryption-by-default.ts";
import { DisableImageDeprecation } from "./ec2/disable-image-deprecation.ts";
import { DisableImageDeregistrationProtection } from "./ec2/disable-image-deregistration-protection.ts";
import { DisableImage } from "./ec2/disable-image.ts";
import { EnableEbsEncryptionByDefault } from "./ec2/enable-ebs-encryption-by-default.ts";
import { EnableImageDeprecation } from "./ec2/enable-image-deprecation.ts";
import { EnableImageDeregistrationProtection } from "./ec2/enable-image-deregistration-protection.ts";
import { EnableImage } from "./ec2/enable-image.ts";
import { EnableVolumeIO } from "./ec2/enable-volume-io.ts";
import { GetConsoleOutput } from "./ec2/get-console-output.ts";
import { GetEbsDefaultKmsKeyId } from "./ec2/get-ebs-default-kms-key-id.ts";
import { GetEbsEncryptionByDefault } from "./ec2/get-ebs-encryption-by-default.ts";
import { GetPasswordData } from "./ec2/get-password-data.ts";
import { ImportKeyPair } from "./ec2/import-key-pair.ts";
import { ImportSnapshot } from "./ec2/import-snapshot.ts";
import { ModifyEbsDefaultKmsKeyId } from "./ec2/modify-ebs-default-kms-key-id.ts";
import { ModifyImageAttribute } from "./ec2/modify-image-attribute.ts";
import { ModifyInstanceAttribute } from "./ec2/modify-instance-attribute.ts";
import { ModifyInstanceMetadataOptions } from "./ec2/modify-instance-metadata-options.ts";
import { ModifySnapshotAttribute } from "./ec2/modify-snapshot-attribute.ts";
import { ModifyVolumeAttribute } from "./ec2/modify-volume-attribute.ts";
import { ModifyVolume } from "./ec2/modify-volume.ts";
import { MonitorInstances } from "./ec2/monitor-instances.ts";
import { RebootInstances } from "./ec2/reboot-instances.ts";
import { RegisterImage } from "./ec2/register-image.ts";
import { ResetEbsDefaultKmsKeyId } from "./ec2/reset-ebs-default-kms-key-id.ts";
import { ResetImageAttribute } from "./ec2/reset-image-attribute.ts";
import { ResetSnapshotAttribute } from "./ec2/reset-snapshot-attribute.ts";
import { RunInstances } from "./ec2/run-instances.ts";
import { StartInstances } from "./ec2/start-instances.ts";
import { StopInstances } from "./ec2/stop-instances.ts";
import { TerminateInstances } from "./ec2/terminate-instances.ts";
import { UnmonitorInstances } from "./ec2/unmonitor-instances.ts";
import { GetParameter } from "./ssm/get-parameter.ts";
import { GetParameters } from "./ssm/get-parameters.ts";
import { GetParametersByPath } from "./ssm/get-parameters-by-path.ts";
import { GetCallerIdentity } from "./sts/get-caller-identity.ts";

export const actions: readonly Action[] = [
  AttachVolume,
  CancelImportTask,
  CopyImage,
  CopySnapshot,
  CreateImage,
  CreateKeyPair,
  CreateSnapshot,
  CreateSnapshots,
  CreateTags,
  CreateVolume,
  DeleteKeyPair,
  DeleteSnapshot,
  DeleteTags,
  DeleteVolume,
  DeregisterImage,
  DescribeAccountAttributes,
  DescribeAddresses,
  DescribeAvailabilityZones,
  DescribeDhcpOptions,
  DescribeImageAttribute,
  DescribeImages,
  DescribeImportSnapshotTasks,
  DescribeInstanceAttribute,
  DescribeInstanceCreditSpecifications,
  DescribeInstanceStatus,
  DescribeInstanceTypeOfferings,
  DescribeInstanceTypes,
  DescribeInstances,
  DescribeInternetGateways,
  DescribeKeyPairs,
  DescribeNetworkAcls,
  DescribeNetworkInterfaces,
  DescribeRegions,
  DescribeRouteTables,
  DescribeSecurityGroupRules,
  DescribeSecurityGroups,
  DescribeSnapshotAttribute,
  DescribeSnapshots,
  DescribeSubnets,
  DescribeTags,
  DescribeVolumeAttribute,
  DescribeVolumeStatus,
  DescribeVolumes,
  DescribeVolumesModifications,
  DescribeVpcAttribute,
  DescribeVpcs,
  DetachVolume,
  DisableEbsEncryptionByDefault,
  DisableImage,
  DisableImageDeprecation,
  DisableImageDeregistrationProtection,
  EnableEbsEncryptionByDefault,
  EnableImage,
  EnableImageDeprecation,
  EnableImageDeregistrationProtection,
  EnableVolumeIO,
  GetConsoleOutput,
  GetEbsDefaultKmsKeyId,
  GetEbsEncryptionByDefault,
  GetPasswordData,
  ImportKeyPair,
  ImportSnapshot,
  ModifyEbsDefaultKmsKeyId,
  ModifyImageAttribute,
  ModifyInstanceAttribute,
  ModifyInstanceMetadataOptions,
  ModifySnapshotAttribute,
  ModifyVolume,
  ModifyVolumeAttribute,
  MonitorInstances,
  RebootInstances,
  RegisterImage,
  ResetEbsDefaultKmsKeyId,
  ResetImageAttribute,
  ResetSnapshotAttribute,
  RunInstances,
  StartInstances,
  StopInstances,
  TerminateInstances,
  UnmonitorInstances,
  CompleteSnapshot,
  GetSnapshotBlock,
  ListChangedBlocks,
  ListSnapshotBlocks,
  PutSnapshotBlock,
  StartSnapshot,
  GetParameter,
  GetParameters,
  GetParametersByPath,
  GetCallerIdentity,
];

const byName = new Map(actions.map((action) => [`${action.service} ${action.name}`, action]));

export function findAction(service: string, name: string): Action | undefined {
  return byName.get(`${service} ${name}`);
}
