/** Placement groups: which hosts their instances are on, and what cannot be. */
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { addHost } from "./seed.ts";
import { openStaffedServer } from "./simulated-hosts.ts";
import { codeOf, otherAccount, refusal, type TestServer } from "./test-server.ts";

const inA = (placement: object = {}): Partial<RunInstancesCommandInput> => ({ InstanceType: "m5.large", Placement: { AvailabilityZone: "us-east-1a", ...placement } });

async function hostsOf(server: TestServer, GroupName: string): Promise<(string | null)[]> {
  const { PlacementGroups: [group] = [] } = await server.ec2().describePlacementGroups({ GroupNames: [GroupName] });
  const rows = await server.read((tx) => tx.db.selectFrom("instances").selectAll().where("placement_group_id", "=", group?.GroupId as never).where("host_id", "is not", null).execute());
  return rows.map((row) => row.host_id).toSorted();
}

async function addHosts(server: TestServer, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await server.write((tx) => addHost(tx, id));
}

test("Placement groups are made, listed, tagged and deleted by name", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const { PlacementGroup: made } = await ec2.createPlacementGroup({ GroupName: "near", TagSpecifications: [{ ResourceType: "placement-group", Tags: [{ Key: "team", Value: "sea" }] }] });
  expect(made).toEqual({
    GroupName: "near",
    GroupId: expect.stringMatching(/^pg-[0-9a-f]{17}$/),
    GroupArn: "arn:aws:ec2:us-east-1:111111111111:placement-group/near",
    State: "available",
    Strategy: "cluster",
    Tags: [{ Key: "team", Value: "sea" }],
  });
  await ec2.createPlacementGroup({ GroupName: "parts", Strategy: "partition", PartitionCount: 3 });
  await ec2.createPlacementGroup({ GroupName: "apart", Strategy: "spread" });
  const names = async (input: object) => (await ec2.describePlacementGroups(input)).PlacementGroups?.map(({ GroupName, PartitionCount, SpreadLevel }) => [GroupName, PartitionCount ?? SpreadLevel]);
  expect([await names({}), await names({ GroupIds: [made?.GroupId] }), await names({ Filters: [{ Name: "strategy", Values: ["spread"] }] }), await names({ Filters: [{ Name: "tag:team", Values: ["sea"] }] })]).toEqual([
    [["apart", "rack"], ["near", undefined], ["parts", 3]],
    [["near", undefined]],
    [["apart", "rack"]],
    [["near", undefined]],
  ]);
  await ec2.deletePlacementGroup({ GroupName: "near" });
  expect([await names({}), (await server.ec2(otherAccount).describePlacementGroups({})).PlacementGroups]).toEqual([[["apart", "rack"], ["parts", 3]], []]);
});

test("A spread group's instances are on different hosts, at most seven in a zone, and its lack of hosts is a lack of capacity", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  await ec2.createPlacementGroup({ GroupName: "apart", Strategy: "spread" });
  await addHosts(server, "host-a2", "host-a3");
  const { instance } = await launchOne(server, { ...inA({ GroupName: "apart" }), MinCount: 2, MaxCount: 5 });
  expect(await hostsOf(server, "apart")).toEqual(["host-a", "host-a2", "host-a3"]);
  const before = await server.dump();
  expect(await refusal(launchOne(server, inA({ GroupName: "apart" })))).toEqual({
    code: "InsufficientInstanceCapacity",
    status: 500,
    message: expect.stringContaining("choosing us-east-1b."),
  });
  expect(await server.dump()).toBe(before);
  await addHosts(server, "host-a4", "host-a5", "host-a6", "host-a7", "host-a8");
  await launchOne(server, { ...inA({ GroupName: "apart" }), MaxCount: 9 });
  expect((await hostsOf(server, "apart")).length).toBe(7);
  expect(await codeOf(launchOne(server, inA({ GroupName: "apart" })))).toBe("InsufficientInstanceCapacity");
  const { Reservations: found = [] } = await ec2.describeInstances({ Filters: [{ Name: "placement-group-name", Values: ["apart"] }] });
  const [first] = found.flatMap((reservation) => reservation.Instances ?? []).filter(({ InstanceId }) => InstanceId === instance);
  expect([found.flatMap((reservation) => reservation.Instances ?? []).length, first?.Placement]).toEqual([
    7,
    { AvailabilityZone: "us-east-1a", AvailabilityZoneId: "use1-az1", GroupName: "apart", GroupId: expect.stringMatching(/^pg-/), Tenancy: "default" },
  ]);
  expect(await codeOf(ec2.deletePlacementGroup({ GroupName: "apart" }))).toBe("InvalidPlacementGroup.InUse");
});

test("An instance of a spread group that starts again goes to a host without its companions, or not at all", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  await ec2.createPlacementGroup({ GroupName: "apart", Strategy: "spread" });
  const { instance } = await launchOne(server, inA({ GroupName: "apart" }));
  await server.reportRunning(instance);
  await ec2.stopInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  await launchOne(server, inA({ GroupName: "apart" }));
  expect(await codeOf(ec2.startInstances({ InstanceIds: [instance] }))).toBe("InsufficientInstanceCapacity");
  await addHosts(server, "host-a2");
  await ec2.startInstances({ InstanceIds: [instance] });
  expect(await hostsOf(server, "apart")).toEqual(["host-a", "host-a2"]);
});

test("Partitions share no host; one that is asked for is kept at each start", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  await addHosts(server, "host-a2", "host-a3");
  await ec2.createPlacementGroup({ GroupName: "parts", Strategy: "partition", PartitionCount: 2 });
  await launchOne(server, { InstanceType: "m5.large", Placement: { AvailabilityZoneId: "use1-az1", GroupName: "parts" }, MinCount: 4, MaxCount: 4 });
  const { instance } = await launchOne(server, inA({ GroupName: "parts", PartitionNumber: 2 }));
  const rows = await server.read((tx) => tx.db.selectFrom("instances").select(["partition_number", "host_id"]).execute());
  const hostsIn = (partition: number) => rows.filter((row) => row.partition_number === partition).map((row) => row.host_id);
  expect([hostsIn(1).length, hostsIn(2).length, hostsIn(1).filter((host) => hostsIn(2).includes(host))]).toEqual([2, 3, []]);
  await server.reportStopped(instance);
  await ec2.startInstances({ InstanceIds: [instance] });
  const { Reservations: [again] = [] } = await ec2.describeInstances({ Filters: [{ Name: "placement-partition-number", Values: ["2"] }, { Name: "instance-id", Values: [instance] }] });
  expect(again?.Instances?.[0]?.Placement?.PartitionNumber).toBe(2);
});

test("A cluster stays in its zone and near", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  await addHosts(server, "host-a2");
  await ec2.createPlacementGroup({ GroupName: "near" });
  for (let count = 0; count < 3; count++) await launchOne(server, { InstanceType: "m5.large", Placement: { GroupName: "near" } });
  expect(new Set(await hostsOf(server, "near")).size).toBe(1);
  const { Reservations: [{ Instances: [one] = [] } = {}] = [] } = await ec2.describeInstances({});
  const other = one?.Placement?.AvailabilityZone === "us-east-1a" ? "us-east-1b" : "us-east-1a";
  expect(await codeOf(launchOne(server, { InstanceType: "m5.large", Placement: { GroupName: "near", AvailabilityZone: other } }))).toBe("InvalidPlacementGroup.InUse");
});

test("A stopped instance joins and leaves a group by ModifyInstancePlacement", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  await ec2.createPlacementGroup({ GroupName: "parts", Strategy: "partition", PartitionCount: 7 });
  const { instance: InstanceId } = await launchOne(server, inA());
  await server.reportRunning(InstanceId);
  expect(await codeOf(ec2.modifyInstancePlacement({ InstanceId, GroupName: "parts" }))).toBe("IncorrectInstanceState");
  await server.reportStopped(InstanceId);
  const placement = async () => {
    const { Reservations: [reservation] = [] } = await ec2.describeInstances({ InstanceIds: [InstanceId] });
    const { GroupName, PartitionNumber } = reservation?.Instances?.[0]?.Placement ?? {};
    return [GroupName, PartitionNumber];
  };
  await ec2.modifyInstancePlacement({ InstanceId, GroupName: "parts", PartitionNumber: 5 });
  expect(await placement()).toEqual(["parts", 5]);
  await ec2.startInstances({ InstanceIds: [InstanceId] });
  expect(await placement()).toEqual(["parts", 5]);
  await server.reportStopped(InstanceId);
  await ec2.modifyInstancePlacement({ InstanceId, GroupName: "" });
  expect(await placement()).toEqual(["", undefined]);
  await ec2.deletePlacementGroup({ GroupName: "parts" });
});

test("What no placement group can be is refused and changes nothing", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const { PlacementGroup: near } = await ec2.createPlacementGroup({ GroupName: "near" });
  await ec2.createPlacementGroup({ GroupName: "parts", Strategy: "partition", PartitionCount: 2 });
  await ec2.createPlacementGroup({ GroupName: "apart", Strategy: "spread" });
  const { instance: InstanceId } = await launchOne(server);
  await expectRefusals(server, [
    [() => ec2.createPlacementGroup({}), "MissingParameter"],
    [() => ec2.createPlacementGroup({ GroupName: "near" }), "InvalidPlacementGroup.Duplicate"],
    [() => ec2.createPlacementGroup({ GroupName: "x", Strategy: "heap" as "cluster" }), "InvalidParameterValue"], // wrong on purpose
    [() => ec2.createPlacementGroup({ GroupName: "x", Strategy: "partition", PartitionCount: 8 }), "InvalidParameterValue"],
    [() => ec2.createPlacementGroup({ GroupName: "x", PartitionCount: 2 }), "InvalidParameterCombination"],
    [() => ec2.createPlacementGroup({ GroupName: "x", SpreadLevel: "rack" }), "InvalidParameterCombination"],
    [() => ec2.createPlacementGroup({ GroupName: "x", DryRun: true }), "DryRunOperation"],
    [() => ec2.deletePlacementGroup({ GroupName: "none" }), "InvalidPlacementGroup.Unknown"],
    [() => server.ec2(otherAccount).deletePlacementGroup({ GroupName: "near" }), "InvalidPlacementGroup.Unknown"],
    [() => ec2.describePlacementGroups({ GroupNames: ["none"] }), "InvalidPlacementGroup.Unknown"],
    [() => ec2.describePlacementGroups({ GroupIds: ["near"] }), "InvalidPlacementGroupId.Malformed"],
    [() => launchOne(server, inA({ AvailabilityZoneId: "use1-az1" })), "InvalidParameterCombination"],
    [() => launchOne(server, { Placement: { AvailabilityZoneId: "use1-az9" } }), "InvalidParameterValue"],
    [() => launchOne(server, inA({ GroupName: "none" })), "InvalidPlacementGroup.Unknown"],
    [() => launchOne(server, inA({ GroupName: "near", GroupId: near?.GroupId })), "InvalidParameterCombination"],
    [() => launchOne(server, { ...inA({ GroupName: "near" }), InstanceType: "t3.micro" }), "InvalidParameterCombination"],
    [() => launchOne(server, inA({ GroupName: "parts", PartitionNumber: 3 })), "InvalidParameterValue"],
    [() => launchOne(server, inA({ GroupName: "apart", PartitionNumber: 1 })), "InvalidParameterCombination"],
    [() => launchOne(server, inA({ PartitionNumber: 1 })), "MissingParameter"],
    [() => launchOne(server, inA({ GroupName: "apart", Tenancy: "dedicated" })), "InvalidParameterCombination"],
    [() => ec2.modifyInstancePlacement({ InstanceId }), "MissingParameter"],
    [() => ec2.modifyInstancePlacement({ InstanceId: "i-0123456789abcdef0", GroupName: "near" }), "InvalidInstanceID.NotFound"],
  ]);
});
