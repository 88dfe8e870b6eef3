import { removeAllTags } from "../../compute/tags.ts";
import { requireGroupOfName, requireUnused } from "../../compute/placement-group-request.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Deletes a placement group that no instance is in. */
export const DeletePlacementGroup = defineAction({
  name: "DeletePlacementGroup",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const group = await requireGroupOfName(tx, caller, input.GroupName ?? "");
    await requireUnused(tx, group);
    return group;
  },
  authorize: (group, { caller }) => [{ action: "ec2:DeletePlacementGroup", resource: ec2Arn(caller, "placement-group", group.name) }],
  apply: async (group, { tx }) => {
    await tx.db.deleteFrom("placement_groups").where("id", "=", group.id).execute();
    await removeAllTags(tx, group.id);
    return {};
  },
});
