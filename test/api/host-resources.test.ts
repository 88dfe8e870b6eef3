/** What types need beside processors and memory: local disks, network bandwidth and accelerators are promised once, and a launch says what no host has. */
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import type { HostDescription } from "../../src/host/protocol/report.ts";
import type { MachineSpecification } from "../../src/host/protocol/specification.ts";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { addHost, paravirtualImage } from "./seed.ts";
import { openStaffedServer, simulateHosts, type StaffedServer } from "./simulated-hosts.ts";
import { codeOf } from "./test-server.ts";

/** Has the host of this test alone. */
const zone = "us-east-1c";
const inC = (InstanceType: RunInstancesCommandInput["InstanceType"], more: Partial<RunInstancesCommandInput> = {}) => ({ InstanceType, Placement: { AvailabilityZone: zone }, ...more });

function tagged(key: string, Value: string): Partial<RunInstancesCommandInput> {
  return { TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: `hostelry:${key}`, Value }] }] };
}

/** A server with the host `host-c` besides, on a machine with KVM and what is said here. */
async function openWith(equipment: Partial<HostDescription>, figures: Partial<HostDescription["machine"]> = {}): Promise<StaffedServer> {
  const server = await openStaffedServer();
  const works = { works: true, engine: "simulated" };
  const description: HostDescription = {
    version: "test",
    engines: { emulated: works, paravirtual: works, hardware: works },
    ...equipment,
    machine: { cpus: 16, memoryMib: 65_536, cpuModel: "simulated", kernel: "simulated", ...figures },
  };
  await server.write(async (tx) => {
    await addHost(tx, "host-c", { zone, description: JSON.stringify(description) });
    await addHost(tx, "storage-c", { zone, role: "storage" });
  });
  return { ...server, hosts: simulateHosts(server, ["host-c"]) };
}

/** How many accelerators each guest of the host is to have. */
async function orderedAccelerators(server: StaffedServer): Promise<readonly (number | undefined)[]> {
  const rows = await server.read((tx) => tx.db.selectFrom("specifications").select("body").where("kind", "=", "machine").where("host_id", "=", "host-c").orderBy("revision").execute());
  return rows.map(({ body }) => (JSON.parse(body) as MachineSpecification).accelerators).toSorted();
}

function messageOf(call: Promise<unknown>): Promise<string> {
  return call.then(() => "not refused", (thrown: unknown) => String(thrown));
}

test("An accelerator is one guest's, on a host that has one, and free again when the guest is stopped", async () => {
  await using server = await openWith({ accelerators: [{ model: "10de:1eb8", count: 1 }, { model: "10de:1eb8", count: 0, reason: "the IOMMU is off" }] });
  const ec2 = server.ec2();
  const { instance } = await launchOne(server, inC("g4dn.xlarge"));
  await launchOne(server, inC("m5.large"));
  await server.hosts.settle();
  expect(await orderedAccelerators(server), "what the host is told of its guests").toEqual([1, undefined]);
  expect(await messageOf(launchOne(server, inC("g4dn.xlarge")))).toBe("InsufficientInstanceCapacity: We currently do not have sufficient g4dn.xlarge capacity in the Availability Zone you requested (us-east-1c). Our system will be working on provisioning additional capacity.");
  await ec2.stopInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  await launchOne(server, inC("g4dn.xlarge"));
  expect(await codeOf(ec2.startInstances({ InstanceIds: [instance] }))).toBe("InsufficientInstanceCapacity");
});

test("A launch that no host could ever take says what it lacks, and changes nothing", async () => {
  await using server = await openWith({ accelerators: [{ model: "10de:1eb8", count: 1 }] }, { diskGib: 500, networkMbps: 4000 });
  await launchOne(server); // so that the account has its network
  const lack = async (...launch: Parameters<typeof inC>) => /No host there has .*?\./.exec(await messageOf(launchOne(server, inC(...launch))))?.[0];
  const before = await server.dump();
  expect(await lack("g4dn.12xlarge")).toBe("No host there has 192 GiB of memory or 900 GiB for local disks or 50 Gbps of network bandwidth or 4 accelerators.");
  expect(await lack("i3.xlarge")).toBe("No host there has 950 GiB for local disks.");
  expect(await lack("m5.4xlarge")).toBe("No host there has 5 Gbps of network bandwidth.");
  expect(await lack("g4dn.xlarge", { Placement: { AvailabilityZone: "us-east-1b" } })).toBe("No host there has 1 accelerator or hardware virtualization.");
  expect(await lack("m5.large", tagged("networking", "vf"))).toBe("No host there has 1 virtual function.");
  expect(await server.dump()).toBe(before);
});

test("Local disks and baselines are promised no more than there is, and only as far as a launch has them", async () => {
  await using server = await openWith({}, { diskGib: 100, networkMbps: 2000 });
  const ec2 = server.ec2();
  const { instance } = await launchOne(server, inC("m5d.large")); // 75 GB, 0.75 Gbps
  expect(await codeOf(launchOne(server, inC("m5d.large"))), "its disk").toBe("InsufficientInstanceCapacity");
  await launchOne(server, inC("m1.small", { ImageId: paravirtualImage })); // its 160 GB are not mapped
  expect(await codeOf(launchOne(server, inC("m1.small", { ImageId: paravirtualImage, BlockDeviceMappings: [{ DeviceName: "/dev/sdb", VirtualName: "ephemeral0" }] })))).toBe("InsufficientInstanceCapacity");
  await launchOne(server, inC("m5.large"));
  expect(await codeOf(launchOne(server, inC("m5.large"))), "the network").toBe("InsufficientInstanceCapacity");
  await server.hosts.settle();
  await ec2.terminateInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  await launchOne(server, inC("m5d.large"));
});

test("A capacity reservation holds accelerators and disk, for those that are launched into it", async () => {
  await using server = await openWith({ accelerators: [{ model: "10de:1eb8", count: 1 }] }, { diskGib: 200 });
  const ec2 = server.ec2();
  const asked = { InstanceType: "g4dn.xlarge", InstancePlatform: "Linux/UNIX", AvailabilityZone: zone, InstanceCount: 1 } as const;
  const { CapacityReservation: { CapacityReservationId: id = "" } = {} } = await ec2.createCapacityReservation({ ...asked, InstanceMatchCriteria: "targeted" });
  expect([await codeOf(launchOne(server, inC("g4dn.xlarge"))), await codeOf(ec2.createCapacityReservation(asked)), await codeOf(launchOne(server, inC("m5d.xlarge")))]).toEqual(["InsufficientInstanceCapacity", "InsufficientInstanceCapacity", "InsufficientInstanceCapacity"]);
  const { instance } = await launchOne(server, inC("g4dn.xlarge", { CapacityReservationSpecification: { CapacityReservationTarget: { CapacityReservationId: id } } }));
  await ec2.cancelCapacityReservation({ CapacityReservationId: id });
  expect(await codeOf(launchOne(server, inC("g4dn.xlarge"))), "the instance keeps its room").toBe("InsufficientInstanceCapacity");
  await server.hosts.settle();
  await ec2.terminateInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  await launchOne(server, inC("g4dn.xlarge"));
});

test("Accelerators are for hardware-assisted guests only", async () => {
  await using server = await openWith({ accelerators: [{ model: "10de:1eb8", count: 8 }] });
  const { instance } = await launchOne(server, inC("m5.large", tagged("virtualization", "emulated")));
  await server.hosts.settle();
  await server.ec2().stopInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  await expectRefusals(server, [
    [() => launchOne(server, inC("g4dn.xlarge", tagged("virtualization", "emulated"))), "InvalidParameterCombination"],
    [() => server.ec2().modifyInstanceAttribute({ InstanceId: instance, InstanceType: { Value: "g4dn.xlarge" } }), "InvalidParameterCombination"],
  ]);
});
