import { inRequestedOrder, requireWellFormed } from "../../compute/resources.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { listPrefixLists } from "../../network/prefix-lists.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toManagedListView, toPrefixListView } from "./views/prefix-list-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

/** The account's prefix lists in this region and EC2's own. */
export const DescribeManagedPrefixLists = defineDescribe({
  name: "DescribeManagedPrefixLists",
  supported: "whole; EC2's own lists are empty, since their services do not exist here",
  ids: ({ PrefixListIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const ids = input.PrefixListIds ?? [];
    requireWellFormed("prefixList", ids);
    const all = await listPrefixLists(tx, caller);
    const tags = await listTagsOfType(tx, caller, "prefix-list");
    const asked = ids.length === 0 ? all : inRequestedOrder("prefixList", ids, all);
    return asked.map((list) => (list.row === undefined ? toManagedListView(list, caller) : toPrefixListView(list.row, tags.get(list.id))));
  },
  key: (list) => list.PrefixListId ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      "owner-id": (list) => list.OwnerId,
      "prefix-list-id": (list) => list.PrefixListId,
      "prefix-list-name": (list) => list.PrefixListName,
    },
  },
  page: { minimum: 1, maximum: 100 },
  output: (rows, nextToken) => ({ PrefixLists: [...rows], ...nextTokenField(nextToken) }),
});
