import { planPlacementGroup } from "../../compute/placement-group-request.ts";
import { createPlacementGroup } from "../../placement/placement-group.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { toPlacementGroupView } from "./views/placement-group-view.ts";

/** Makes a placement group: machines near each other, apart, or in partitions that share no host. */
export const CreatePlacementGroup = defineAction({
  name: "CreatePlacementGroup",
  supported: "strategies cluster, spread and partition",
  load: async ({ input, caller, tx }) => ({ tags: newTags(input, "placement-group"), plan: await planPlacementGroup(tx, caller, input) }),
  authorize: ({ plan, tags }, { caller }) => {
    const resource = ec2Arn(caller, "placement-group", plan.name);
    return [{ action: "ec2:CreatePlacementGroup", resource, conditions: { "ec2:PlacementGroupStrategy": plan.strategy } }, ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ plan, tags }, call) => {
    const group = await createPlacementGroup(call.tx, plan, call.random, call.now);
    await tagNew(call, "placement-group", group.id, tags);
    return { PlacementGroup: toPlacementGroupView(group, tags) };
  },
});
