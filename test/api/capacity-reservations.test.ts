/** Capacity reservations: room that is held, for whom, and for how long; and what becomes of launches when there is none. */
import type { CreateCapacityReservationCommandInput, RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { declareDead } from "../../src/reconcile/hosts/watch-hosts.ts";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { addHost } from "./seed.ts";
import { openStaffedServer, simulateHosts } from "./simulated-hosts.ts";
import { codeOf, openTestServer, otherAccount, type TestServer } from "./test-server.ts";

const zone = "us-east-1a";
const inA: Partial<RunInstancesCommandInput> = { InstanceType: "m5.large", Placement: { AvailabilityZone: zone } };
/** As many m5.large as one of the seed's hosts takes. */
const whole = { MinCount: 8, MaxCount: 8 };
const targeting = (id: string): Partial<RunInstancesCommandInput> => ({ ...inA, CapacityReservationSpecification: { CapacityReservationTarget: { CapacityReservationId: id } } });

async function reserve(server: TestServer, input: Partial<CreateCapacityReservationCommandInput> = {}): Promise<string> {
  const asked = { InstanceType: "m5.large", InstancePlatform: "Linux/UNIX", AvailabilityZone: zone, InstanceCount: 2, ...input } as const;
  return (await server.ec2().createCapacityReservation(asked)).CapacityReservation?.CapacityReservationId ?? "";
}

async function stateOf(server: TestServer, id: string) {
  const { CapacityReservations: [row] = [] } = await server.ec2().describeCapacityReservations({ CapacityReservationIds: [id] });
  return [row?.State, row?.TotalInstanceCount, row?.AvailableInstanceCount];
}

test("Room that is reserved is nobody else's; launches that fit take it, and give it back when they are gone", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const id = await reserve(server);
  expect([await codeOf(launchOne(server, { ...inA, ...whole }, otherAccount)), await stateOf(server, id)]).toEqual(["InsufficientInstanceCapacity", ["active", 2, 2]]);
  await launchOne(server, { ...inA, MinCount: 6, MaxCount: 8 }, otherAccount);
  expect(await codeOf(launchOne(server, inA, otherAccount))).toBe("InsufficientInstanceCapacity");
  const { instance } = await launchOne(server, inA);
  const { Reservations: [found] = [] } = await ec2.describeInstances({ Filters: [{ Name: "capacity-reservation-id", Values: [id] }] });
  expect([found?.Instances?.map(({ InstanceId, CapacityReservationId }) => [InstanceId, CapacityReservationId]), await stateOf(server, id)]).toEqual([[[instance, id]], ["active", 2, 1]]);
  expect(await ec2.getCapacityReservationUsage({ CapacityReservationId: id })).toMatchObject({
    TotalInstanceCount: 2,
    AvailableInstanceCount: 1,
    InstanceUsages: [{ AccountId: "111111111111", UsedInstanceCount: 1 }],
  });
  await ec2.terminateInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  expect([await stateOf(server, id), await codeOf(launchOne(server, inA, otherAccount))]).toEqual([["active", 2, 2], "InsufficientInstanceCapacity"]);
});

test("An open reservation takes in instances that run already, and they go on when it is cancelled", async () => {
  await using server = await openStaffedServer();
  const { instance } = await launchOne(server, { ...inA, ...whole });
  const id = await reserve(server, { InstanceCount: 8 });
  expect(await stateOf(server, id)).toEqual(["active", 8, 0]);
  await server.ec2().cancelCapacityReservation({ CapacityReservationId: id });
  const { Reservations: [found] = [] } = await server.ec2().describeInstances({ InstanceIds: [instance] });
  expect([await stateOf(server, id), found?.Instances?.[0]?.State?.Name, found?.Instances?.[0]?.CapacityReservationId]).toEqual([["cancelled", 8, 0], "pending", undefined]);
});

test("A targeted reservation takes only those that name it, and they take nothing else", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const id = await reserve(server, { InstanceMatchCriteria: "targeted", InstanceCount: 1 });
  await launchOne(server, { ...inA, MinCount: 2, MaxCount: 2 });
  expect(await stateOf(server, id)).toEqual(["active", 1, 1]);
  const { instance } = await launchOne(server, { ...targeting(id), MaxCount: 3 });
  expect([await stateOf(server, id), await codeOf(launchOne(server, targeting(id)))]).toEqual([["active", 1, 0], "ReservationCapacityExceeded"]);
  await server.reportStopped(instance);
  await ec2.modifyInstanceCapacityReservationAttributes({ InstanceId: instance, CapacityReservationSpecification: { CapacityReservationPreference: "none" } });
  await ec2.startInstances({ InstanceIds: [instance] });
  const { Reservations: [found] = [] } = await ec2.describeInstances({ InstanceIds: [instance] });
  expect([await stateOf(server, id), found?.Instances?.[0]?.CapacityReservationSpecification]).toEqual([["active", 1, 1], { CapacityReservationPreference: "none" }]);
  expect(await codeOf(launchOne(server, { ...inA, CapacityReservationSpecification: { CapacityReservationPreference: "capacity-reservations-only" } }))).toBe("InsufficientInstanceCapacity");
});

test("A reservation grows and shrinks within the room there is, and ends at its time", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const id = await reserve(server, { EndDate: new Date(Date.now() + 3_600_000), EndDateType: "limited" });
  const change = (input: object) => ec2.modifyCapacityReservation({ CapacityReservationId: id, ...input });
  await change({ InstanceCount: 8 });
  const { instance } = await launchOne(server, inA);
  expect([await stateOf(server, id), await codeOf(change({ InstanceCount: 9 }))]).toEqual([["active", 8, 7], "InsufficientInstanceCapacity"]);
  await change({ InstanceCount: 1 });
  expect([await stateOf(server, id), await codeOf(change({ InstanceCount: 0 }))]).toEqual([["active", 1, 0], "InvalidParameterValue"]);
  await server.write((tx) => tx.db.updateTable("capacity_reservations").set({ end_at: Date.now() }).where("id", "=", id as never).execute());
  await server.hosts.settle();
  expect([await stateOf(server, id), await codeOf(change({ EndDateType: "unlimited" }))]).toEqual([["expired", 1, 0], "InvalidCapacityReservationState"]);
  const { Reservations: [found] = [] } = await ec2.describeInstances({ InstanceIds: [instance] });
  expect(found?.Instances?.[0]?.State?.Name).toBe("running");
  await launchOne(server, { ...inA, MinCount: 7, MaxCount: 7 }, otherAccount);
});

test("Free slots leave a dead host for another of the zone, which an instance then takes", async () => {
  await using server = await openTestServer();
  await server.write((tx) => addHost(tx, "host-a2"));
  const hosts = simulateHosts(server, ["host-a2"]);
  const id = await reserve(server, { InstanceCount: 8 });
  const slots = () => server.read(async (tx) => (await tx.db.selectFrom("capacity_slots").select("host_id").execute()).map((slot) => slot.host_id));
  expect(new Set(await slots())).toEqual(new Set(["host-a", "host-a2"]));
  hosts.byId.get("host-a")?.cutOff();
  await server.write((tx) => declareDead(tx, "host-a", Date.now()));
  await hosts.settle();
  expect(new Set(await slots())).toEqual(new Set(["host-a2"]));
  await launchOne(server, { ...inA, ...whole });
  expect(await stateOf(server, id)).toEqual(["active", 8, 0]);
});

test("Of two launches that race for the last room one wins, and the other gets the capacity error and leaves nothing", async () => {
  await using server = await openTestServer();
  const id = await reserve(server, { InstanceCount: 7, InstanceMatchCriteria: "targeted" });
  const race = async (input: Partial<RunInstancesCommandInput>) => (await Promise.all([1, 2, 3].map(() => codeOf(launchOne(server, input)).catch(() => "launched")))).toSorted();
  expect(await race(inA)).toEqual(["InsufficientInstanceCapacity", "InsufficientInstanceCapacity", "launched"]);
  await server.ec2().modifyCapacityReservation({ CapacityReservationId: id, InstanceCount: 1 });
  expect(await race(targeting(id))).toEqual(["ReservationCapacityExceeded", "ReservationCapacityExceeded", "launched"]);
  const rows = await server.read((tx) => tx.db.selectFrom("host_reservations").selectAll().execute());
  expect(rows.length).toBe(2);
});

test("What no capacity reservation can be is refused and changes nothing", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const id = await reserve(server, { InstanceCount: 1 });
  const ended = await reserve(server, { InstanceCount: 1 });
  await ec2.cancelCapacityReservation({ CapacityReservationId: ended });
  const { instance: InstanceId } = await launchOne(server);
  await expectRefusals(server, [
    [() => reserve(server, { InstanceCount: 8 }), "InsufficientInstanceCapacity"],
    [() => reserve(server, { InstanceCount: 0 }), "InvalidParameterValue"],
    [() => reserve(server, { InstanceType: "m5.none" }), "InvalidInstanceType"],
    [() => reserve(server, { InstancePlatform: "Windows" }), "UnsupportedOperation"],
    [() => reserve(server, { Tenancy: "host" as "default" }), "InvalidTenancy"], // wrong on purpose
    [() => reserve(server, { EndDateType: "limited" }), "InvalidParameterCombination"],
    [() => reserve(server, { EndDate: new Date(0) }), "InvalidParameterValue"],
    [() => reserve(server, { DryRun: true }), "DryRunOperation"],
    [() => ec2.describeCapacityReservations({ CapacityReservationIds: ["cr-1"] }), "InvalidCapacityReservationId.Malformed"],
    [() => server.ec2(otherAccount).cancelCapacityReservation({ CapacityReservationId: id }), "InvalidCapacityReservationId.NotFound"],
    [() => ec2.cancelCapacityReservation({ CapacityReservationId: ended }), "InvalidCapacityReservationState"],
    [() => launchOne(server, targeting(ended)), "InvalidCapacityReservationState"],
    [() => launchOne(server, { ...targeting(id), InstanceType: "m5.xlarge" }), "InvalidParameterCombination"],
    [() => launchOne(server, { ...targeting(id), Placement: { AvailabilityZone: "us-east-1b" } }), "InvalidParameterCombination"],
    [() => launchOne(server, targeting("cr-0123456789abcdef0")), "InvalidCapacityReservationId.NotFound"],
    [() => ec2.modifyInstanceCapacityReservationAttributes({ InstanceId, CapacityReservationSpecification: { CapacityReservationPreference: "none" } }), "IncorrectInstanceState"],
  ]);
});
