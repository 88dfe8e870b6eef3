import { requireInstances, setMonitoring } from "../../compute/instance.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";

/** Asks for detailed monitoring of each instance. */
export const MonitorInstances = defineAction({
  name: "MonitorInstances",
  supported: "whole; nothing is measured yet",
  load: ({ input, caller, tx }) => requireInstances(tx, caller, input.InstanceIds),
  authorize: (instances, { caller }) => instances.map(({ id }) => ({ action: "ec2:MonitorInstances", resource: ec2Arn(caller, "instance", id) })),
  apply: async (instances, { tx, now }) => {
    const changed = await inTurn(instances, (instance) => setMonitoring(tx, instance, true, now));
    return { InstanceMonitorings: instances.map(({ id }, index) => ({ InstanceId: id, Monitoring: { State: changed[index] === true ? "pending" : "enabled" } })) };
  },
});
