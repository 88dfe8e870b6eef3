import { missingParameter } from "../../base/api-error.ts";
import { parseTags } from "../../compute/tags.ts";
import { refuseUnfitKeys, requireTaggedResources, tagResources } from "../../compute/tagged-resources.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Writes tags on resources of any kind, over those of the same keys. */
export const CreateTags = defineAction({
  name: "CreateTags",
  supported: "whole; an account's own resources only",
  load: async ({ input, caller, tx }) => {
    if (input.Resources.length === 0) throw missingParameter("resourceIdSet");
    if (input.Tags.length === 0) throw missingParameter("tagSet");
    const tags = parseTags(input.Tags);
    const resources = await requireTaggedResources(tx, caller, input.Resources);
    await refuseUnfitKeys(tx, resources, tags);
    return { resources, tags };
  },
  authorize: ({ resources }, { caller }) => resources.map(({ type, id }) => ({ action: "ec2:CreateTags", resource: ec2Arn(caller, type, id) })),
  apply: async ({ resources, tags }, { tx, now }) => {
    await tagResources(tx, resources, tags, now);
    return {};
  },
});
