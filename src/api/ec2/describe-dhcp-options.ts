import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toDhcpOptionsView } from "./views/dhcp-options-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

/** The account's DHCP option sets in this region. */
export const DescribeDhcpOptions = defineDescribe({
  name: "DescribeDhcpOptions",
  supported: "whole",
  ids: ({ DhcpOptionsIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const tags = await listTagsOfType(tx, caller, "dhcp-options");
    return (await ownedRows(tx, "dhcp_options", caller, input.DhcpOptionsIds)).map((row) => toDhcpOptionsView(row, tags.get(row.id)));
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
