import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { listSlots } from "../../placement/capacity-slots.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** How many instances are in a capacity reservation, by account: only its own can be. */
export const GetCapacityReservationUsage = defineAction({
  name: "GetCapacityReservationUsage",
  supported: "whole",
  readOnly: true,
  load: ({ input, caller, tx }) => requireOwnedRow(tx, "capacity_reservations", caller, input.CapacityReservationId ?? ""),
  authorize: (row, { caller }) => [{ action: "ec2:GetCapacityReservationUsage", resource: ec2Arn(caller, "capacity-reservation", row.id) }],
  apply: async (row, { tx }) => {
    const slots = await listSlots(tx, row.id);
    const used = slots.filter((slot) => slot.instance_id !== null).length;
    return {
      CapacityReservationId: row.id,
      InstanceType: row.instance_type,
      State: row.state,
      TotalInstanceCount: row.total,
      AvailableInstanceCount: slots.length - used,
      InstanceUsages: used === 0 ? [] : [{ AccountId: row.account, UsedInstanceCount: used }],
    };
  },
});
