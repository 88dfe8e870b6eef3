import { deleteTemplate, requireTemplate } from "../../compute/launch-template.ts";
import { listTags } from "../../compute/tags.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toLaunchTemplateView } from "./views/launch-template-view.ts";

/** Deletes a launch template with all its versions; what was launched from it stays. */
export const DeleteLaunchTemplate = defineAction({
  name: "DeleteLaunchTemplate",
  supported: "whole",
  load: ({ input, caller, tx }) => requireTemplate(tx, caller, input),
  authorize: (template, { caller }) => [{ action: "ec2:DeleteLaunchTemplate", resource: ec2Arn(caller, "launch-template", template.id) }],
  apply: async (template, { tx }) => {
    const tags = (await listTags(tx, [template.id])).get(template.id);
    await deleteTemplate(tx, template);
    return { LaunchTemplate: toLaunchTemplateView(template, tags) };
  },
});
