import type { NetworkInterface } from "@aws-sdk/client-ec2";
import { ownedRows } from "../../compute/owned-rows.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { viewNetworkInterfaces } from "./views/network-interface-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

const addresses = (nic: NetworkInterface) => nic.PrivateIpAddresses ?? [];

const filters: FilterTable<NetworkInterface> = {
  tags: ({ TagSet: tags }) => tagsOfView({ Tags: tags }),
  fields: {
    "addresses.association.owner-id": (nic) => addresses(nic).map((each) => each.Association?.IpOwnerId),
    "addresses.association.public-ip": (nic) => addresses(nic).map((each) => each.Association?.PublicIp),
    "addresses.primary": (nic) => addresses(nic).map((each) => each.Primary),
    "addresses.private-ip-address": (nic) => addresses(nic).map((each) => each.PrivateIpAddress),
    "association.allocation-id": (nic) => nic.Association?.AllocationId,
    "association.association-id": (nic) => nic.Association?.AssociationId,
    "association.ip-owner-id": (nic) => nic.Association?.IpOwnerId,
    "association.public-dns-name": (nic) => nic.Association?.PublicDnsName,
    "association.public-ip": (nic) => nic.Association?.PublicIp,
    "attachment.attach-time": (nic) => nic.Attachment?.AttachTime,
    "attachment.attachment-id": (nic) => nic.Attachment?.AttachmentId,
    "attachment.delete-on-termination": (nic) => nic.Attachment?.DeleteOnTermination,
    "attachment.device-index": (nic) => nic.Attachment?.DeviceIndex,
    "attachment.instance-id": (nic) => nic.Attachment?.InstanceId,
    "attachment.instance-owner-id": (nic) => nic.Attachment?.InstanceOwnerId,
    "attachment.status": (nic) => nic.Attachment?.Status,
    "availability-zone": (nic) => nic.AvailabilityZone,
    "availability-zone-id": (nic) => nic.AvailabilityZoneId,
    description: (nic) => nic.Description,
    "group-id": (nic) => (nic.Groups ?? []).map((group) => group.GroupId),
    "group-name": (nic) => (nic.Groups ?? []).map((group) => group.GroupName),
    "interface-type": (nic) => nic.InterfaceType,
    "ipv6-addresses.ipv6-address": (nic) => (nic.Ipv6Addresses ?? []).map((each) => each.Ipv6Address),
    "mac-address": (nic) => nic.MacAddress,
    "network-interface-id": (nic) => nic.NetworkInterfaceId,
    "owner-id": (nic) => nic.OwnerId,
    "private-dns-name": (nic) => nic.PrivateDnsName,
    "private-ip-address": (nic) => nic.PrivateIpAddress,
    "requester-id": (nic) => nic.RequesterId,
    "requester-managed": (nic) => nic.RequesterManaged,
    "source-dest-check": (nic) => nic.SourceDestCheck,
    status: (nic) => nic.Status,
    "subnet-id": (nic) => nic.SubnetId,
    "vpc-id": (nic) => nic.VpcId,
  },
};

/** The account's network interfaces in this region. */
export const DescribeNetworkInterfaces = defineDescribe({
  name: "DescribeNetworkInterfaces",
  supported: "whole",
  ids: ({ NetworkInterfaceIds: ids }) => ids,
  list: async ({ input, caller, tx }) => viewNetworkInterfaces(tx, caller, await ownedRows(tx, "network_interfaces", caller, input.NetworkInterfaceIds)),
  key: (nic) => nic.NetworkInterfaceId ?? "",
  filters,
  page: { minimum: 5, maximum: 1000, idsParameter: "networkInterfaceIds" },
  output: (rows, nextToken) => ({ NetworkInterfaces: [...rows], ...nextTokenField(nextToken) }),
});
