import { requireInstances } from "../../compute/instance.ts";
import { changeAttribute, requireAlive } from "../../compute/instance-attribute.ts";
import { planPlacementChange } from "../../compute/placement-change.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";

/** Says where a stopped instance shall start: its group, partition, tenancy, Dedicated Host. Its affinity may change at any time. */
export const ModifyInstancePlacement = defineAction({
  name: "ModifyInstancePlacement",
  supported: "whole; no host resource groups",
  load: async ({ input, caller, tx }) => {
    const instances = await requireInstances(tx, caller, [input.InstanceId ?? ""]);
    return inTurn(instances, async (instance) => {
      requireAlive(instance);
      return { instance, columns: await planPlacementChange(tx, instance, input) };
    });
  },
  authorize: (changes, { caller }) => changes.map(({ instance }) => ({ action: "ec2:ModifyInstancePlacement", resource: ec2Arn(caller, "instance", instance.id) })),
  apply: async (changes, { tx, now }) => {
    await inTurn(changes, ({ instance, columns }) => changeAttribute(tx, instance, { kind: "columns", columns }, now));
    return { Return: true };
  },
});
