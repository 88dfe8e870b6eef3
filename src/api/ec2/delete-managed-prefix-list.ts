import { deletePrefixList, requireUnusedList } from "../../network/prefix-list-changes.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { requireOwnList } from "./prefix-list-request.ts";
import { toPrefixListView } from "./views/prefix-list-view.ts";

/** Removes a list that no rule and no route names. */
export const DeleteManagedPrefixList = defineAction({
  name: "DeleteManagedPrefixList",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const row = await requireOwnList(tx, caller, input.PrefixListId ?? "");
    await requireUnusedList(tx, row);
    return row;
  },
  authorize: ({ id }, { caller }) => [{ action: "ec2:DeleteManagedPrefixList", resource: ec2Arn(caller, "prefix-list", id) }],
  apply: async (row, { tx }) => {
    await deletePrefixList(tx, row);
    return { PrefixList: { ...toPrefixListView(row, undefined), State: "delete-in-progress" as const } };
  },
});
