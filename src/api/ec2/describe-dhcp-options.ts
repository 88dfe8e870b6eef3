import type { DhcpOptions } from "@aws-sdk/client-ec2";
import { privateDnsDomain } from "../../base/regions.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { tagsOfView, toTagViews } from "./views/tag-view.ts";

/** The account's DHCP option sets in this region: EC2's default one, with the VPC's own resolver. */
export const DescribeDhcpOptions = defineDescribe({
  name: "DescribeDhcpOptions",
  supported: "whole",
  ids: ({ DhcpOptionsIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const tags = await listTagsOfType(tx, caller, "dhcp-options");
    return (await ownedRows(tx, "dhcp_options", caller, input.DhcpOptionsIds)).map(
      (row): DhcpOptions => ({
        DhcpOptionsId: row.id,
        OwnerId: row.account,
        DhcpConfigurations: [
          { Key: "domain-name", Values: [{ Value: privateDnsDomain(row.region) }] },
          { Key: "domain-name-servers", Values: [{ Value: "AmazonProvidedDNS" }] },
        ],
        Tags: toTagViews(tags.get(row.id)),
      }),
    );
  },
  key: (options) => options.DhcpOptionsId ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      "dhcp-options-id": (options) => options.DhcpOptionsId,
      key: (options) => (options.DhcpConfigurations ?? []).map((configuration) => configuration.Key),
      "owner-id": (options) => options.OwnerId,
      value: (options) => (options.DhcpConfigurations ?? []).flatMap((configuration) => (configuration.Values ?? []).map((value) => value.Value)),
    },
  },
  page: { minimum: 5, maximum: 1000, idsParameter: "dhcpOptionsIds" },
  output: (rows, nextToken) => ({ DhcpOptions: [...rows], ...nextTokenField(nextToken) }),
});
