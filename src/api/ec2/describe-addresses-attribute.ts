import { ownedRows } from "../../compute/owned-rows.ts";
import type { ElasticIpRow } from "../../store/network-tables.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";

/** The reverse names of Elastic IP addresses: none can be set here, so each has only its address. */
export const DescribeAddressesAttribute = defineDescribe({
  name: "DescribeAddressesAttribute",
  supported: "whole; reverse names cannot be set",
  ids: ({ AllocationIds: ids }) => ids,
  list: ({ input, caller, tx }): Promise<ElasticIpRow[]> => ownedRows(tx, "elastic_ips", caller, input.AllocationIds),
  key: (row) => row.id,
  page: { minimum: 1, maximum: 1000, idsParameter: "allocationIds" },
  output: (rows, nextToken) => ({ Addresses: rows.map((row) => ({ PublicIp: row.public_address, AllocationId: row.id })), ...nextTokenField(nextToken) }),
});
