import type { Address } from "@aws-sdk/client-ec2";
import { addressNotFound, notFound } from "../../base/api-error.ts";
import { requireWellFormed } from "../../compute/resources.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { tagsOfView } from "./views/tag-view.ts";

/** The account's Elastic IP addresses: there are none yet. Automatic public addresses are no addresses of an account's own. */
export const DescribeAddresses = defineDescribe({
  name: "DescribeAddresses",
  supported: "whole; Elastic IP addresses cannot be allocated yet, so there are none",
  list: ({ input }): Address[] => {
    const [ids, addresses] = [input.AllocationIds ?? [], input.PublicIps ?? []];
    requireWellFormed("elasticIp", ids);
    if (ids.length > 0) throw notFound("elasticIp", ids);
    const [first] = addresses;
    if (first !== undefined) throw addressNotFound(first);
    return [];
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
