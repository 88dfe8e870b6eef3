import { rebootInstance, requireInstances } from "../../compute/instance.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";

/** Asks for each instance to be rebooted, softly at first; their state stays `running`. */
export const RebootInstances = defineAction({
  name: "RebootInstances",
  supported: "whole",
  load: ({ input, caller, tx }) => requireInstances(tx, caller, input.InstanceIds),
  authorize: (instances, { caller }) => instances.map(({ id }) => ({ action: "ec2:RebootInstances", resource: ec2Arn(caller, "instance", id) })),
  apply: async (instances, { tx, now }) => {
    await inTurn(instances, (instance) => rebootInstance(tx, instance, now));
    return {};
  },
});
