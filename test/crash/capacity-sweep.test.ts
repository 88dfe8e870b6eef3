/** Capacity reservations, swept: they take in an instance that runs, lose hosts, are left and end. */
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { planReservation, reserveCapacity } from "../../src/compute/capacity-request.ts";
import { requireInstances, terminateInstance } from "../../src/compute/instance.ts";
import { endReservation, wakeReservationsOn } from "../../src/placement/capacity-reservation.ts";
import type { CapacityReservationRow } from "../../src/store/placement-tables.ts";
import type { Tx } from "../../src/store/store.ts";
import { over } from "./acts.ts";
import { clock, owner, store, sweep, up, type Act, type Script } from "./sweep.ts";

const create: Act = () =>
  store.write(async (tx) => {
    const request = { InstanceType: "t3.micro", InstancePlatform: "Linux/UNIX", AvailabilityZone: "us-east-1a", InstanceCount: 2 };
    await reserveCapacity(tx, await planReservation(tx, owner, request, clock.now()), systemRandom, clock.now());
  });
const withReservation = (act: (tx: Tx, reservation: CapacityReservationRow) => Promise<unknown>) => () =>
  store.write(async (tx) => void (await act(tx, await tx.db.selectFrom("capacity_reservations").selectAll().executeTakeFirstOrThrow())));
const cancel: Act = withReservation((tx, reservation) => endReservation(tx, reservation, "cancelled", clock.now()));
const expire: Act = withReservation((tx, { id }) => tx.db.updateTable("capacity_reservations").set({ end_at: clock.now() }).where("id", "=", id).execute());
/** The host of the slot that nobody is in. */
const drain: Act = withReservation(async (tx) => {
  const { host_id: host } = await tx.db.selectFrom("capacity_slots").select("host_id").where("instance_id", "is", null).executeTakeFirstOrThrow();
  await tx.db.updateTable("hosts").set({ draining: 1 }).where("id", "=", host).execute();
  await wakeReservationsOn(tx, host, clock.now());
});
const terminate: Act = (id) =>
  store.write(async (tx) => {
    for (const row of await requireInstances(tx, owner, [id])) await terminateInstance(tx, row, { skipOsShutdown: true }, clock.now());
  });

const moments = 12;
const scripts: Readonly<Record<string, Script>> = {
  "one that takes in an instance": { act: create, end: { ...up, made: "capacity-reservation active 1 free" } },
  "one whose instance goes": { before: [create], act: terminate, end: { ...over, made: "capacity-reservation active 2 free" } },
  "one whose free slot is on a host that drains": { before: [create], act: drain, end: { ...up, made: "capacity-reservation active 1 free" } },
  "one whose time is over": { before: [create], act: expire, end: { ...up, made: "capacity-reservation expired 0 free" } },
  "one that is cancelled before its instance goes": { before: [create], act: cancel, then: [terminate], end: { ...over, made: "capacity-reservation cancelled 0 free" } },
};

describe("However often the control plane is killed, a reservation holds the room of its slots and no more", () => {
  test.each(Object.entries(scripts))("%s", async (_name, script) => {
    expect(await sweep(script, moments)).toBeGreaterThan(moments);
  });
});
