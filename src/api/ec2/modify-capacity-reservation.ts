import { changeCapacity, planCapacityChange } from "../../compute/capacity-request.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Gives a capacity reservation more or fewer slots, another end, or other instances that it takes. */
export const ModifyCapacityReservation = defineAction({
  name: "ModifyCapacityReservation",
  supported: "whole",
  load: async ({ input, caller, tx, now }) => {
    const row = await requireOwnedRow(tx, "capacity_reservations", caller, input.CapacityReservationId ?? "");
    return { row, change: await planCapacityChange(tx, row, input, now) };
  },
  authorize: ({ row }, { caller }) => [{ action: "ec2:ModifyCapacityReservation", resource: ec2Arn(caller, "capacity-reservation", row.id) }],
  apply: async ({ row, change }, { tx, now }) => {
    await changeCapacity(tx, row, change, now);
    return { Return: true };
  },
});
