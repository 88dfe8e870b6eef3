import type { DeleteLaunchTemplateVersionsResponseErrorItem } from "@aws-sdk/client-ec2";
import { invalidParameterValue, missingParameter } from "../../base/api-error.ts";
import { deleteVersions, listVersions, requireTemplate, versionNumber } from "../../compute/launch-template.ts";
import type { LaunchTemplateRow } from "../../store/compute-tables.ts";
import { defineAction, ec2Arn } from "../action.ts";

const mostAtOnce = 200;

interface Deletion {
  readonly template: LaunchTemplateRow;
  readonly doomed: readonly number[];
  readonly refused: readonly DeleteLaunchTemplateVersionsResponseErrorItem[];
}

/** Deletes versions and says of each whether it could; the default version stays. */
export const DeleteLaunchTemplateVersions = defineAction<"DeleteLaunchTemplateVersions", Deletion>({
  name: "DeleteLaunchTemplateVersions",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const template = await requireTemplate(tx, caller, input);
    if (input.Versions.length === 0) throw missingParameter("LaunchTemplateVersion");
    if (input.Versions.length > mostAtOnce) throw invalidParameterValue(`The number of versions must not exceed ${mostAtOnce}.`);
    const present = new Set((await listVersions(tx, template)).map(({ version }) => version));
    const asked = [...new Set(input.Versions)].map((name) => ({ name, number: versionNumber(template, name) }));
    const refused = asked.flatMap(({ name, number }) => refusal(template, present, name, number) ?? []);
    const doomed = asked.flatMap(({ name, number }) => (number === undefined || refusal(template, present, name, number) !== undefined ? [] : [number]));
    return { template, doomed: [...new Set(doomed)], refused };
  },
  authorize: ({ template }, { caller }) => [{ action: "ec2:DeleteLaunchTemplateVersions", resource: ec2Arn(caller, "launch-template", template.id) }],
  apply: async ({ template, doomed, refused }, { tx }) => {
    await deleteVersions(tx, template, doomed);
    const { id: LaunchTemplateId, name: LaunchTemplateName } = template;
    return {
      SuccessfullyDeletedLaunchTemplateVersions: doomed.map((VersionNumber) => ({ LaunchTemplateId, LaunchTemplateName, VersionNumber })),
      UnsuccessfullyDeletedLaunchTemplateVersions: [...refused],
    };
  },
});

function refusal({ id, name, default_version: byDefault }: LaunchTemplateRow, present: ReadonlySet<number>, version: string, number: number | undefined): DeleteLaunchTemplateVersionsResponseErrorItem | undefined {
  const of = { LaunchTemplateId: id, LaunchTemplateName: name, ...(number === undefined ? {} : { VersionNumber: number }) };
  if (number === undefined || !present.has(number)) {
    return { ...of, ResponseError: { Code: "launchTemplateVersionDoesNotExist", Message: `Could not find launch template version ${version} of the launch template ${id}.` } };
  }
  return number === byDefault ? { ...of, ResponseError: { Code: "unexpectedError", Message: "The default version of a launch template cannot be deleted." } } : undefined;
}
