/** RunInstances with a launch template: the request laid over the template's version, and what its instances are marked with (facts §12.1). */
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import type { Tx } from "../store/store.ts";
import { launchInput, parseTemplateData } from "./launch-template-data.ts";
import { requireTemplate, requireVersion } from "./launch-template.ts";
import type { Owner } from "./owned-rows.ts";
import type { Tag } from "./tags.ts";

export interface TemplatedLaunch {
  readonly input: RunInstancesCommandInput;
  /** The template's id, if there is one. */
  readonly templateId?: string;
  /** Tags that only the service itself can give. */
  readonly marks: readonly Tag[];
}

export async function resolveTemplate(tx: Tx, owner: Owner, input: RunInstancesCommandInput): Promise<TemplatedLaunch> {
  if (input.LaunchTemplate === undefined) return { input, marks: [] };
  const template = await requireTemplate(tx, owner, input.LaunchTemplate);
  const { version, data } = await requireVersion(tx, template, input.LaunchTemplate.Version);
  return {
    input: launchInput(input, parseTemplateData(data)),
    templateId: template.id,
    marks: [
      { key: "aws:ec2launchtemplate:id", value: template.id },
      { key: "aws:ec2launchtemplate:version", value: String(version) },
    ],
  };
}
