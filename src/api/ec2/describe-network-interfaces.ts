import type { NetworkInterface } from "@aws-sdk/client-ec2";
import { ownedRows } from "../../compute/owned-rows.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { interfaceFields } from "./views/interface-fields.ts";
import { viewNetworkInterfaces } from "./views/network-interface-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

const addresses = (nic: NetworkInterface) => nic.PrivateIpAddresses ?? [];

const filters: FilterTable<NetworkInterface> = {
  tags: ({ TagSet: tags }) => tagsOfView({ Tags: tags }),
  fields: {
    ...interfaceFields,
    "addresses.association.owner-id": (nic) => addresses(nic).map((each) => each.Association?.IpOwnerId),
    "association.allocation-id": (nic) => nic.Association?.AllocationId,
    "association.association-id": (nic) => nic.Association?.AssociationId,
    "attachment.instance-id": (nic) => nic.Attachment?.InstanceId,
    "attachment.instance-owner-id": (nic) => nic.Attachment?.InstanceOwnerId,
    "availability-zone": (nic) => nic.AvailabilityZone,
    "availability-zone-id": (nic) => nic.AvailabilityZoneId,
    "interface-type": (nic) => nic.InterfaceType,
    "operator.managed": () => false,
    "operator.principal": () => undefined,
    "requester-id": (nic) => nic.RequesterId,
    "requester-managed": (nic) => nic.RequesterManaged,
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
