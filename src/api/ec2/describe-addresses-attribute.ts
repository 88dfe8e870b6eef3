import { ownedRows } from "../../compute/owned-rows.ts";
import type { ElasticIpRow } from "../../store/network-tables.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toAddressAttribute } from "./views/address-view.ts";

/** The reverse names of Elastic IP addresses. */
export const DescribeAddressesAttribute = defineDescribe({
  name: "DescribeAddressesAttribute",
  supported: "whole",
  ids: ({ AllocationIds: ids }) => ids,
  list: ({ input, caller, tx }): Promise<ElasticIpRow[]> => ownedRows(tx, "elastic_ips", caller, input.AllocationIds),
  key: (row) => row.id,
  page: { minimum: 1, maximum: 1000, idsParameter: "allocationIds" },
  output: (rows, nextToken) => ({ Addresses: rows.map(toAddressAttribute), ...nextTokenField(nextToken) }),
});
