import { missingParameter } from "../../base/api-error.ts";
import { requireTemplate, requireVersion, setDefaultVersion } from "../../compute/launch-template.ts";
import { listTags } from "../../compute/tags.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toLaunchTemplateView } from "./views/launch-template-view.ts";

/** Makes another version the default. */
export const ModifyLaunchTemplate = defineAction({
  name: "ModifyLaunchTemplate",
  supported: "whole",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => {
    const template = await requireTemplate(tx, caller, input);
    if (input.DefaultVersion === undefined) throw missingParameter("SetDefaultVersion");
    return { template, version: await requireVersion(tx, template, input.DefaultVersion) };
  },
  authorize: ({ template }, { caller }) => [{ action: "ec2:ModifyLaunchTemplate", resource: ec2Arn(caller, "launch-template", template.id) }],
  apply: async ({ template, version }, { tx }) => {
    const row = await setDefaultVersion(tx, template, version.version);
    return { LaunchTemplate: toLaunchTemplateView(row, (await listTags(tx, [row.id])).get(row.id)) };
  },
});
