import { missingParameter } from "../../base/api-error.ts";
import { requireInstances } from "../../compute/instance.ts";
import { changeAttribute, requireStopped } from "../../compute/instance-attribute.ts";
import { requireInstanceType } from "../../compute/instance-types/catalogue.ts";
import { parseCapacity } from "../../compute/placement-request.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";

/** Says which capacity reservations a stopped instance takes from its next start on. */
export const ModifyInstanceCapacityReservationAttributes = defineAction({
  name: "ModifyInstanceCapacityReservationAttributes",
  supported: "whole; no resource groups",
  load: async ({ input, caller, tx }) => {
    const { CapacityReservationSpecification: specification } = input;
    if (specification === undefined) throw missingParameter("CapacityReservationSpecification");
    const instances = await requireInstances(tx, caller, [input.InstanceId ?? ""]);
    return inTurn(instances, async (instance) => {
      requireStopped(instance);
      const { capacity } = await parseCapacity(tx, caller, specification, requireInstanceType(instance.instance_type), instance.tenancy);
      return { instance, columns: capacity };
    });
  },
  authorize: (changes, { caller }) => changes.map(({ instance }) => ({ action: "ec2:ModifyInstanceCapacityReservationAttributes", resource: ec2Arn(caller, "instance", instance.id) })),
  apply: async (changes, { tx, now }) => {
    await inTurn(changes, ({ instance, columns }) => changeAttribute(tx, instance, { kind: "columns", columns }, now));
    return { Return: true };
  },
});
