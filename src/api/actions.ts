/** Every action that is built, by service and name: the registry that the server serves and that the reference documents. */
import type { Action } from "./action.ts";
import { CreateKeyPair } from "./ec2/create-key-pair.ts";
import { CreateTags } from "./ec2/create-tags.ts";
import { DeleteKeyPair } from "./ec2/delete-key-pair.ts";
import { DeleteTags } from "./ec2/delete-tags.ts";
import { DescribeAccountAttributes } from "./ec2/describe-account-attributes.ts";
import { DescribeAddresses } from "./ec2/describe-addresses.ts";
import { DescribeAvailabilityZones } from "./ec2/describe-availability-zones.ts";
import { DescribeDhcpOptions } from "./ec2/describe-dhcp-options.ts";
import { DescribeImages } from "./ec2/describe-images.ts";
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
import { DescribeSubnets } from "./ec2/describe-subnets.ts";
import { DescribeTags } from "./ec2/describe-tags.ts";
import { DescribeVolumes } from "./ec2/describe-volumes.ts";
import { DescribeVpcAttribute } from "./ec2/describe-vpc-attribute.ts";
import { DescribeVpcs } from "./ec2/describe-vpcs.ts";
import { GetConsoleOutput } from "./ec2/get-console-output.ts";
import { GetPasswordData } from "./ec2/get-password-data.ts";
import { ImportKeyPair } from "./ec2/import-key-pair.ts";
import { ModifyInstanceAttribute } from "./ec2/modify-instance-attribute.ts";
import { ModifyInstanceMetadataOptions } from "./ec2/modify-instance-metadata-options.ts";
import { MonitorInstances } from "./ec2/monitor-instances.ts";
import { RebootInstances } from "./ec2/reboot-instances.ts";
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
  CreateKeyPair,
  CreateTags,
  DeleteKeyPair,
  DeleteTags,
  DescribeAccountAttributes,
  DescribeAddresses,
  DescribeAvailabilityZones,
  DescribeDhcpOptions,
  DescribeImages,
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
  DescribeSubnets,
  DescribeTags,
  DescribeVolumes,
  DescribeVpcAttribute,
  DescribeVpcs,
  GetConsoleOutput,
  GetPasswordData,
  ImportKeyPair,
  ModifyInstanceAttribute,
  ModifyInstanceMetadataOptions,
  MonitorInstances,
  RebootInstances,
  RunInstances,
  StartInstances,
  StopInstances,
  TerminateInstances,
  UnmonitorInstances,
  GetParameter,
  GetParameters,
  GetParametersByPath,
  GetCallerIdentity,
];

const byName = new Map(actions.map((action) => [`${action.service} ${action.name}`, action]));

export function findAction(service: string, name: string): Action | undefined {
  return byName.get(`${service} ${name}`);
}
