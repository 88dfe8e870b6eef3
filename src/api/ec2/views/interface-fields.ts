/** What network interfaces are searched by, alone (DescribeNetworkInterfaces) and as parts of their instances (DescribeInstances, behind `network-interface.`). */
import type { InstanceNetworkInterface, NetworkInterface } from "@aws-sdk/client-ec2";
import type { FieldValue } from "../../describe/filters.ts";

type AnyInterface = InstanceNetworkInterface | NetworkInterface;
export type InterfaceFields<Nic> = Readonly<Record<string, (nic: Nic) => FieldValue | readonly FieldValue[]>>;

const addressesOf = (nic: AnyInterface) => nic.PrivateIpAddresses ?? [];

export const interfaceFields: InterfaceFields<AnyInterface> = {
  "addresses.association.public-ip": (nic) => addressesOf(nic).map((each) => each.Association?.PublicIp),
  "addresses.primary": (nic) => addressesOf(nic).map((each) => each.Primary),
  "addresses.private-ip-address": (nic) => addressesOf(nic).map((each) => each.PrivateIpAddress),
  "association.ip-owner-id": (nic) => nic.Association?.IpOwnerId,
  "association.public-dns-name": (nic) => nic.Association?.PublicDnsName,
  "association.public-ip": (nic) => nic.Association?.PublicIp,
  "attachment.attach-time": (nic) => nic.Attachment?.AttachTime,
  "attachment.attachment-id": (nic) => nic.Attachment?.AttachmentId,
  "attachment.delete-on-termination": (nic) => nic.Attachment?.DeleteOnTermination,
  "attachment.device-index": (nic) => nic.Attachment?.DeviceIndex,
  "attachment.status": (nic) => nic.Attachment?.Status,
  description: (nic) => nic.Description,
  "group-id": ({ Groups: groups = [] }) => groups.map((group) => group.GroupId),
  "group-name": ({ Groups: groups = [] }) => groups.map((group) => group.GroupName),
  "ipv6-addresses.ipv6-address": ({ Ipv6Addresses: addresses = [] }) => addresses.map((each) => each.Ipv6Address),
  "mac-address": (nic) => nic.MacAddress,
  "network-interface-id": (nic) => nic.NetworkInterfaceId,
  "owner-id": (nic) => nic.OwnerId,
  "private-dns-name": (nic) => nic.PrivateDnsName,
  "private-ip-address": (nic) => nic.PrivateIpAddress,
  "source-dest-check": (nic) => nic.SourceDestCheck,
  status: (nic) => nic.Status,
  "subnet-id": (nic) => nic.SubnetId,
  "vpc-id": (nic) => nic.VpcId,
};
