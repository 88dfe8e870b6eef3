import { requireInstances, startInstance } from "../../compute/instance.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";
import { toStateChange } from "./views/instance-view.ts";

/** Asks for a new run of each instance, placed anew; the instance reconciler carries it out. */
export const StartInstances = defineAction({
  name: "StartInstances",
  supported: "whole",
  load: ({ input, caller, tx }) => requireInstances(tx, caller, input.InstanceIds),
  authorize: (instances, { caller }) => instances.map(({ id }) => ({ action: "ec2:StartInstances", resource: ec2Arn(caller, "instance", id) })),
  apply: async (instances, { tx, random, now }) => ({
    StartingInstances: (await inTurn(instances, (instance) => startInstance(tx, instance, random, now))).map(toStateChange),
  }),
});
