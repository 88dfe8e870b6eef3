import { overlay, parseTemplateData } from "../../compute/launch-template-data.ts";
import { createVersion, requireTemplate, requireVersion, requireVersionDescription } from "../../compute/launch-template.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toVersionView, toWarning } from "./views/launch-template-view.ts";

/** Adds a version to a launch template, from nothing or from another version of it. The default version stays what it is. */
export const CreateLaunchTemplateVersion = defineAction({
  name: "CreateLaunchTemplateVersion",
  supported: "whole; aliases of AMIs are resolved at launch only",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => {
    const template = await requireTemplate(tx, caller, input);
    const source = input.SourceVersion === undefined ? undefined : await requireVersion(tx, template, input.SourceVersion);
    const data = source === undefined ? input.LaunchTemplateData : overlay(input.LaunchTemplateData, parseTemplateData(source.data));
    return { template, version: { description: requireVersionDescription(input.VersionDescription), data, author: caller.arn } };
  },
  authorize: ({ template }, { caller }) => [{ action: "ec2:CreateLaunchTemplateVersion", resource: ec2Arn(caller, "launch-template", template.id) }],
  apply: async ({ template, version }, { tx, now }) => ({
    LaunchTemplateVersion: toVersionView(template, await createVersion(tx, template, version, now)),
    ...toWarning(version.data),
  }),
});
