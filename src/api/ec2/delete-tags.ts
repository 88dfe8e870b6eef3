import { missingParameter, reservedTagKey } from "../../base/api-error.ts";
import { requireTaggedResources, untagResources, type Untag } from "../../compute/tagged-resources.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Takes tags away: by key, by key and value, or all of them. */
export const DeleteTags = defineAction({
  name: "DeleteTags",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    if (input.Resources.length === 0) throw missingParameter("resourceIdSet");
    const untags = (input.Tags ?? []).map(({ Key: key, Value: value }): Untag => {
      if (key === undefined || key === "") throw missingParameter("Tag.Key");
      if (/^aws:/i.test(key)) throw reservedTagKey();
      return { key, value };
    });
    return { resources: await requireTaggedResources(tx, caller, input.Resources), untags };
  },
  authorize: ({ resources }, { caller }) => resources.map(({ type, id }) => ({ action: "ec2:DeleteTags", resource: ec2Arn(caller, type, id) })),
  apply: async ({ resources, untags }, { tx, now }) => {
    await untagResources(tx, resources, untags, now);
    return {};
  },
});
