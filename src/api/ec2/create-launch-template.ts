import { missingParameter } from "../../base/api-error.ts";
import { createTemplate, refuseTakenTemplateName, requireTemplateName, requireVersionDescription } from "../../compute/launch-template.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants, newTags, tagNew } from "./tag-grants.ts";
import { toLaunchTemplateView, toWarning } from "./views/launch-template-view.ts";

/** Makes a launch template with its first version. What the version says is looked at when it is launched; what could never be is warned of. */
export const CreateLaunchTemplate = defineAction({
  name: "CreateLaunchTemplate",
  supported: "whole",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => {
    if (input.LaunchTemplateName === "") throw missingParameter("LaunchTemplateName");
    const name = requireTemplateName(input.LaunchTemplateName);
    const first = { description: requireVersionDescription(input.VersionDescription), data: input.LaunchTemplateData, author: caller.arn };
    const tags = newTags(input, "launch-template");
    await refuseTakenTemplateName(tx, caller, name);
    return { name, first, tags };
  },
  authorize: ({ tags }, { caller }) => {
    const resource = ec2Arn(caller, "launch-template", "*");
    return [{ action: "ec2:CreateLaunchTemplate", resource }, ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ name, first, tags }, call) => {
    const row = await createTemplate(call.tx, call.caller, name, first, call.random, call.now);
    await tagNew(call, "launch-template", row.id, tags);
    return { LaunchTemplate: toLaunchTemplateView(row, tags), ...toWarning(first.data) };
  },
});
