import { reservationNotInState } from "../../base/api-error.ts";
import { requireOwnedRow } from "../../compute/owned-rows.ts";
import { endReservation } from "../../placement/capacity-reservation.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Lets go of the room that a capacity reservation holds; instances in it go on. */
export const CancelCapacityReservation = defineAction({
  name: "CancelCapacityReservation",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const row = await requireOwnedRow(tx, "capacity_reservations", caller, input.CapacityReservationId ?? "");
    if (row.state !== "active") throw reservationNotInState(row.id, row.state);
    return row;
  },
  authorize: (row, { caller }) => [{ action: "ec2:CancelCapacityReservation", resource: ec2Arn(caller, "capacity-reservation", row.id) }],
  apply: async (row, { tx, now }) => {
    await endReservation(tx, row, "cancelled", now);
    return { Return: true };
  },
});
