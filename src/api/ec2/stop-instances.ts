import { refuseHibernation, requireInstances, stopInstance } from "../../compute/instance.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";
import { toStateChange } from "./views/instance-view.ts";

/** Asks for each instance to be stopped; the instance reconciler carries it out. */
export const StopInstances = defineAction({
  name: "StopInstances",
  supported: "no hibernation",
  load: ({ input, caller, tx }) => {
    refuseHibernation(input.Hibernate);
    return requireInstances(tx, caller, input.InstanceIds);
  },
  authorize: (instances, { caller }) => instances.map(({ id }) => ({ action: "ec2:StopInstances", resource: ec2Arn(caller, "instance", id) })),
  apply: async (instances, { input, tx, now }) => {
    const how = { force: input.Force ?? false, skipOsShutdown: input.SkipOsShutdown ?? false };
    return { StoppingInstances: (await inTurn(instances, (instance) => stopInstance(tx, instance, how, now))).map(toStateChange) };
  },
});
