import type { Subnet } from "@aws-sdk/client-ec2";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { countUsedAddresses } from "../../network/subnet.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toSubnetView } from "./views/subnet-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

const ipv6Blocks = (subnet: Subnet) => subnet.Ipv6CidrBlockAssociationSet ?? [];

const filters: FilterTable<Subnet> = {
  tags: tagsOfView,
  fields: {
    "assign-ipv6-address-on-creation": (subnet) => subnet.AssignIpv6AddressOnCreation,
    "availability-zone": (subnet) => subnet.AvailabilityZone,
    availabilityZone: (subnet) => subnet.AvailabilityZone,
    "availability-zone-id": (subnet) => subnet.AvailabilityZoneId,
    availabilityZoneId: (subnet) => subnet.AvailabilityZoneId,
    "available-ip-address-count": (subnet) => subnet.AvailableIpAddressCount,
    cidr: (subnet) => subnet.CidrBlock,
    "cidr-block": (subnet) => subnet.CidrBlock,
    cidrBlock: (subnet) => subnet.CidrBlock,
    "customer-owned-ipv4-pool": () => undefined,
    "default-for-az": (subnet) => subnet.DefaultForAz,
    defaultForAz: (subnet) => subnet.DefaultForAz,
    "enable-dns64": (subnet) => subnet.EnableDns64,
    "enable-lni-at-device-index": () => undefined,
    "ipv6-cidr-block-association.association-id": (subnet) => ipv6Blocks(subnet).map((block) => block.AssociationId),
    "ipv6-cidr-block-association.ipv6-cidr-block": (subnet) => ipv6Blocks(subnet).map((block) => block.Ipv6CidrBlock),
    "ipv6-cidr-block-association.state": (subnet) => ipv6Blocks(subnet).map((block) => block.Ipv6CidrBlockState?.State),
    "ipv6-native": (subnet) => subnet.Ipv6Native,
    "map-customer-owned-ip-on-launch": (subnet) => subnet.MapCustomerOwnedIpOnLaunch,
    "map-public-ip-on-launch": (subnet) => subnet.MapPublicIpOnLaunch,
    "outpost-arn": () => undefined,
    "owner-id": (subnet) => subnet.OwnerId,
    "private-dns-name-options-on-launch.enable-resource-name-dns-a-record": (subnet) => subnet.PrivateDnsNameOptionsOnLaunch?.EnableResourceNameDnsARecord,
    "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record": (subnet) => subnet.PrivateDnsNameOptionsOnLaunch?.EnableResourceNameDnsAAAARecord,
    "private-dns-name-options-on-launch.hostname-type": (subnet) => subnet.PrivateDnsNameOptionsOnLaunch?.HostnameType,
    state: (subnet) => subnet.State,
    "subnet-arn": (subnet) => subnet.SubnetArn,
    "subnet-id": (subnet) => subnet.SubnetId,
    "vpc-id": (subnet) => subnet.VpcId,
  },
};

/** The account's subnets in this region, with the number of addresses that each has left. */
export const DescribeSubnets = defineDescribe({
  name: "DescribeSubnets",
  supported: "whole",
  ids: ({ SubnetIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const tags = await listTagsOfType(tx, caller, "subnet");
    const used = await countUsedAddresses(tx, caller);
    return (await ownedRows(tx, "subnets", caller, input.SubnetIds)).map((row) => toSubnetView(row, used.get(row.id) ?? 0, tags.get(row.id)));
  },
  key: (subnet) => subnet.SubnetId ?? "",
  filters,
  page: { minimum: 5, maximum: 1000, idsParameter: "subnetIds" },
  output: (rows, nextToken) => ({ Subnets: [...rows], ...nextTokenField(nextToken) }),
});
