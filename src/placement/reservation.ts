/**
 * Reservation rows: room on a host that is promised to an instance, from the call that asked for it until the host says that the machine is gone. An instance in a
 * slot of a capacity reservation takes what the slot has promised already, and leaves it there.
 */
import type { InstanceRow } from "../store/compute-tables.ts";
import { insertRow, prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { claimColumns, toClaim, toClaimColumns, type Claim } from "./claim.ts";
import { dedicatedTo, isDedicatedTo, nobody, setHolder, changeRoom } from "./host-room.ts";
import { leaveSlot, takeSlot, type Slot } from "./capacity-slots.ts";
import type { Need, Placement } from "./place.ts";

/** A place for one machine. */
export interface Spot extends Placement {
  /** The slot of a capacity reservation that it is in. */
  readonly slot?: Slot;
}

type Holder = Pick<InstanceRow, "id" | "capacity_reservation_id">;

export async function reserve(tx: Tx, { id, account }: Pick<InstanceRow, "id" | "account">, { host, slot }: Spot, need: Need): Promise<void> {
  await insertRow(tx, "host_reservations", { instance_id: id, host_id: host.id, ...toClaimColumns(need), functions: need.functions ?? 0 });
  if (slot !== undefined) return takeSlot(tx, slot, id);
  await promiseRoom(tx, account, host, need);
}

/** Room for an instance or for a slot of the account's. */
export async function promiseRoom(tx: Tx, account: string, host: Placement["host"], claim: Claim): Promise<void> {
  await changeRoom(tx, host.id, claim);
  if (host.isUntaken === true) await setHolder(tx, host.id, dedicatedTo(account));
}

/** Dedicated hardware whose last machine is gone is anybody's again. */
export async function giveRoomBack(tx: Tx, hostId: string, { vcpus, memoryMib, diskGib = 0, networkMbps = 0, accelerators = 0 }: Claim): Promise<void> {
  const after = await changeRoom(tx, hostId, { vcpus: -vcpus, memoryMib: -memoryMib, diskGib: -diskGib, networkMbps: -networkMbps, accelerators: -accelerators });
  if (after !== undefined && isDedicatedTo(after.holder) && after.reserved_memory_mib === 0) await setHolder(tx, hostId, nobody);
}

export async function releaseReservation(tx: Tx, { id, capacity_reservation_id: reservation }: Holder): Promise<void> {
  for (const { host_id: host, ...claim } of await removeReservation(tx, { id })) {
    if (reservation !== null && (await leaveSlot(tx, id))) continue;
    await giveRoomBack(tx, host, toClaim(claim));
  }
}

const removeReservation = prepare((db, { id }: Pick<InstanceRow, "id">) =>
  db.deleteFrom("host_reservations").where("instance_id", "=", id).returning(["host_id", ...claimColumns]),
);
