import { addressNotFound } from "../../base/api-error.ts";
import { requireAddressText } from "../../compute/elastic-ip-request.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { toAddressView } from "./views/address-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

/** The account's Elastic IP addresses. Automatic public addresses are no addresses of an account's own. */
export const DescribeAddresses = defineDescribe({
  name: "DescribeAddresses",
  supported: "whole",
  list: async ({ input, caller, tx }) => {
    const rows = await ownedRows(tx, "elastic_ips", caller, input.AllocationIds);
    const asked = (input.PublicIps ?? []).map(requireAddressText);
    const missing = asked.find((address) => rows.every((row) => row.public_address !== address));
    if (missing !== undefined) throw addressNotFound(missing);
    const tags = await listTagsOfType(tx, caller, "elastic-ip");
    const holders = await ownedRows(tx, "network_interfaces", caller);
    const instances = new Map(holders.map((nic) => [nic.id, nic.instance_id]));
    const wanted = asked.length === 0 ? rows : rows.filter((row) => asked.includes(row.public_address));
    return wanted.map((row) => toAddressView(row, row.interface_id === null ? null : instances.get(row.interface_id), tags.get(row.id)));
  },
  key: (address) => address.AllocationId ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      "allocation-id": (address) => address.AllocationId,
      "association-id": (address) => address.AssociationId,
      domain: (address) => address.Domain,
      "instance-id": (address) => address.InstanceId,
      "network-border-group": (address) => address.NetworkBorderGroup,
      "network-interface-id": (address) => address.NetworkInterfaceId,
      "network-interface-owner-id": (address) => address.NetworkInterfaceOwnerId,
      "private-ip-address": (address) => address.PrivateIpAddress,
      "public-ip": (address) => address.PublicIp,
    },
  },
  output: (rows) => ({ Addresses: [...rows] }),
});
