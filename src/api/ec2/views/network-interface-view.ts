/** Network interfaces as EC2 shows them. */
import type { NetworkInterface, NetworkInterfaceAssociation, NetworkInterfaceAttachment, NetworkInterfacePrivateIpAddress } from "@aws-sdk/client-ec2";
import { zoneIdOf } from "../../../base/regions.ts";
import { privateHostName, publicHostName } from "../../../compute/machine-specification.ts";
import { ownedRows, type Owner } from "../../../compute/owned-rows.ts";
import { listTagsOfType, type Tag } from "../../../compute/tags.ts";
import { listInterfaceAddresses, type InterfaceAddress } from "../../../network/interface-addresses.ts";
import { listPrefixes } from "../../../network/interface-prefixes.ts";
import { listIpv6Addresses, listIpv6Prefixes } from "../../../network/listed-ipv6-addresses.ts";
import { groupIdsOf, isInUse, isManaged } from "../../../network/network-interface.ts";
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
  readonly prefixes: Prefixes;
  readonly publicHostNames: boolean;
  readonly tags: readonly Tag[] | undefined;
}

/** The owner's interfaces with all that belongs to them. */
export async function viewNetworkInterfaces(tx: Tx, owner: Owner, rows: readonly NetworkInterfaceRow[]): Promise<NetworkInterface[]> {
  const groupNames = new Map((await ownedRows(tx, "security_groups", owner)).map(({ id, name }) => [id, name]));
  const named = new Set((await ownedRows(tx, "vpcs", owner)).flatMap((vpc) => (vpc.enable_dns_hostnames === 1 ? [vpc.id] : [])));
  const tags = await listTagsOfType(tx, owner, "network-interface");
  const addresses = await listInterfaceAddresses(tx, rows);
  const ids = rows.map((row) => row.id);
  const [prefixes, ipv6, ipv6Prefixes] = [await listPrefixes(tx, ids), await listIpv6Addresses(tx, ids), await listIpv6Prefixes(tx, ids)];
  return rows.map((row) =>
    toNetworkInterfaceView(row, {
      addresses: addresses.get(row.id) ?? [],
      ipv6Addresses: ipv6.get(row.id) ?? [],
      groupNames,
      prefixes: { ipv4: prefixes.get(row.id), ipv6: ipv6Prefixes.get(row.id) },
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
    RequesterManaged: isManaged(row),
    Status: isInUse(row) ? "in-use" : "available",
    MacAddress: row.mac,
    PrivateIpAddress: row.private_address,
    PrivateDnsName: privateHostName(row.private_address, row.region),
    SourceDestCheck: row.source_dest_check === 1,
    Groups: groupIdsOf(row).map((id) => ({ GroupId: id, GroupName: groupNames.get(id) ?? "" })),
    ...managementFields(row),
    Ipv6Addresses: ipv6Addresses.map((address) => ({ Ipv6Address: address, IsPrimaryIpv6: false })),
    ...(ipv6Addresses[0] === undefined ? {} : { Ipv6Address: ipv6Addresses[0] }),
    TagSet: toTagViews(tags),
    ...(row.instance_id === null ? {} : { Attachment: toInterfaceAttachment(row, row.instance_id) }),
    ...(association === undefined ? {} : { Association: association }),
    PrivateIpAddresses: privateAddresses,
    ...toPrefixFields(prefixes),
  };
}

interface Prefixes {
  readonly ipv4: readonly string[] | undefined;
  readonly ipv6: readonly string[] | undefined;
}

/** Not named when there are none, as in EC2's answers. */
export function toPrefixFields({ ipv4 = [], ipv6 = [] }: Prefixes): Pick<NetworkInterface, "Ipv4Prefixes" | "Ipv6Prefixes"> {
  return {
    ...(ipv4.length === 0 ? {} : { Ipv4Prefixes: ipv4.map((prefix) => ({ Ipv4Prefix: prefix })) }),
    ...(ipv6.length === 0 ? {} : { Ipv6Prefixes: ipv6.map((prefix) => ({ Ipv6Prefix: prefix })) }),
  };
}

/** EC2 itself is behind a gateway's or an endpoint's. Its model writes the types otherwise than its answers do. */
function managementFields({ id, nat_gateway_id: gateway, vpc_endpoint_id: endpoint, connect_endpoint_id: connect }: NetworkInterfaceRow): Pick<NetworkInterface, "InterfaceType" | "RequesterId" | "Attachment"> {
  const type = gateway !== null ? "nat_gateway" : endpoint !== null ? "vpc_endpoint" : connect !== null ? "ec2_instance_connect_endpoint" : undefined;
  if (type === undefined) return { InterfaceType: "interface" };
  return {
    InterfaceType: type as "vpc_endpoint",
    RequesterId: requester,
    Attachment: {
      AttachmentId: `ela-attach-${(gateway ?? id).slice((gateway ?? id).lastIndexOf("-") + 1)}`,
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
