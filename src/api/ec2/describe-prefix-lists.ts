import type { PrefixList } from "@aws-sdk/client-ec2";
import { inRequestedOrder, requireWellFormed } from "../../compute/resources.ts";
import { listManagedPrefixLists } from "../../network/prefix-lists.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";

/** EC2's own prefix lists in this region. */
export const DescribePrefixLists = defineDescribe({
  name: "DescribePrefixLists",
  supported: "whole; lists of services that do not exist here are empty",
  ids: ({ PrefixListIds: ids }) => ids,
  list: ({ input, caller }): PrefixList[] => {
    const ids = input.PrefixListIds ?? [];
    requireWellFormed("prefixList", ids);
    const all = listManagedPrefixLists(caller.region);
    const asked = ids.length === 0 ? all : inRequestedOrder("prefixList", ids, all);
    return asked.map(({ id, name, blocks = [] }) => ({ PrefixListId: id, PrefixListName: name, Cidrs: [...blocks] }));
  },
  key: (list) => list.PrefixListId ?? "",
  filters: { fields: { "prefix-list-id": (list) => list.PrefixListId, "prefix-list-name": (list) => list.PrefixListName } },
  page: { minimum: 5, maximum: 1000 },
  output: (rows, nextToken) => ({ PrefixLists: [...rows], ...nextTokenField(nextToken) }),
});
