import { unknownPlacementGroup } from "../../base/api-error.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { toPlacementGroupView } from "./views/placement-group-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

/** The account's placement groups in this region. */
export const DescribePlacementGroups = defineDescribe({
  name: "DescribePlacementGroups",
  supported: "whole",
  list: async ({ input: { GroupIds: ids, GroupNames: names = [] }, caller, tx }) => {
    const tags = await listTagsOfType(tx, caller, "placement-group");
    const rows = await ownedRows(tx, "placement_groups", caller, ids);
    const missing = names.find((name) => rows.every((row) => row.name !== name));
    if (missing !== undefined) throw unknownPlacementGroup(missing);
    return rows.filter((row) => names.length === 0 || names.includes(row.name)).map((row) => toPlacementGroupView(row, tags.get(row.id)));
  },
  key: (group) => group.GroupName ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      "group-arn": (group) => group.GroupArn,
      "group-name": (group) => group.GroupName,
      "spread-level": (group) => group.SpreadLevel,
      state: (group) => group.State,
      strategy: (group) => group.Strategy,
    },
  },
  output: (rows) => ({ PlacementGroups: [...rows] }),
});
