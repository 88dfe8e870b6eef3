/** Network interfaces as EC2 shows them. */
import type { NetworkInterface, NetworkInterfaceAssociation, NetworkInterfaceAttachment, NetworkInterfacePrivateIpAddress } from "@aws-sdk/client-ec2";
import { zoneIdOf } from "../../../base/regions.ts";
import { privateHostName, publicHostName } from "../../../compute/machine-specification.ts";
import { ownedRows, type Owner } from "../../../compute/owned-rows.ts";
import { listTagsOfType, type Tag } from "../../../compute/tags.ts";
import { listInterfaceAddresses, type InterfaceAddress } from "../../../network/interface-addresses.ts";
import { listPrefixes } from "../../../network/interface-prefixes.ts";
import { listIpv6Addresses } from "../../../network/listed-ipv6-addresses.ts";
import { groupIdsOf, isInUse } from "../../../network/network-interface.ts";
import type { NetworkInterfaceRow } from "../../../store/network-tables.ts";
import type { Tx } from "../../../store/store.ts";
import { toTagViews } from "./tag-view.ts";

const requester = "amazon-aws";

interface InterfaceSurroundings {
  readonly addresses: readonly InterfaceAddress[];
  readonly ipv6Addresses: readonly string[];
  /** Names of security groups by id. */
  readonly groupNames: ReadonlyMap<string, string>;
  /** Whether the interface's VPC gives public host names. */
  readonly prefixes: readonly string[];
  readonly publicHostNames: boolean;
  readonly tags: readonly Tag[] | undefined;
}

/** The owner's interfaces with all that belongs to them. */
export async function viewNetworkInterfaces(tx: Tx, owner: Owner, rows: readonly NetworkInterfaceRow[]): Promise<NetworkInterface[]> {
  const groupNames = new Map((await ownedRows(tx, "security_groups", owner)).map(({ id, name }) => [id, name]));
  const named = new Set((await ownedRows(tx, "vpcs", owner)).flatMap((vpc) => (vpc.enable_dns_hostnames === 1 ? [vpc.id] : [])));
  const tags = await listTagsOfType(tx, owner, "network-interface");
  const addresses = await listInterfaceAddresses(tx, rows);
  const prefixes = await listPrefixes(tx, rows.map((row) => row.id));
  const ipv6 = await listIpv6Addresses(tx, rows.map((row) => row.id));
  return rows.map((row) =>
    toNetworkInterfaceView(row, {
      addresses: addresses.get(row.id) ?? [],
      ipv6Addresses: ipv6.get(row.id) ?? [],
      groupNames,
      prefixes: prefixes.get(row.id) ?? [],
      publicHostNames: named.has(row.vpc_id),
      tags: tags.get(row.id),
    }),
  );
}

function toNetworkInterfaceView(row: NetworkInterfaceRow, { addresses, ipv6Addresses, groupNames, prefixes, publicHostNames, tags }: InterfaceSurroundings): NetworkInterface {
  const privateAddresses = addresses.map((each) => toPrivateAddress(row, each, publicHostNames));
  const association = privateAddresses[0]?.Association;
  return {
    NetworkInterfaceId: row.id,
    SubnetId: row.subnet_id,
    VpcId: row.vpc_id,
    AvailabilityZone: row.zone,
    AvailabilityZoneId: zoneIdOf(row.zone) ?? "",
    Description: row.description,
    OwnerId: row.account,
    RequesterManaged: row.nat_gateway_id !== null,
    Status: isInUse(row) ? "in-use" : "available",
    MacAddress: row.mac,
    PrivateIpAddress: row.private_address,
    PrivateDnsName: privateHostName(row.private_address, row.region),
    SourceDestCheck: row.source_dest_check === 1,
    Groups: groupIdsOf(row).map((id) => ({ GroupId: id, GroupName: groupNames.get(id) ?? "" })),
    ...(row.nat_gateway_id === null ? { InterfaceType: "interface" } : natGatewayFields(row.nat_gateway_id)),
    Ipv6Addresses: ipv6Addresses.map((address) => ({ Ipv6Address: address, IsPrimaryIpv6: false })),
    ...(ipv6Addresses[0] === undefined ? {} : { Ipv6Address: ipv6Addresses[0] }),
    TagSet: toTagViews(tags),
    ...(row.instance_id === null ? {} : { Attachment: toInterfaceAttachment(row, row.instance_id) }),
    ...(association === undefined ? {} : { Association: association }),
    PrivateIpAddresses: privateAddresses,
    ...(prefixes.length === 0 ? {} : { Ipv4Prefixes: prefixes.map((prefix) => ({ Ipv4Prefix: prefix })) }),
  };
}

/** EC2 itself is behind the gateway. Its model writes the type otherwise than its answers do. */
function natGatewayFields(gateway: string): Pick<NetworkInterface, "InterfaceType" | "RequesterId" | "Attachment"> {
  return {
    InterfaceType: "nat_gateway" as "natGateway",
    RequesterId: requester,
    Attachment: {
      AttachmentId: `ela-attach-${gateway.slice(gateway.lastIndexOf("-") + 1)}`,
      DeviceIndex: 1,
      InstanceOwnerId: requester,
      Status: "attached",
      DeleteOnTermination: false,
    },
  };
}

export function toInterfaceAttachment(row: NetworkInterfaceRow, instanceId: string): NetworkInterfaceAttachment {
  return {
    AttachmentId: row.attachment_id ?? "",
    DeviceIndex: row.device_index ?? 0,
    NetworkCardIndex: 0,
    InstanceId: instanceId,
    InstanceOwnerId: row.account,
    Status: row.detaching === 1 ? "detaching" : "attached",
    AttachTime: new Date(row.attached_at ?? 0),
    DeleteOnTermination: row.delete_on_termination === 1,
  };
}

function toPrivateAddress(row: NetworkInterfaceRow, address: InterfaceAddress, publicHostNames: boolean): NetworkInterfacePrivateIpAddress {
  const association = toAssociation(row, address, publicHostNames);
  return {
    PrivateIpAddress: address.privateAddress,
    PrivateDnsName: privateHostName(address.privateAddress, row.region),
    Primary: address.primary,
    ...(association === undefined ? {} : { Association: association }),
  };
}

/** An automatic public address belongs to Amazon, and has no allocation. */
function toAssociation(row: NetworkInterfaceRow, { publicAddress, elasticIp }: InterfaceAddress, publicHostNames: boolean): NetworkInterfaceAssociation | undefined {
  if (publicAddress === undefined) return undefined;
  return {
    IpOwnerId: elasticIp?.account ?? "amazon",
    PublicIp: publicAddress,
    PublicDnsName: publicHostNames ? publicHostName(publicAddress, row.region) : "",
    ...(elasticIp === undefined ? {} : { AllocationId: elasticIp.id, AssociationId: elasticIp.association_id ?? "" }),
  };
}
