import { invalidParameterCombination, unsupportedRequest } from "../../base/api-error.ts";
import { requireInstances } from "../../compute/instance.ts";
import { changeAttribute, requireAlive } from "../../compute/instance-attribute.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";

/** Whether the instance goes to another host by itself when its own dies (facts §1.9). */
export const ModifyInstanceMaintenanceOptions = defineAction({
  name: "ModifyInstanceMaintenanceOptions",
  supported: "AutoRecovery; RebootMigration only as `default`",
  load: async ({ input, caller, tx }) => {
    if (input.AutoRecovery === undefined && input.RebootMigration === undefined) throw invalidParameterCombination("No maintenance options specified.");
    if (input.RebootMigration === "disabled") throw unsupportedRequest("A reboot never moves an instance here. Leave RebootMigration out.");
    const instances = await requireInstances(tx, caller, [input.InstanceId]);
    for (const instance of instances) requireAlive(instance);
    return instances;
  },
  authorize: (instances, { caller }) => instances.map(({ id }) => ({ action: "ec2:ModifyInstanceMaintenanceOptions", resource: ec2Arn(caller, "instance", id) })),
  apply: async (instances, { input, tx, now }) => {
    const recovers = (before: 0 | 1) => (input.AutoRecovery === undefined ? before : input.AutoRecovery === "disabled" ? 0 : 1);
    await inTurn(instances, (instance) => changeAttribute(tx, instance, { kind: "columns", columns: { auto_recovery: recovers(instance.auto_recovery) } }, now));
    const [after] = instances.map((instance) => (recovers(instance.auto_recovery) === 1 ? "default" : "disabled"));
    return { InstanceId: input.InstanceId, AutoRecovery: after, RebootMigration: "default" };
  },
});
