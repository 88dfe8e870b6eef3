/**
 * Capacity reservations: ends those whose time is over, takes free slots away from hosts that are dead or draining to others of the zone, and forgets ended ones after a
 * while. Everything is rows: a look that does not come to its end has changed nothing.
 */
import { findPlaces } from "../compute/capacity-request.ts";
import { terminatedVisibleMs } from "../compute/instance.ts";
import { removeAllTags } from "../compute/tags.ts";
import { endReservation, moveSlot } from "../placement/capacity-reservation.ts";
import { listSlots } from "../placement/capacity-slots.ts";
import type { CapacityReservationRow } from "../store/placement-tables.ts";
import type { Tx } from "../store/store.ts";
import type { Reconciler, Verdict } from "./loop.ts";

/** How long slots that found no other host wait until they look for some again. */
const findHostEveryMs = 10_000;

export const capacityReservationReconciler: Reconciler = {
  kind: "capacity-reservation",
  scan: async (tx) => (await tx.db.selectFrom("capacity_reservations").select("id").execute()).map((row) => row.id),
  reconcile: async (tx, key, now) => {
    const row = await tx.db.selectFrom("capacity_reservations").selectAll().where("id", "=", key as CapacityReservationRow["id"]).executeTakeFirst(); // keys are ids
    if (row === undefined) return { again: undefined };
    if (row.state !== "active") return forget(tx, row, (row.ended_at ?? now) + terminatedVisibleMs, now);
    if (row.end_at !== null && row.end_at <= now) {
      await endReservation(tx, row, "expired", now);
      return { again: now + terminatedVisibleMs };
    }
    const isWhole = await moveSlots(tx, row, now);
    return { again: isWhole ? (row.end_at ?? undefined) : Math.min(now + findHostEveryMs, row.end_at ?? Number.POSITIVE_INFINITY) };
  },
};

async function forget(tx: Tx, { id }: CapacityReservationRow, at: number, now: number): Promise<Verdict> {
  if (now < at) return { again: at };
  await tx.db.deleteFrom("capacity_reservations").where("id", "=", id).execute();
  await removeAllTags(tx, id);
  return { again: undefined };
}

/** Whether all free slots are on hosts that take new work. */
async function moveSlots(tx: Tx, row: CapacityReservationRow, now: number): Promise<boolean> {
  const free = (await listSlots(tx, row.id)).filter((slot) => slot.instance_id === null);
  const lost = await listLostHosts(tx, free.map((slot) => slot.host_id));
  const stranded = free.filter((slot) => lost.has(slot.host_id));
  const places = await findPlaces(tx, row, stranded.length, now);
  for (const [index, { host }] of places.entries()) {
    const slot = stranded[index];
    if (slot !== undefined) await moveSlot(tx, row, slot, host);
  }
  return places.length >= stranded.length;
}

async function listLostHosts(tx: Tx, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await tx.db.selectFrom("hosts").select(["id", "failed_at", "draining"]).where("id", "in", [...new Set(ids)]).execute();
  return new Set(rows.filter((row) => row.failed_at !== null || row.draining === 1).map((row) => row.id));
}
