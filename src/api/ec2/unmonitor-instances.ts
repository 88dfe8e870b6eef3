import { requireInstances, setMonitoring } from "../../compute/instance.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";

/** Ends the detailed monitoring of each instance. */
export const UnmonitorInstances = defineAction({
  name: "UnmonitorInstances",
  supported: "whole; nothing is measured yet",
  load: ({ input, caller, tx }) => requireInstances(tx, caller, input.InstanceIds),
  authorize: (instances, { caller }) => instances.map(({ id }) => ({ action: "ec2:UnmonitorInstances", resource: ec2Arn(caller, "instance", id) })),
  apply: async (instances, { tx, now }) => {
    const changed = await inTurn(instances, (instance) => setMonitoring(tx, instance, false, now));
    return { InstanceMonitorings: instances.map(({ id }, index) => ({ InstanceId: id, Monitoring: { State: changed[index] === true ? "disabling" : "disabled" } })) };
  },
});
