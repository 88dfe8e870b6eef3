/**
 * Not found and malformed, kind by kind. EC2's spelling follows no rule (`InvalidVolume.NotFound` but `InvalidVolumeID.Malformed`),
 * so every kind has its row.
 */
import { idPrefixes, type ResourceKind } from "../ids.ts";
import { ApiError } from "./class.ts";
import { invalidValueOf } from "./parameter.ts";

/** A resource by its id, or one that requests name in words. */
export type NotFoundKind = ResourceKind | "keyPairName" | "launchTemplateName" | "securityGroupName" | "availabilityZone" | "region" | "iamInstanceProfileName" | "user";

interface Row {
  readonly code: string;
  readonly one: (id: string) => string;
  /** EC2 lists all missing ids in one message; kinds without a plural name the first. */
  readonly many?: (ids: string) => string;
}

/** `The instance ID 'i-x' does not exist`, `The instance IDs 'i-x, i-y' do not exist`. */
function row(code: string, noun: string, dot = ""): Row {
  return { code, one: (id) => `The ${noun} '${id}' does not exist${dot}`, many: (ids) => `The ${noun}s '${ids}' do not exist${dot}` };
}

/** AMIs stand in brackets. */
function bracketed(code: string, noun: string): Row {
  return { code, one: (id) => `The ${noun} '[${id}]' does not exist`, many: (ids) => `The ${noun}s '[${ids}]' do not exist` };
}

const notFoundRows: Readonly<Record<NotFoundKind, Row>> = {
  instance: row("InvalidInstanceID.NotFound", "instance ID"),
  reservation: row("InvalidReservationID.NotFound", "reservation ID"),
  volume: row("InvalidVolume.NotFound", "volume", "."),
  snapshot: row("InvalidSnapshot.NotFound", "snapshot", "."),
  image: bracketed("InvalidAMIID.NotFound", "image id"),
  kernel: bracketed("InvalidAMIID.NotFound", "image id"),
  ramdisk: bracketed("InvalidAMIID.NotFound", "image id"),
  securityGroup: row("InvalidGroup.NotFound", "security group"),
  securityGroupName: row("InvalidGroup.NotFound", "security group"),
  securityGroupRule: row("InvalidSecurityGroupRuleId.NotFound", "security group rule ID"),
  subnet: row("InvalidSubnetID.NotFound", "subnet ID"),
  vpc: row("InvalidVpcID.NotFound", "vpc ID"),
  internetGateway: row("InvalidInternetGatewayID.NotFound", "internetGateway ID"),
  egressOnlyGateway: row("InvalidGatewayID.NotFound", "gateway ID"),
  natGateway: { code: "NatGatewayNotFound", one: (id) => `NatGateway ${id} was not found`, many: (ids) => `NatGateways ${ids} were not found` },
  routeTable: row("InvalidRouteTableID.NotFound", "routeTable ID"),
  routeTableAssociation: row("InvalidAssociationID.NotFound", "association ID"),
  networkAcl: row("InvalidNetworkAclID.NotFound", "networkAcl ID"),
  networkAclAssociation: row("InvalidAssociationID.NotFound", "association ID"),
  networkInterface: row("InvalidNetworkInterfaceID.NotFound", "networkInterface ID"),
  networkInterfaceAttachment: row("InvalidAttachmentID.NotFound", "networkInterface attachment ID"),
  elasticIp: row("InvalidAllocationID.NotFound", "allocation ID"),
  elasticIpAssociation: row("InvalidAssociationID.NotFound", "association ID"),
  importSnapshotTask: row("InvalidConversionTaskId", "import task ID"),
  dhcpOptions: row("InvalidDhcpOptionID.NotFound", "dhcpOption ID"),
  flowLog: {
    code: "InvalidFlowLogId.NotFound",
    one: (id) => `These flow log ids in the input list are not found: [TotalCount: 1] ${id}`,
    many: (ids) => `These flow log ids in the input list are not found: [TotalCount: ${ids.split(", ").length}] ${ids}`,
  },
  vpcPeeringConnection: row("InvalidVpcPeeringConnectionID.NotFound", "vpcPeeringConnection ID"),
  placementGroup: { code: "InvalidPlacementGroup.Unknown", one: (id) => `The Placement Group '${id}' is unknown.` },
  dedicatedHost: row("InvalidHostID.NotFound", "dedicated host ID"),
  capacityReservation: row("InvalidCapacityReservationId.NotFound", "capacity reservation ID"),
  prefixList: row("InvalidPrefixListID.NotFound", "prefix list ID"),
  vpcEndpoint: { code: "InvalidVpcEndpointId.NotFound", one: (id) => `The Vpc Endpoint Id '${id}' does not exist`, many: (ids) => `The Vpc Endpoint Ids '${ids}' do not exist` },
  instanceConnectEndpoint: { code: "InvalidInstanceConnectEndpointId.NotFound", one: (id) => `The Instance Connect Endpoint Id '${id}' does not exist`, many: (ids) => `The Instance Connect Endpoint Ids '${ids}' do not exist` },
  instanceProfileAssociation: row("InvalidAssociationID.NotFound", "association ID"),
  keyPair: row("InvalidKeyPair.NotFound", "keypair", "."),
  keyPairName: row("InvalidKeyPair.NotFound", "keypair", "."),
  launchTemplate: { code: "InvalidLaunchTemplateId.NotFound", one: (id) => `The specified launch template, with template ID ${id}, does not exist.` },
  launchTemplateName: { code: "InvalidLaunchTemplateName.NotFoundException", one: (name) => `The specified launch template, with template name ${name}, does not exist.` },
  availabilityZone: { code: "InvalidParameterValue", one: (name) => `Invalid availability zone: [${name}]` },
  region: { code: "InvalidParameterValue", one: (name) => `Invalid region: [${name}]` },
  iamInstanceProfileName: {
    code: "InvalidParameterValue",
    one: (name) => `Value (${name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name`,
  },
  user: row("InvalidUserID.NotFound", "user ID"),
};

/** A well-formed id or name that does not exist for this caller; all that are missing, in the order given. */
export function notFound(kind: NotFoundKind, ids: string | readonly string[]): ApiError {
  const missing = typeof ids === "string" ? [ids] : ids;
  const { code, one, many } = notFoundRows[kind];
  return new ApiError(code, missing.length > 1 && many !== undefined ? many(missing.join(", ")) : one(missing[0] ?? ""));
}

/** A security group named in a VPC that has none of that name. */
export function groupNameNotFound(name: string, vpcId: string): ApiError {
  return new ApiError("InvalidGroup.NotFound", `The security group '${name}' does not exist in VPC '${vpcId}'`);
}

/** An AMI that existed and was deregistered. */
export function imageUnavailable(id: string): ApiError {
  return new ApiError("InvalidAMIID.Unavailable", `The image id '[${id}]' is no longer available`);
}

const malformedCodes: Readonly<Partial<Record<ResourceKind, string>>> = {
  instance: "InvalidInstanceID.Malformed",
  reservation: "InvalidReservationID.Malformed",
  volume: "InvalidVolumeID.Malformed",
  snapshot: "InvalidSnapshotID.Malformed",
  image: "InvalidAMIID.Malformed",
  kernel: "InvalidKernelId.Malformed",
  ramdisk: "InvalidRamDiskId.Malformed",
  securityGroup: "InvalidGroupId.Malformed",
  securityGroupRule: "InvalidSecurityGroupRuleId.Malformed",
  subnet: "InvalidSubnetID.Malformed",
  vpc: "InvalidVpcID.Malformed",
  internetGateway: "InvalidInternetGatewayId.Malformed",
  natGateway: "NatGatewayMalformed",
  egressOnlyGateway: "InvalidEgressOnlyInternetGatewayId.Malformed",
  routeTable: "InvalidRouteTableId.Malformed",
  networkAcl: "InvalidNetworkAclId.Malformed",
  networkInterface: "InvalidNetworkInterfaceId.Malformed",
  networkInterfaceAttachment: "InvalidNetworkInterfaceAttachmentId.Malformed",
  dhcpOptions: "InvalidDhcpOptionsId.Malformed",
  launchTemplate: "InvalidLaunchTemplateId.Malformed",
  vpcPeeringConnection: "InvalidVpcPeeringConnectionId.Malformed",
  prefixList: "InvalidPrefixListId.Malformed",
  vpcEndpoint: "InvalidVpcEndpointId.Malformed",
  instanceConnectEndpoint: "InvalidInstanceConnectEndpointId.Malformed",
  placementGroup: "InvalidPlacementGroupId.Malformed",
  dedicatedHost: "InvalidHostID.Malformed",
  capacityReservation: "InvalidCapacityReservationId.Malformed",
};

/** Text that is no id of this kind at all. Kinds for which EC2 has no code of its own get `InvalidParameterValue`. */
export function malformedId(kind: ResourceKind, id: string): ApiError {
  const prefix = `${idPrefixes[kind]}-`;
  const code = malformedCodes[kind];
  if (code === undefined) return invalidValueOf(`${kind}Id`, id, `Expected: '${prefix}...'.`);
  return new ApiError(code, `Invalid id: "${id}"${id.startsWith(prefix) ? "" : ` (expecting "${prefix}...")`}`);
}

/** An id of no known kind, where any kind would do (CreateTags, DeleteTags). */
export function invalidResourceId(id: string): ApiError {
  return new ApiError("InvalidID", `The ID '${id}' is not valid`);
}

/** An image of this installation that has yet to be built. */
export function imagePending(id: string): ApiError {
  return new ApiError(
    "InvalidAMIID.Unavailable",
    `The image id '[${id}]' is not available yet: it is being built now. Wait for it with \`aws ec2 wait image-available --image-ids ${id}\` and launch again.`,
  );
}
