/** Dedicated Hosts and dedicated instances: hosts that one account has for itself. */
import type { ModifyInstancePlacementCommandInput, RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { declareDead } from "../../src/reconcile/hosts/watch-hosts.ts";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { addHost } from "./seed.ts";
import { openStaffedServer, simulateHosts } from "./simulated-hosts.ts";
import { codeOf, openTestServer, otherAccount, type TestServer } from "./test-server.ts";

const zone = "us-east-1a";
const inA = (placement: object = {}): Partial<RunInstancesCommandInput> => ({ InstanceType: "m5.large", Placement: { AvailabilityZone: zone, ...placement } });

async function hostOf(server: TestServer, instance: string): Promise<string | null> {
  return (await server.read((tx) => tx.db.selectFrom("instances").select("host_id").where("id", "=", instance as never).executeTakeFirstOrThrow())).host_id;
}

async function placementOf(server: TestServer, instance: string) {
  const { Reservations: [reservation] = [] } = await server.ec2().describeInstances({ InstanceIds: [instance] });
  return reservation?.Instances?.[0]?.Placement;
}

async function allocate(server: TestServer, input: object = {}): Promise<string> {
  const { HostIds: [id = ""] = [] } = await server.ec2().allocateHosts({ AvailabilityZone: zone, InstanceType: "m5.large", Quantity: 1, ...input });
  return id;
}

test("A Dedicated Host is an empty host, whole: nobody else's instances go there until it is released", async () => {
  await using server = await openTestServer();
  await server.write((tx) => addHost(tx, "host-a2"));
  const hosts = simulateHosts(server, ["host-a2"]);
  const ec2 = server.ec2();
  const { instance: shared } = await launchOne(server, inA());
  const id = await allocate(server, { TagSpecifications: [{ ResourceType: "dedicated-host", Tags: [{ Key: "team", Value: "sea" }] }] });
  const { instance } = await launchOne(server, inA({ HostId: id }));
  expect([await hostOf(server, shared), await hostOf(server, instance)]).toEqual(["host-a", "host-a2"]);
  const { instance: another } = await launchOne(server, inA());
  expect(await hostOf(server, another)).toBe("host-a");
  expect(await placementOf(server, instance)).toMatchObject({ Tenancy: "host", HostId: id, Affinity: "default" });
  const { Hosts: [described] = [] } = await ec2.describeHosts({ Filter: [{ Name: "tag:team", Values: ["sea"] }] });
  expect(described).toMatchObject({
    HostId: id,
    State: "available",
    AvailabilityZone: zone,
    AutoPlacement: "off",
    HostRecovery: "off",
    HostProperties: { InstanceType: "m5.large", InstanceFamily: "m5", TotalVCpus: 64 },
    AvailableCapacity: { AvailableVCpus: 62, AvailableInstanceCapacity: [{ InstanceType: "m5.large", TotalCapacity: 8, AvailableCapacity: 7 }] },
    Instances: [{ InstanceId: instance, InstanceType: "m5.large" }],
  });
  const release = async () => (await ec2.releaseHosts({ HostIds: [id] })).Unsuccessful?.map(({ Error }) => Error?.Code);
  expect(await release()).toEqual(["Client.InvalidHost.Occupied"]);
  await ec2.terminateInstances({ InstanceIds: [instance] });
  await hosts.settle();
  expect([await release(), (await ec2.describeHosts({})).Hosts]).toEqual([[], []]);
  const { instance: next } = await launchOne(server, inA());
  expect(await hostOf(server, next)).toBe("host-a2");
});

test("Affinity to a Dedicated Host survives stop and start; without it any host with auto-placement will do", async () => {
  await using server = await openStaffedServer();
  for (const id of ["host-a2", "host-a3"]) await server.write((tx) => addHost(tx, id));
  const ec2 = server.ec2();
  const [first, second] = [await allocate(server), await allocate(server, { AutoPlacement: "on" })];
  const { instance: bound } = await launchOne(server, inA({ Tenancy: "host", HostId: first, Affinity: "host" }));
  const { instance: free } = await launchOne(server, inA({ Tenancy: "host", HostId: first }));
  const { instance: placed } = await launchOne(server, inA({ Tenancy: "host" }));
  expect([await placementOf(server, bound), await placementOf(server, placed)]).toMatchObject([{ HostId: first, Affinity: "host" }, { HostId: second, Affinity: "default" }]);
  await server.reportStopped(bound, free);
  for (let count = 0; count < 8; count++) await launchOne(server, inA({ HostId: first }));
  expect(await codeOf(ec2.startInstances({ InstanceIds: [bound] }))).toBe("InsufficientCapacityOnHost");
  await ec2.startInstances({ InstanceIds: [free] });
  expect(await placementOf(server, free)).toMatchObject({ HostId: second });
  const { Hosts: [{ Instances: [one] = [] } = {}] = [] } = await ec2.describeHosts({ HostIds: [first] });
  await server.reportStopped(one?.InstanceId ?? "");
  await ec2.startInstances({ InstanceIds: [bound] });
  expect([(await placementOf(server, bound))?.HostId, await hostOf(server, bound)]).toEqual([first, "host-a"]);
});

test("A stopped instance moves to a Dedicated Host by ModifyInstancePlacement, and not back", async () => {
  await using server = await openStaffedServer();
  await server.write((tx) => addHost(tx, "host-a2"));
  const ec2 = server.ec2();
  const { instance: InstanceId } = await launchOne(server, inA());
  const id = await allocate(server);
  const change = (input: Partial<ModifyInstancePlacementCommandInput>) => ec2.modifyInstancePlacement({ InstanceId, ...input });
  await server.reportRunning(InstanceId);
  expect([await codeOf(change({ Tenancy: "host", HostId: id })), await codeOf(change({ Affinity: "host" }))]).toEqual(["IncorrectInstanceState", "InvalidAffinity"]);
  await server.reportStopped(InstanceId);
  await change({ Tenancy: "host", HostId: id, Affinity: "host" });
  await ec2.startInstances({ InstanceIds: [InstanceId] });
  expect([await hostOf(server, InstanceId), await placementOf(server, InstanceId)]).toMatchObject(["host-a2", { Tenancy: "host", HostId: id, Affinity: "host" }]);
  await change({ Affinity: "default" });
  await server.reportStopped(InstanceId);
  expect([(await placementOf(server, InstanceId))?.Affinity, await codeOf(change({ Tenancy: "default" }))]).toEqual(["default", "InvalidRequest"]);
});

test("Dedicated instances share hosts with their own account's only, and the last one leaves the host to anybody", async () => {
  await using server = await openStaffedServer();
  for (const id of ["host-a2", "host-a3"]) await server.write((tx) => addHost(tx, id));
  const ec2 = server.ec2();
  const { VpcId } = (await ec2.createVpc({ CidrBlock: "10.0.0.0/16", InstanceTenancy: "dedicated" })).Vpc ?? {};
  const { Subnet: subnet } = await ec2.createSubnet({ VpcId, CidrBlock: "10.0.0.0/24", AvailabilityZone: zone });
  const inVpc = { InstanceType: "m5.large", SubnetId: subnet?.SubnetId } as const;
  const [{ instance: one }, { instance: two }] = [await launchOne(server, inVpc), await launchOne(server, inA({ Tenancy: "dedicated" }))];
  const { instance: foreign } = await launchOne(server, inA({ Tenancy: "dedicated" }), otherAccount);
  const { instance: shared } = await launchOne(server, inA());
  const places = async () => [await hostOf(server, one), await hostOf(server, two), await hostOf(server, foreign), await hostOf(server, shared)];
  expect(await places()).toEqual(["host-a", "host-a", "host-a2", "host-a3"]);
  expect([(await placementOf(server, one))?.Tenancy, await codeOf(launchOne(server, inA({ Tenancy: "dedicated" }), "333333333333"))]).toEqual(["dedicated", "InsufficientInstanceCapacity"]);
  await ec2.terminateInstances({ InstanceIds: [one, two] });
  await server.hosts.settle();
  const { instance: next } = await launchOne(server, inA());
  expect(await hostOf(server, next)).toBe("host-a");
  await ec2.modifyVpcTenancy({ VpcId, InstanceTenancy: "default" });
  const { instance: last } = await launchOne(server, inVpc);
  expect((await placementOf(server, last))?.Tenancy).toBe("default");
});

test("Host recovery gives the instances of a dead Dedicated Host another one with a new id; without it they stay", async () => {
  await using server = await openTestServer();
  for (const id of ["host-a2", "host-a3", "host-a4"]) await server.write((tx) => addHost(tx, id));
  const hosts = simulateHosts(server, ["host-a2", "host-a3", "host-a4"]);
  const [recovers, stays] = [await allocate(server, { HostRecovery: "on" }), await allocate(server)];
  const [{ instance: moved }, { instance: left }] = [await launchOne(server, inA({ HostId: recovers, Affinity: "host" })), await launchOne(server, inA({ HostId: stays }))];
  await hosts.settle();
  for (const id of ["host-a", "host-a2"]) {
    hosts.byId.get(id)?.cutOff();
    await server.write((tx) => declareDead(tx, id, Date.now()));
  }
  await hosts.settle();
  const { Hosts: described = [] } = await server.ec2().describeHosts({});
  const now = (await placementOf(server, moved))?.HostId;
  expect([await hostOf(server, moved), await hostOf(server, left), now === recovers]).toEqual(["host-a3", "host-a2", false]);
  expect(new Map(described.map(({ HostId, State }) => [HostId, State]))).toEqual(new Map([[recovers, "permanent-failure"], [stays, "under-assessment"], [now, "available"]]));
});

test("Hosts of a family take its types; settings change host by host", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const id = await allocate(server, { InstanceType: undefined, InstanceFamily: "m5" });
  await launchOne(server, { ...inA({ HostId: id }), InstanceType: "m5.xlarge" });
  const { Successful, Unsuccessful = [] } = await ec2.modifyHosts({ HostIds: [id], AutoPlacement: "on", HostRecovery: "on" });
  expect([Successful, Unsuccessful]).toEqual([[id], []]);
  const { Unsuccessful: refused = [] } = await ec2.modifyHosts({ HostIds: [id], InstanceFamily: "c5" });
  const { Hosts: [host] = [] } = await ec2.describeHosts({ HostIds: [id] });
  expect([refused.map(({ ResourceId, Error }) => [ResourceId, Error?.Code]), host?.AutoPlacement, host?.HostRecovery, host?.AllowsMultipleInstanceTypes]).toEqual([[[id, "UnsupportedHostConfiguration"]], "on", "on", "on"]);
  expect(host?.AvailableCapacity?.AvailableInstanceCapacity?.map(({ InstanceType, TotalCapacity, AvailableCapacity }) => [InstanceType, TotalCapacity, AvailableCapacity])).toEqual([
    ["m5.large", 8, 6],
    ["m5.xlarge", 4, 3],
    ["m5.2xlarge", 2, 1],
    ["m5.4xlarge", 1, 0],
  ]);
});

test("What no Dedicated Host can do is refused and changes nothing", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const id = await allocate(server);
  const { instance: InstanceId, vpcId: VpcId } = await launchOne(server, { Placement: { AvailabilityZone: "us-east-1b" } });
  await expectRefusals(server, [
    [() => allocate(server), "InsufficientHostCapacity"],
    [() => allocate(server, { AvailabilityZone: "us-east-1b" }), "InsufficientHostCapacity"],
    [() => allocate(server, { Quantity: 2 }), "HostLimitExceeded"],
    [() => allocate(server, { Quantity: 0 }), "InvalidParameterValue"],
    [() => allocate(server, { InstanceFamily: "m5" }), "InvalidParameterCombination"],
    [() => allocate(server, { InstanceType: "p4d.24xlarge" }), "UnsupportedHostConfiguration"],
    [() => allocate(server, { AvailabilityZone: "us-east-1z" }), "InvalidZone.NotFound"],
    [() => allocate(server, { AutoPlacement: "perhaps" }), "InvalidParameterValue"],
    [() => launchOne(server, inA({ Tenancy: "host" })), "UnavailableHostRequirements"],
    [() => launchOne(server, inA({ Tenancy: "own" })), "InvalidTenancy"],
    [() => launchOne(server, inA({ HostId: id, Tenancy: "default" })), "InvalidTenancy"],
    [() => launchOne(server, inA({ Affinity: "host" })), "InvalidAffinity"],
    [() => launchOne(server, { ...inA({ HostId: id }), InstanceType: "m5.xlarge" }), "UnsupportedInstanceTypeOnHost"],
    [() => launchOne(server, { InstanceType: "m5.large", Placement: { AvailabilityZone: "us-east-1b", HostId: id } }), "ZonesMismatched"],
    [() => launchOne(server, { ...inA({ HostId: id }), MinCount: 9, MaxCount: 9 }), "InsufficientCapacityOnHost"],
    [() => launchOne(server, inA({ HostId: id }), otherAccount), "InvalidHostID.NotFound"],
    [() => ec2.describeHosts({ HostIds: ["h-1"] }), "InvalidHostID.Malformed"],
    [() => ec2.releaseHosts({ HostIds: ["h-0123456789abcdef0"] }), "InvalidHostID.NotFound"],
    [() => ec2.modifyHosts({ HostIds: [] }), "MissingParameter"],
    [() => ec2.modifyInstancePlacement({ InstanceId, Tenancy: "host" }), "IncorrectInstanceState"],
    [() => ec2.modifyVpcTenancy({ VpcId, InstanceTenancy: "dedicated" as "default" }), "InvalidTenancy"], // wrong on purpose
  ]);
});
