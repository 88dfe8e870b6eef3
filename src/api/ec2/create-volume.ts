import { volumeConditions } from "../../compute/resource-conditions.ts";
import { parseTagSpecifications, putTags } from "../../compute/tags.ts";
import { planVolume } from "../../storage/volume-creation.ts";
import { createVolume } from "../../storage/volume.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants } from "./tag-grants.ts";
import { toVolumeView } from "./views/volume-view.ts";

/** Records the volume and answers `creating`; its zone's storage node makes it, empty or from a snapshot. */
export const CreateVolume = defineAction({
  name: "CreateVolume",
  supported: "whole",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => ({
    plan: await planVolume(tx, caller, input),
    tags: parseTagSpecifications(input.TagSpecifications, ["volume"]).get("volume") ?? [],
  }),
  authorize: ({ plan, tags }, { caller }) => {
    const resource = ec2Arn(caller, "volume", "*");
    const parent = plan.snapshotId === null ? [] : [ec2Arn(caller, "snapshot", plan.snapshotId)];
    const made = { action: "ec2:CreateVolume", resource, conditions: { ...volumeConditions(plan), "ec2:ParentSnapshot": parent } };
    return [made, ...parent.map((each) => ({ action: "ec2:CreateVolume", resource: each })), ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ plan, tags }, { caller, tx, random, now }) => {
    const row = await createVolume(tx, plan, random, now);
    await putTags(tx, { id: row.id, type: "volume", account: caller.account, region: caller.region }, tags);
    const { Attachments: _none, ...view } = toVolumeView(row, [], tags);
    return view;
  },
});
