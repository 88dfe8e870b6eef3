/** What becomes of instances when their host is declared dead: which of them go elsewhere, and what callers see of it. */
import { expect, test } from "vitest";
import { declareDead } from "../../src/reconcile/hosts/watch-hosts.ts";
import { launchOne } from "./launch-one.ts";
import { addHost, resizeHost } from "./seed.ts";
import { simulateHosts } from "./simulated-hosts.ts";
import { codeOf, openTestServer } from "./test-server.ts";

/** Two hosts in us-east-1a; an instance launched by `launchInA` lands on `host-a` when `host-a2` has no room. */
async function openTwoHosts() {
  const server = await openTestServer();
  await server.write((tx) => addHost(tx, "host-a2"));
  const hosts = simulateHosts(server, ["host-a2"]);
  const ec2 = server.ec2();
  const room = (vcpus: number) => server.write((tx) => resizeHost(tx, "host-a2", { vcpus }));
  await room(0);
  return {
    ...server,
    hosts,
    client: ec2,
    room,
    holdersOf: (id: string) => ["host-a", "host-a2"].filter((host) => hosts.byId.get(host)?.running().includes(id)),
    lose: async () => {
      hosts.byId.get("host-a")?.cutOff();
      await server.write((tx) => declareDead(tx, "host-a", Date.now()));
      await hosts.settle();
    },
    describe: async (id: string) => {
      const { Reservations: [reservation] = [] } = await ec2.describeInstances({ InstanceIds: [id] });
      const { InstanceStatuses: [status] = [] } = await ec2.describeInstanceStatus({ InstanceIds: [id] });
      const { State, PrivateIpAddress, PublicIpAddress, LaunchTime, MaintenanceOptions } = reservation?.Instances?.[0] ?? {};
      return { state: State?.Name, PrivateIpAddress, PublicIpAddress, LaunchTime, recovery: MaintenanceOptions?.AutoRecovery, system: status?.SystemStatus?.Status };
    },
  };
}

const inA = { Placement: { AvailabilityZone: "us-east-1a" } };

test("An instance of a dead host waits for room as running and impaired, then runs on another with its addresses, and the host that comes back ends it", async () => {
  await using server = await openTwoHosts();
  const { instance } = await launchOne(server, inA);
  await server.hosts.settle();
  await server.reportReached(instance);
  const before = await server.describe(instance);
  expect([before.state, before.system, before.PublicIpAddress === undefined]).toEqual(["running", "ok", false]);

  await server.lose();
  expect(await server.describe(instance)).toEqual({ ...before, system: "impaired" });
  await server.room(8);
  await server.write((tx) => tx.db.updateTable("due").set({ due_at: 0 }).execute());
  await server.hosts.settle();
  expect(server.holdersOf(instance)).toEqual(["host-a", "host-a2"]); // the first is not heard
  await server.reportReached(instance);
  expect(await server.describe(instance)).toEqual(before);

  server.hosts.byId.get("host-a")?.connect();
  await server.hosts.settle();
  expect([server.holdersOf(instance), await server.describe(instance)]).toEqual([["host-a2"], before]);
});

test.each([
  { why: "has local disks", input: { InstanceType: "m5d.large" }, recovery: "default" },
  { why: "was asked not to recover", input: { MaintenanceOptions: { AutoRecovery: "disabled" } }, recovery: "disabled" },
] as const)("An instance that $why stays on its dead host until it is stopped, and starts elsewhere", async ({ input, recovery }) => {
  await using server = await openTwoHosts();
  const { instance } = await launchOne(server, { ...inA, ...input });
  await server.hosts.settle();
  await server.room(8);
  await server.lose();
  expect([server.holdersOf(instance), (await server.describe(instance)).state, (await server.describe(instance)).recovery]).toEqual([["host-a"], "running", recovery]);
  await server.client.stopInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  expect((await server.describe(instance)).state).toBe("stopped");
  await server.client.startInstances({ InstanceIds: [instance] });
  server.hosts.byId.get("host-a")?.connect();
  await server.hosts.settle();
  expect([server.holdersOf(instance), (await server.describe(instance)).state]).toEqual([["host-a2"], "running"]);
});

test("A draining host keeps its instances and gets no new ones", async () => {
  await using server = await openTwoHosts();
  const { instance } = await launchOne(server, inA);
  await server.hosts.settle();
  await server.write((tx) => tx.db.updateTable("hosts").set({ draining: 1 }).where("id", "=", "host-a").execute());
  expect(await codeOf(launchOne(server, inA))).toBe("InsufficientInstanceCapacity");
  await server.hosts.settle();
  expect(server.holdersOf(instance)).toEqual(["host-a"]);
});

test("Recovery is declined and allowed again by ModifyInstanceMaintenanceOptions, which must be asked for something", async () => {
  await using server = await openTwoHosts();
  const { instance } = await launchOne(server, inA);
  const modify = (options: { AutoRecovery?: "default" | "disabled"; RebootMigration?: "default" | "disabled" }) => server.client.modifyInstanceMaintenanceOptions({ InstanceId: instance, ...options });
  expect((await modify({ AutoRecovery: "disabled" })).AutoRecovery).toBe("disabled");
  expect((await server.describe(instance)).recovery).toBe("disabled");
  expect((await modify({ AutoRecovery: "default", RebootMigration: "default" })).AutoRecovery).toBe("default");
  expect((await server.describe(instance)).recovery).toBe("default");
  expect(await codeOf(modify({}))).toBe("InvalidParameterCombination");
  expect(await codeOf(modify({ RebootMigration: "disabled" }))).toBe("UnsupportedOperation");
});
