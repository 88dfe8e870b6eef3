import { requireInstances } from "../../compute/instance.ts";
import { changeAttribute, checkAttributeChange, requireAlive } from "../../compute/instance-attribute.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toAttributeChange } from "./attribute-change.ts";
import { parseAttributeRequest } from "./attribute-request.ts";

/** Changes one attribute of an instance, most of the machine's own only while it is stopped. */
export const ModifyInstanceAttribute = defineAction({
  name: "ModifyInstanceAttribute",
  supported: "whole; no RAM disks, no enclaves",
  load: async ({ input, caller, tx }) => {
    const request = parseAttributeRequest(input);
    const instances = await requireInstances(tx, caller, [input.InstanceId]);
    const changes = [];
    for (const instance of instances) {
      requireAlive(instance);
      const change = await toAttributeChange(tx, instance, request, input);
      await checkAttributeChange(tx, instance, change);
      changes.push({ instance, change });
    }
    return changes;
  },
  authorize: (changes, { caller }) =>
    changes.flatMap(({ instance, change }) => [
      { action: "ec2:ModifyInstanceAttribute", resource: ec2Arn(caller, "instance", instance.id) },
      ...(change.kind === "groups"
        ? change.groupIds.map((id) => ({ action: "ec2:ModifyInstanceAttribute", resource: ec2Arn(caller, "security-group", id) }))
        : []),
    ]),
  apply: async (changes, { tx, now }) => {
    for (const { instance, change } of changes) await changeAttribute(tx, instance, change, now);
    return {};
  },
});
