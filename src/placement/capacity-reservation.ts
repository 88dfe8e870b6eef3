/** Capacity reservations as rows: so many slots of one type in one zone, held until they are cancelled or end (facts §2.5, §12.6). */
import { newId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import { wake } from "../store/due.ts";
import type { CapacityReservationRow, CapacitySlotRow } from "../store/placement-tables.ts";
import { insertRow, prepareKept } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { listSlots } from "./capacity-slots.ts";
import type { Need, Placement } from "./place.ts";
import { toClaim, toClaimColumns } from "./claim.ts";
import { giveRoomBack, promiseRoom } from "./reservation.ts";

/** Only Linux runs here. */
export const reservedPlatform = "Linux/UNIX";

type Owner = Pick<CapacityReservationRow, "account" | "region">;

export type ReservationPlan = Omit<CapacityReservationRow, "id" | "state" | "created_at" | "ended_at">;

export async function createReservation(tx: Tx, plan: ReservationPlan, random: Random, now: number): Promise<CapacityReservationRow> {
  const row: CapacityReservationRow = { id: newId("capacityReservation", random), ...plan, state: "active", created_at: now, ended_at: null };
  await insertRow(tx, "capacity_reservations", row);
  await wakeReservation(tx, row, row.end_at ?? now);
  return row;
}

export function wakeReservation(tx: Tx, { id }: Pick<CapacityReservationRow, "id">, at: number): Promise<void> {
  return wake(tx, { kind: "capacity-reservation", key: id }, at);
}

/** The account's that hold capacity now. */
export function listActiveReservations(tx: Tx, { account, region }: Owner): Promise<readonly Readonly<CapacityReservationRow>[]> {
  return selectActive(tx, { account, region });
}

const selectActive = prepareKept((db, { account, region }: Owner) =>
  db.selectFrom("capacity_reservations").selectAll().where("account", "=", account).where("region", "=", region).where("state", "=", "active").orderBy("created_at").orderBy("id"),
);

/** Adds slots at these places, numbered from `first` on. */
export async function addSlots(tx: Tx, reservation: CapacityReservationRow, placements: readonly Placement[], need: Need, first: number): Promise<void> {
  for (const [index, { host }] of placements.entries()) {
    await insertRow(tx, "capacity_slots", { reservation_id: reservation.id, number: first + index, host_id: host.id, ...toClaimColumns(need), instance_id: null });
    await promiseRoom(tx, reservation.account, host, need);
  }
}

/** Makes slots of instances that run already: the room that they have is the slot's from now on. */
export async function adoptInstances(tx: Tx, reservation: CapacityReservationRow, instances: readonly InstanceRow[], need: Need): Promise<void> {
  for (const [number, { id, host_id: host }] of instances.entries()) {
    if (host === null) continue;
    await insertRow(tx, "capacity_slots", { reservation_id: reservation.id, number, host_id: host, ...toClaimColumns(need), instance_id: id });
    await tx.db.updateTable("instances").set({ capacity_reservation_id: reservation.id }).where("id", "=", id).execute();
  }
}

/** Takes slots away. Instances that are in them keep their room, and are in no reservation any more. */
export async function removeSlots(tx: Tx, slots: readonly CapacitySlotRow[]): Promise<void> {
  for (const { reservation_id: reservation, number, host_id: host, instance_id: instance, ...claim } of slots) {
    await tx.db.deleteFrom("capacity_slots").where("reservation_id", "=", reservation).where("number", "=", number).execute();
    if (instance === null) await giveRoomBack(tx, host, toClaim(claim));
    else await tx.db.updateTable("instances").set({ capacity_reservation_id: null }).where("id", "=", instance).execute();
  }
}

export async function endReservation(tx: Tx, row: CapacityReservationRow, state: "cancelled" | "expired", now: number): Promise<void> {
  await removeSlots(tx, await listSlots(tx, row.id));
  await tx.db.updateTable("capacity_reservations").set({ state, ended_at: now }).where("id", "=", row.id).execute();
  await wakeReservation(tx, row, now);
}

/** To another host, for whose room was asked in the same transaction. */
export async function moveSlot(tx: Tx, { account }: Pick<CapacityReservationRow, "account">, slot: CapacitySlotRow, host: Placement["host"]): Promise<void> {
  const claim = toClaim(slot);
  await giveRoomBack(tx, slot.host_id, claim);
  await promiseRoom(tx, account, host, claim);
  await tx.db.updateTable("capacity_slots").set({ host_id: host.id }).where("reservation_id", "=", slot.reservation_id).where("number", "=", slot.number).execute();
}

/** Of a host that has died, or that takes no new work: their free slots go elsewhere. */
export async function wakeReservationsOn(tx: Tx, hostId: string, now: number): Promise<void> {
  const rows = await tx.db.selectFrom("capacity_slots").select("reservation_id").distinct().where("host_id", "=", hostId).execute();
  for (const { reservation_id: id } of rows) await wakeReservation(tx, { id }, now);
}
