import { instanceProtected, PartialFailure } from "../../base/api-error.ts";
import { requireInstances, terminateInstance, terminationProtection } from "../../compute/instance.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";
import { toStateChange } from "./views/instance-view.ts";

/** Asks for the end of each instance. One that is protected keeps all the call's instances of its zone alive (facts §1.1). */
export const TerminateInstances = defineAction({
  name: "TerminateInstances",
  supported: "whole",
  load: ({ input, caller, tx }) => requireInstances(tx, caller, input.InstanceIds),
  authorize: (instances, { caller }) =>
    instances.map(({ id }) => ({ action: "ec2:TerminateInstances", resource: ec2Arn(caller, "instance", id) })),
  apply: async (instances, { input, tx, now }) => {
    const held = instances.find((instance) => terminationProtection(instance) !== undefined);
    const heldZones = new Set(instances.filter((instance) => terminationProtection(instance) !== undefined).map(({ zone }) => zone));
    const how = { skipOsShutdown: input.SkipOsShutdown ?? false };
    const free = instances.filter(({ zone }) => !heldZones.has(zone));
    const changes = await inTurn(free, (instance) => terminateInstance(tx, instance, how, now));
    if (held === undefined) return { TerminatingInstances: changes.map(toStateChange) };
    const error = instanceProtected(held.id, terminationProtection(held) ?? "disableApiTermination", "terminated");
    throw free.length > 0 ? new PartialFailure(error) : error;
  },
});
