/**
 * Slots of capacity reservations: each is room on one host for one instance. A slot that nobody is in counts as promised of its host; one with an instance in it
 * counts through that instance's slot all the same, so that taking and leaving it changes no host's room.
 */
import type { InstanceId } from "../base/ids.ts";
import type { CapacityReservationRow, CapacitySlotRow } from "../store/placement-tables.ts";
import { prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";

export type Slot = Pick<CapacitySlotRow, "reservation_id" | "number" | "host_id">;

type ReservationId = CapacityReservationRow["id"];

export async function takeSlot(tx: Tx, slot: Slot, instanceId: InstanceId): Promise<void> {
  await tx.db
    .updateTable("capacity_slots")
    .set({ instance_id: instanceId })
    .where("reservation_id", "=", slot.reservation_id)
    .where("number", "=", slot.number)
    .execute();
}

/** Returns whether the instance was in a slot, which keeps its room. */
export async function leaveSlot(tx: Tx, instanceId: InstanceId): Promise<boolean> {
  const left = await tx.db.updateTable("capacity_slots").set({ instance_id: null }).where("instance_id", "=", instanceId).returning("number").execute();
  return left.length > 0;
}

/** The slots of the reservation, used or not, in their order. */
export function listSlots(tx: Tx, reservationId: ReservationId): Promise<CapacitySlotRow[]> {
  return selectSlots(tx, { reservationId });
}

const selectSlots = prepare((db, { reservationId }: { reservationId: ReservationId }) =>
  db.selectFrom("capacity_slots").selectAll().where("reservation_id", "=", reservationId).orderBy("number"),
);
