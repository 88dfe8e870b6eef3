/** Instances whose interfaces are virtual functions: who may have them, how many a host has, and what becomes of those that are over. */
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import type { HostDescription } from "../../src/host/protocol/report.ts";
import type { MachineSpecification } from "../../src/host/protocol/specification.ts";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { addHost, paravirtualImage } from "./seed.ts";
import { openStaffedServer, simulateHosts, type StaffedServer } from "./simulated-hosts.ts";
import { codeOf } from "./test-server.ts";

const zone = "us-east-1a";

function wish(networking: string, more: Partial<RunInstancesCommandInput> = {}, virtualization?: string): Partial<RunInstancesCommandInput> {
  const Tags = [{ Key: "hostelry:networking", Value: networking }, ...(virtualization === undefined ? [] : [{ Key: "hostelry:virtualization", Value: virtualization }])];
  return { InstanceType: "m5.large", Placement: { AvailabilityZone: zone }, TagSpecifications: [{ ResourceType: "instance", Tags }], ...more };
}

/** A server with the host `host-c` besides, which has KVM and a card with so many virtual functions. */
async function openWithCard(functions: number): Promise<StaffedServer> {
  const server = await openStaffedServer();
  const works = { works: true, engine: "simulated" };
  const description: HostDescription = {
    version: "test",
    engines: { emulated: works, paravirtual: works, hardware: works },
    cards: [{ device: "eth1", functions }, { device: "eth2", functions: 0, reason: "the IOMMU is off" }, { device: "nvme0", functions: 9, disksGib: [50] }],
    machine: { cpus: 16, memoryMib: 65_536, cpuModel: "simulated", kernel: "simulated" },
  };
  await server.write((tx) => addHost(tx, "host-c", { description: JSON.stringify(description) }));
  return { ...server, hosts: simulateHosts(server, ["host-c"]) };
}

async function specificationsOf(server: StaffedServer): Promise<readonly (true | undefined)[]> {
  const rows = await server.read((tx) => tx.db.selectFrom("specifications").select("body").where("kind", "=", "machine").where("host_id", "=", "host-c").execute());
  return rows.flatMap(({ body }) => (JSON.parse(body) as MachineSpecification).interfaces.map((nic) => nic.virtualFunction));
}

test("An instance has a virtual function for each interface, its host has no more than its card, and those of a stopped one are free again", async () => {
  await using server = await openWithCard(2);
  const ec2 = server.ec2();
  const first = await launchOne(server, wish("vf"));
  await launchOne(server, wish("tap"));
  const { instance: second } = await launchOne(server, wish("vf", { MinCount: 1, MaxCount: 5 }));
  await server.hosts.settle();
  expect([await codeOf(launchOne(server, wish("vf"))), await codeOf(launchOne(server, wish("vf", { Placement: { AvailabilityZone: "us-east-1b" } })))]).toEqual(["InsufficientInstanceCapacity", "InsufficientInstanceCapacity"]);
  expect(await specificationsOf(server)).toEqual([true, true]);
  await ec2.stopInstances({ InstanceIds: [first.instance] });
  await server.hosts.settle();
  const third = await launchOne(server, wish("vf"));
  expect(await codeOf(ec2.startInstances({ InstanceIds: [first.instance] })), "it never gets a tap instead").toBe("InsufficientInstanceCapacity");
  await ec2.terminateInstances({ InstanceIds: [second, third.instance] });
  await server.hosts.settle();
  const nic = (await ec2.createNetworkInterface({ SubnetId: first.subnetId })).NetworkInterface?.NetworkInterfaceId ?? "";
  await ec2.attachNetworkInterface({ InstanceId: first.instance, NetworkInterfaceId: nic, DeviceIndex: 1 });
  await ec2.startInstances({ InstanceIds: [first.instance] });
  expect(await codeOf(launchOne(server, wish("vf"))), "the started one has two now").toBe("InsufficientInstanceCapacity");
});

test("An interface is neither plugged into nor out of a running instance with virtual functions", async () => {
  await using server = await openWithCard(4);
  const ec2 = server.ec2();
  const { instance, subnetId } = await launchOne(server, wish("vf"));
  await server.hosts.settle();
  const NetworkInterfaceId = (await ec2.createNetworkInterface({ SubnetId: subnetId })).NetworkInterface?.NetworkInterfaceId ?? "";
  await expect(ec2.attachNetworkInterface({ InstanceId: instance, NetworkInterfaceId, DeviceIndex: 1 })).rejects.toMatchObject({ name: "UnsupportedOperation", message: expect.stringContaining("Stop the instance first.") as string });
  await ec2.stopInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  const { AttachmentId } = await ec2.attachNetworkInterface({ InstanceId: instance, NetworkInterfaceId, DeviceIndex: 1 });
  await ec2.startInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  expect(await codeOf(ec2.detachNetworkInterface({ AttachmentId: AttachmentId ?? "" }))).toBe("UnsupportedOperation");
});

test("Virtual functions are refused where image, type or virtualization cannot have them", async () => {
  await using server = await openWithCard(2);
  const { instance } = await launchOne(server, wish("vf"));
  await server.hosts.settle();
  await server.ec2().stopInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  await expectRefusals(server, [
    [() => launchOne(server, wish("sriov")), "InvalidParameterValue"],
    [() => launchOne(server, wish("vf", { InstanceType: "t2.micro" })), "InvalidParameterCombination"],
    [() => launchOne(server, wish("vf", {}, "emulated")), "InvalidParameterCombination"],
    [() => launchOne(server, wish("vf", { ImageId: paravirtualImage, InstanceType: "c3.large" })), "InvalidParameterCombination"],
    [() => server.ec2().modifyInstanceAttribute({ InstanceId: instance, InstanceType: { Value: "t2.micro" } }), "InvalidParameterCombination"],
  ]);
});
