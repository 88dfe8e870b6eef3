import { invalidParameterCombination } from "../../base/api-error.ts";
import { requireInstances } from "../../compute/instance.ts";
import { changeAttribute, requireAlive } from "../../compute/instance-attribute.ts";
import { requireTagKeysForMetadata, withMetadataOptions, type MetadataOptions, type MetadataOptionsRequest } from "../../compute/metadata-options.ts";
import { listTags } from "../../compute/tags.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toMetadataOptionsView } from "./views/instance-view.ts";

/** Changes how the instance's metadata can be read; what the request leaves out stays. */
export const ModifyInstanceMetadataOptions = defineAction({
  name: "ModifyInstanceMetadataOptions",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    refuseNothing(input);
    const changes = [];
    for (const instance of await requireInstances(tx, caller, [input.InstanceId])) {
      requireAlive(instance);
      const current = JSON.parse(instance.metadata_options) as MetadataOptions; // written by launch and here
      const options = withMetadataOptions(current, input);
      const tags = (await listTags(tx, [instance.id])).get(instance.id) ?? [];
      requireTagKeysForMetadata(options, tags.map(({ key }) => key));
      changes.push({ instance, options });
    }
    return changes;
  },
  authorize: (changes, { caller }) =>
    changes.map(({ instance }) => ({ action: "ec2:ModifyInstanceMetadataOptions", resource: ec2Arn(caller, "instance", instance.id) })),
  apply: async (changes, { input, tx, now }) => {
    for (const { instance, options } of changes) {
      await changeAttribute(tx, instance, { kind: "columns", columns: { metadata_options: JSON.stringify(options) } }, now);
    }
    const [changed] = changes.map(({ options }) => toMetadataOptionsView(options));
    return { InstanceId: input.InstanceId, ...(changed === undefined ? {} : { InstanceMetadataOptions: { ...changed, State: "pending" } }) };
  },
});

function refuseNothing({ HttpEndpoint, HttpTokens, HttpPutResponseHopLimit, HttpProtocolIpv6, InstanceMetadataTags }: MetadataOptionsRequest): void {
  const asked = [HttpEndpoint, HttpTokens, HttpPutResponseHopLimit, HttpProtocolIpv6, InstanceMetadataTags];
  if (asked.every((value) => value === undefined)) throw invalidParameterCombination("No metadata options specified.");
}
