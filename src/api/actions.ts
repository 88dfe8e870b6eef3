/**
 * Every action that is built, by service and name: the registry that the server serves and that the reference documents.
 *
 * Length: two lines an action, but of those that come several to a file.
 */
import type { Action } from "./action.ts";
import { CompleteSnapshot } from "./ebs/complete-snapshot.ts";
import { GetSnapshotBlock } from "./ebs/get-snapshot-block.ts";
import { ListChangedBlocks } from "./ebs/list-changed-blocks.ts";
import { ListSnapshotBlocks } from "./ebs/list-snapshot-blocks.ts";
import { PutSnapshotBlock } from "./ebs/put-snapshot-block.ts";
import { StartSnapshot } from "./ebs/start-snapshot.ts";
import { AcceptVpcPeeringConnection } from "./ec2/accept-vpc-peering-connection.ts";
import { AllocateAddress } from "./ec2/allocate-address.ts";
import { AssignIpv6Addresses } from "./ec2/assign-ipv6-addresses.ts";
import { AssignPrivateIpAddresses } from "./ec2/assign-private-ip-addresses.ts";
import { AssignPrivateNatGatewayAddress } from "./ec2/assign-private-nat-gateway-address.ts";
import { AssociateAddress } from "./ec2/associate-address.ts";
import { AssociateDhcpOptions } from "./ec2/associate-dhcp-options.ts";
import { AssociateNatGatewayAddress } from "./ec2/associate-nat-gateway-address.ts";
import { AssociateIamInstanceProfile } from "./ec2/associate-iam-instance-profile.ts";
import { AssociateRouteTable } from "./ec2/associate-route-table.ts";
import { AssociateSubnetCidrBlock } from "./ec2/associate-subnet-cidr-block.ts";
import { AssociateVpcCidrBlock } from "./ec2/associate-vpc-cidr-block.ts";
import { AttachInternetGateway } from "./ec2/attach-internet-gateway.ts";
import { AttachNetworkInterface } from "./ec2/attach-network-interface.ts";
import { AttachVolume } from "./ec2/attach-volume.ts";
import { AuthorizeSecurityGroupEgress } from "./ec2/authorize-security-group-egress.ts";
import { AuthorizeSecurityGroupIngress } from "./ec2/authorize-security-group-ingress.ts";
import { CancelImportTask } from "./ec2/cancel-import-task.ts";
import { CopyImage } from "./ec2/copy-image.ts";
import { CopySnapshot } from "./ec2/copy-snapshot.ts";
import { CreateDefaultSubnet } from "./ec2/create-default-subnet.ts";
import { CreateDefaultVpc } from "./ec2/create-default-vpc.ts";
import { CreateDhcpOptions } from "./ec2/create-dhcp-options.ts";
import { CreateEgressOnlyInternetGateway } from "./ec2/create-egress-only-internet-gateway.ts";
import { CreateFlowLogs } from "./ec2/create-flow-logs.ts";
import { CreateImage } from "./ec2/create-image.ts";
import { CreateInternetGateway } from "./ec2/create-internet-gateway.ts";
import { CreateKeyPair } from "./ec2/create-key-pair.ts";
import { CreateLaunchTemplate } from "./ec2/create-launch-template.ts";
import { CreateLaunchTemplateVersion } from "./ec2/create-launch-template-version.ts";
import { CreateManagedPrefixList } from "./ec2/create-managed-prefix-list.ts";
import { CreateNatGateway } from "./ec2/create-nat-gateway.ts";
import { CreateNetworkAcl } from "./ec2/create-network-acl.ts";
import { CreateNetworkAclEntry } from "./ec2/create-network-acl-entry.ts";
import { CreateNetworkInterface } from "./ec2/create-network-interface.ts";
import { CreateRoute } from "./ec2/create-route.ts";
import { CreateRouteTable } from "./ec2/create-route-table.ts";
import { CreateSecurityGroup } from "./ec2/create-security-group.ts";
import { CreateSnapshot } from "./ec2/create-snapshot.ts";
import { CreateSnapshots } from "./ec2/create-snapshots.ts";
import { CreateSubnet } from "./ec2/create-subnet.ts";
import { CreateTags } from "./ec2/create-tags.ts";
import { CreateVolume } from "./ec2/create-volume.ts";
import { CreateVpc } from "./ec2/create-vpc.ts";
import { CreateVpcPeeringConnection } from "./ec2/create-vpc-peering-connection.ts";
import { DeleteDhcpOptions } from "./ec2/delete-dhcp-options.ts";
import { DeleteEgressOnlyInternetGateway } from "./ec2/delete-egress-only-internet-gateway.ts";
import { DeleteFlowLogs } from "./ec2/delete-flow-logs.ts";
import { DeleteInternetGateway } from "./ec2/delete-internet-gateway.ts";
import { DeleteKeyPair } from "./ec2/delete-key-pair.ts";
import { DeleteLaunchTemplate } from "./ec2/delete-launch-template.ts";
import { DeleteLaunchTemplateVersions } from "./ec2/delete-launch-template-versions.ts";
import { DeleteManagedPrefixList } from "./ec2/delete-managed-prefix-list.ts";
import { DeleteNatGateway } from "./ec2/delete-nat-gateway.ts";
import { DeleteNetworkAcl } from "./ec2/delete-network-acl.ts";
import { DeleteNetworkAclEntry } from "./ec2/delete-network-acl-entry.ts";
import { DeleteNetworkInterface } from "./ec2/delete-network-interface.ts";
import { DeleteRoute } from "./ec2/delete-route.ts";
import { DeleteRouteTable } from "./ec2/delete-route-table.ts";
import { DeleteSecurityGroup } from "./ec2/delete-security-group.ts";
import { DeleteSnapshot } from "./ec2/delete-snapshot.ts";
import { DeleteSubnet } from "./ec2/delete-subnet.ts";
import { DeleteTags } from "./ec2/delete-tags.ts";
import { DeleteVolume } from "./ec2/delete-volume.ts";
import { DeleteVpc } from "./ec2/delete-vpc.ts";
import { DeleteVpcPeeringConnection } from "./ec2/delete-vpc-peering-connection.ts";
import { DeregisterImage } from "./ec2/deregister-image.ts";
import { DescribeAccountAttributes } from "./ec2/describe-account-attributes.ts";
import { DescribeAddresses } from "./ec2/describe-addresses.ts";
import { DescribeAddressesAttribute } from "./ec2/describe-addresses-attribute.ts";
import { DescribeAvailabilityZones } from "./ec2/describe-availability-zones.ts";
import { DescribeDhcpOptions } from "./ec2/describe-dhcp-options.ts";
import { DescribeEgressOnlyInternetGateways } from "./ec2/describe-egress-only-internet-gateways.ts";
import { DescribeFlowLogs } from "./ec2/describe-flow-logs.ts";
import { DescribeIamInstanceProfileAssociations } from "./ec2/describe-iam-instance-profile-associations.ts";
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
import { DescribeLaunchTemplateVersions } from "./ec2/describe-launch-template-versions.ts";
import { DescribeLaunchTemplates } from "./ec2/describe-launch-templates.ts";
import { DescribeManagedPrefixLists } from "./ec2/describe-managed-prefix-lists.ts";
import { DescribeNatGateways } from "./ec2/describe-nat-gateways.ts";
import { DescribeNetworkAcls } from "./ec2/describe-network-acls.ts";
import { DescribeNetworkInterfaceAttribute } from "./ec2/describe-network-interface-attribute.ts";
import { DescribeNetworkInterfaces } from "./ec2/describe-network-interfaces.ts";
import { DescribePrefixLists } from "./ec2/describe-prefix-lists.ts";
import { DescribeRegions } from "./ec2/describe-regions.ts";
import { DescribeRouteTables } from "./ec2/describe-route-tables.ts";
import { DescribeSecurityGroupReferences } from "./ec2/describe-security-group-references.ts";
import { DescribeSecurityGroupRules } from "./ec2/describe-security-group-rules.ts";
import { DescribeSecurityGroups } from "./ec2/describe-security-groups.ts";
import { DescribeSnapshotAttribute } from "./ec2/describe-snapshot-attribute.ts";
import { DescribeSnapshots } from "./ec2/describe-snapshots.ts";
import { DescribeStaleSecurityGroups } from "./ec2/describe-stale-security-groups.ts";
import { DescribeSubnets } from "./ec2/describe-subnets.ts";
import { DescribeTags } from "./ec2/describe-tags.ts";
import { DescribeVolumeAttribute } from "./ec2/describe-volume-attribute.ts";
import { DescribeVolumeStatus } from "./ec2/describe-volume-status.ts";
import { DescribeVolumes } from "./ec2/describe-volumes.ts";
import { DescribeVolumesModifications } from "./ec2/describe-volumes-modifications.ts";
import { DescribeVpcAttribute } from "./ec2/describe-vpc-attribute.ts";
import { DescribeVpcPeeringConnections } from "./ec2/describe-vpc-peering-connections.ts";
import { DescribeVpcs } from "./ec2/describe-vpcs.ts";
import { DetachInternetGateway } from "./ec2/detach-internet-gateway.ts";
import { DetachNetworkInterface } from "./ec2/detach-network-interface.ts";
import { DetachVolume } from "./ec2/detach-volume.ts";
import { DisableEbsEncryptionByDefault } from "./ec2/disable-ebs-encryption-by-default.ts";
import { DisableImage } from "./ec2/disable-image.ts";
import { DisableImageDeprecation } from "./ec2/disable-image-deprecation.ts";
import { DisableImageDeregistrationProtection } from "./ec2/disable-image-deregistration-protection.ts";
import { DisassociateAddress } from "./ec2/disassociate-address.ts";
import { DisassociateNatGatewayAddress } from "./ec2/disassociate-nat-gateway-address.ts";
import { DisassociateIamInstanceProfile } from "./ec2/disassociate-iam-instance-profile.ts";
import { DisassociateRouteTable } from "./ec2/disassociate-route-table.ts";
import { DisassociateSubnetCidrBlock } from "./ec2/disassociate-subnet-cidr-block.ts";
import { DisassociateVpcCidrBlock } from "./ec2/disassociate-vpc-cidr-block.ts";
import { EnableEbsEncryptionByDefault } from "./ec2/enable-ebs-encryption-by-default.ts";
import { EnableImage } from "./ec2/enable-image.ts";
import { EnableImageDeprecation } from "./ec2/enable-image-deprecation.ts";
import { EnableImageDeregistrationProtection } from "./ec2/enable-image-deregistration-protection.ts";
import { EnableVolumeIO } from "./ec2/enable-volume-io.ts";
import { GetConsoleOutput } from "./ec2/get-console-output.ts";
import { GetEbsDefaultKmsKeyId } from "./ec2/get-ebs-default-kms-key-id.ts";
import { GetEbsEncryptionByDefault } from "./ec2/get-ebs-encryption-by-default.ts";
import { GetLaunchTemplateData } from "./ec2/get-launch-template-data.ts";
import { GetManagedPrefixListAssociations } from "./ec2/get-managed-prefix-list-associations.ts";
import { GetManagedPrefixListEntries } from "./ec2/get-managed-prefix-list-entries.ts";
import { GetPasswordData } from "./ec2/get-password-data.ts";
import { GetInstanceTypesFromInstanceRequirements } from "./ec2/get-instance-types-from-instance-requirements.ts";
import { GetSecurityGroupsForVpc } from "./ec2/get-security-groups-for-vpc.ts";
import { ImportKeyPair } from "./ec2/import-key-pair.ts";
import { ImportSnapshot } from "./ec2/import-snapshot.ts";
import { ModifyEbsDefaultKmsKeyId } from "./ec2/modify-ebs-default-kms-key-id.ts";
import { ModifyImageAttribute } from "./ec2/modify-image-attribute.ts";
import { ModifyInstanceAttribute } from "./ec2/modify-instance-attribute.ts";
import { ModifyInstanceMaintenanceOptions } from "./ec2/modify-instance-maintenance-options.ts";
import { ModifyInstanceMetadataOptions } from "./ec2/modify-instance-metadata-options.ts";
import { ModifyLaunchTemplate } from "./ec2/modify-launch-template.ts";
import { ModifyManagedPrefixList } from "./ec2/modify-managed-prefix-list.ts";
import { ModifyNetworkInterfaceAttribute } from "./ec2/modify-network-interface-attribute.ts";
import { ModifySecurityGroupRules } from "./ec2/modify-security-group-rules.ts";
import { ModifySnapshotAttribute } from "./ec2/modify-snapshot-attribute.ts";
import { ModifySubnetAttribute } from "./ec2/modify-subnet-attribute.ts";
import { ModifyVolume } from "./ec2/modify-volume.ts";
import { ModifyVolumeAttribute } from "./ec2/modify-volume-attribute.ts";
import { ModifyVpcAttribute } from "./ec2/modify-vpc-attribute.ts";
import { ModifyVpcPeeringConnectionOptions } from "./ec2/modify-vpc-peering-connection-options.ts";
import { MonitorInstances } from "./ec2/monitor-instances.ts";
import { RebootInstances } from "./ec2/reboot-instances.ts";
import { RegisterImage } from "./ec2/register-image.ts";
import { RejectVpcPeeringConnection } from "./ec2/reject-vpc-peering-connection.ts";
import { ReleaseAddress } from "./ec2/release-address.ts";
import { ReplaceIamInstanceProfileAssociation } from "./ec2/replace-iam-instance-profile-association.ts";
import { ReplaceNetworkAclAssociation } from "./ec2/replace-network-acl-association.ts";
import { ReplaceNetworkAclEntry } from "./ec2/replace-network-acl-entry.ts";
import { ReplaceRoute } from "./ec2/replace-route.ts";
import { ReplaceRouteTableAssociation } from "./ec2/replace-route-table-association.ts";
import { ResetEbsDefaultKmsKeyId } from "./ec2/reset-ebs-default-kms-key-id.ts";
import { ResetImageAttribute } from "./ec2/reset-image-attribute.ts";
import { ResetNetworkInterfaceAttribute } from "./ec2/reset-network-interface-attribute.ts";
import { ResetSnapshotAttribute } from "./ec2/reset-snapshot-attribute.ts";
import { RestoreManagedPrefixListVersion } from "./ec2/restore-managed-prefix-list-version.ts";
import { RevokeSecurityGroupEgress } from "./ec2/revoke-security-group-egress.ts";
import { RevokeSecurityGroupIngress } from "./ec2/revoke-security-group-ingress.ts";
import { RunInstances } from "./ec2/run-instances.ts";
import { StartInstances } from "./ec2/start-instances.ts";
import { StopInstances } from "./ec2/stop-instances.ts";
import { TerminateInstances } from "./ec2/terminate-instances.ts";
import { UnassignIpv6Addresses } from "./ec2/unassign-ipv6-addresses.ts";
import { UnassignPrivateIpAddresses } from "./ec2/unassign-private-ip-addresses.ts";
import { UnassignPrivateNatGatewayAddress } from "./ec2/unassign-private-nat-gateway-address.ts";
import { UnmonitorInstances } from "./ec2/unmonitor-instances.ts";
import { UpdateSecurityGroupRuleDescriptionsEgress } from "./ec2/update-security-group-rule-descriptions-egress.ts";
import { UpdateSecurityGroupRuleDescriptionsIngress } from "./ec2/update-security-group-rule-descriptions-ingress.ts";
import { accessKeyActions } from "./iam/access-keys.ts";
import { accountActions } from "./iam/account.ts";
import { authorizationDetailActions } from "./iam/authorization-details.ts";
import { entityActions } from "./iam/entities.ts";
import { entityPolicyActions } from "./iam/entity-policies.ts";
import { entityTagActions } from "./iam/entity-tags.ts";
import { memberActions } from "./iam/members.ts";
import { policyActions } from "./iam/policies.ts";
import { simulationActions } from "./iam/simulate.ts";
import { GetParameter } from "./ssm/get-parameter.ts";
import { GetParameters } from "./ssm/get-parameters.ts";
import { GetParametersByPath } from "./ssm/get-parameters-by-path.ts";
import { AssumeRole } from "./sts/assume-role.ts";
import { DecodeAuthorizationMessage } from "./sts/decode-authorization-message.ts";
import { GetAccessKeyInfo } from "./sts/get-access-key-info.ts";
import { GetCallerIdentity } from "./sts/get-caller-identity.ts";
import { GetFederationToken } from "./sts/get-federation-token.ts";
import { GetSessionToken } from "./sts/get-session-token.ts";

export const actions: readonly Action[] = [
  AcceptVpcPeeringConnection,
  AllocateAddress,
  AssignIpv6Addresses,
  AssignPrivateIpAddresses,
  AssignPrivateNatGatewayAddress,
  AssociateAddress,
  AssociateDhcpOptions,
  AssociateNatGatewayAddress,
  AssociateIamInstanceProfile,
  AssociateRouteTable,
  AssociateSubnetCidrBlock,
  AssociateVpcCidrBlock,
  AttachInternetGateway,
  AttachNetworkInterface,
  AttachVolume,
  AuthorizeSecurityGroupEgress,
  AuthorizeSecurityGroupIngress,
  CancelImportTask,
  CopyImage,
  CopySnapshot,
  CreateDefaultSubnet,
  CreateDefaultVpc,
  CreateDhcpOptions,
  CreateEgressOnlyInternetGateway,
  CreateFlowLogs,
  CreateImage,
  CreateInternetGateway,
  CreateKeyPair,
  CreateLaunchTemplate,
  CreateLaunchTemplateVersion,
  CreateManagedPrefixList,
  CreateNatGateway,
  CreateNetworkAcl,
  CreateNetworkAclEntry,
  CreateNetworkInterface,
  CreateRoute,
  CreateRouteTable,
  CreateSecurityGroup,
  CreateSnapshot,
  CreateSnapshots,
  CreateSubnet,
  CreateTags,
  CreateVolume,
  CreateVpc,
  CreateVpcPeeringConnection,
  DeleteDhcpOptions,
  DeleteEgressOnlyInternetGateway,
  DeleteFlowLogs,
  DeleteInternetGateway,
  DeleteKeyPair,
  DeleteLaunchTemplate,
  DeleteLaunchTemplateVersions,
  DeleteManagedPrefixList,
  DeleteNatGateway,
  DeleteNetworkAcl,
  DeleteNetworkAclEntry,
  DeleteNetworkInterface,
  DeleteRoute,
  DeleteRouteTable,
  DeleteSecurityGroup,
  DeleteSnapshot,
  DeleteSubnet,
  DeleteTags,
  DeleteVolume,
  DeleteVpc,
  DeleteVpcPeeringConnection,
  DeregisterImage,
  DescribeAccountAttributes,
  DescribeAddresses,
  DescribeAddressesAttribute,
  DescribeAvailabilityZones,
  DescribeDhcpOptions,
  DescribeEgressOnlyInternetGateways,
  DescribeFlowLogs,
  DescribeIamInstanceProfileAssociations,
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
  DescribeLaunchTemplateVersions,
  DescribeLaunchTemplates,
  DescribeManagedPrefixLists,
  DescribeNatGateways,
  DescribeNetworkAcls,
  DescribeNetworkInterfaceAttribute,
  DescribeNetworkInterfaces,
  DescribePrefixLists,
  DescribeRegions,
  DescribeRouteTables,
  DescribeSecurityGroupReferences,
  DescribeSecurityGroupRules,
  DescribeSecurityGroups,
  DescribeSnapshotAttribute,
  DescribeSnapshots,
  DescribeStaleSecurityGroups,
  DescribeSubnets,
  DescribeTags,
  DescribeVolumeAttribute,
  DescribeVolumeStatus,
  DescribeVolumes,
  DescribeVolumesModifications,
  DescribeVpcAttribute,
  DescribeVpcPeeringConnections,
  DescribeVpcs,
  DetachInternetGateway,
  DetachNetworkInterface,
  DetachVolume,
  DisableEbsEncryptionByDefault,
  DisableImage,
  DisableImageDeprecation,
  DisableImageDeregistrationProtection,
  DisassociateAddress,
  DisassociateNatGatewayAddress,
  DisassociateIamInstanceProfile,
  DisassociateRouteTable,
  DisassociateSubnetCidrBlock,
  DisassociateVpcCidrBlock,
  EnableEbsEncryptionByDefault,
  EnableImage,
  EnableImageDeprecation,
  EnableImageDeregistrationProtection,
  EnableVolumeIO,
  GetConsoleOutput,
  GetEbsDefaultKmsKeyId,
  GetEbsEncryptionByDefault,
  GetLaunchTemplateData,
  GetManagedPrefixListAssociations,
  GetManagedPrefixListEntries,
  GetPasswordData,
  GetInstanceTypesFromInstanceRequirements,
  GetSecurityGroupsForVpc,
  ImportKeyPair,
  ImportSnapshot,
  ModifyEbsDefaultKmsKeyId,
  ModifyImageAttribute,
  ModifyInstanceAttribute,
  ModifyInstanceMaintenanceOptions,
  ModifyInstanceMetadataOptions,
  ModifyLaunchTemplate,
  ModifyManagedPrefixList,
  ModifyNetworkInterfaceAttribute,
  ModifySecurityGroupRules,
  ModifySnapshotAttribute,
  ModifySubnetAttribute,
  ModifyVolume,
  ModifyVolumeAttribute,
  ModifyVpcAttribute,
  ModifyVpcPeeringConnectionOptions,
  MonitorInstances,
  RebootInstances,
  RegisterImage,
  RejectVpcPeeringConnection,
  ReleaseAddress,
  ReplaceIamInstanceProfileAssociation,
  ReplaceNetworkAclAssociation,
  ReplaceNetworkAclEntry,
  ReplaceRoute,
  ReplaceRouteTableAssociation,
  ResetEbsDefaultKmsKeyId,
  ResetImageAttribute,
  ResetNetworkInterfaceAttribute,
  ResetSnapshotAttribute,
  RestoreManagedPrefixListVersion,
  RevokeSecurityGroupEgress,
  RevokeSecurityGroupIngress,
  RunInstances,
  StartInstances,
  StopInstances,
  TerminateInstances,
  UnassignIpv6Addresses,
  UnassignPrivateIpAddresses,
  UnassignPrivateNatGatewayAddress,
  UnmonitorInstances,
  UpdateSecurityGroupRuleDescriptionsEgress,
  UpdateSecurityGroupRuleDescriptionsIngress,
  CompleteSnapshot,
  GetSnapshotBlock,
  ListChangedBlocks,
  ListSnapshotBlocks,
  PutSnapshotBlock,
  StartSnapshot,
  ...accessKeyActions,
  ...accountActions,
  ...authorizationDetailActions,
  ...entityActions,
  ...entityPolicyActions,
  ...entityTagActions,
  ...memberActions,
  ...policyActions,
  ...simulationActions,
  GetParameter,
  GetParameters,
  GetParametersByPath,
  AssumeRole,
  DecodeAuthorizationMessage,
  GetAccessKeyInfo,
  GetCallerIdentity,
  GetFederationToken,
  GetSessionToken,
];

const byName = new Map(actions.map((action) => [`${action.service} ${action.name}`, action]));

export function findAction(service: string, name: string): Action | undefined {
  return byName.get(`${service} ${name}`);
}
