/** Instances of arm64: which hosts they go to, what fits together, and what is said where no host has them. */
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { builtinImages, registerImages, stableId } from "../../src/compute/image-registration.ts";
import type { HostDescription } from "../../src/host/protocol/report.ts";
import type { MachineSpecification } from "../../src/host/protocol/specification.ts";
import { madeImage } from "./image-steps.ts";
import { launchOne } from "./launch-one.ts";
import { addHost, arm64Image, hvmImage } from "./seed.ts";
import { openStaffedServer, simulateHosts, type StaffedServer } from "./simulated-hosts.ts";
import { codeOf, openTestServer, refusal } from "./test-server.ts";

const zone = "us-east-1a";
const works = { works: true, engine: "simulated" };
const machine = { cpus: 16, memoryMib: 65_536, cpuModel: "simulated", kernel: "simulated" };
const engines = { emulated: works, paravirtual: works, hardware: works };

function wish(more: Partial<RunInstancesCommandInput> = {}): Partial<RunInstancesCommandInput> {
  return { ImageId: arm64Image, InstanceType: "t4g.small", Placement: { AvailabilityZone: zone }, ...more };
}

/** A server with the host `host-c` besides, which has this emulator. */
async function openWithEmulator(arm64: HostDescription["arm64"]): Promise<StaffedServer> {
  const server = await openStaffedServer();
  const description: HostDescription = { version: "test", engines, ...(arm64 === undefined ? {} : { arm64 }), machine };
  await server.write((tx) => addHost(tx, "host-c", { description: JSON.stringify(description), vcpus: 4 }));
  return { ...server, hosts: simulateHosts(server, ["host-c"]) };
}

async function machinesOn(server: StaffedServer, host: string): Promise<readonly MachineSpecification[]> {
  const rows = await server.read((tx) => tx.db.selectFrom("specifications").select("body").where("kind", "=", "machine").where("host_id", "=", host).execute());
  return rows.map(({ body }) => JSON.parse(body) as MachineSpecification);
}

test("An instance of arm64 is emulated on a host that can, and there alone", async () => {
  await using server = await openWithEmulator(works);
  const ec2 = server.ec2();
  const { instance } = await launchOne(server, wish());
  await server.hosts.settle();
  const { Reservations: [reservation] = [] } = await ec2.describeInstances({ InstanceIds: [instance] });
  const shown = reservation?.Instances?.[0];
  expect([shown?.State?.Name, shown?.Architecture, shown?.CpuOptions, shown?.CurrentInstanceBootMode]).toEqual(["running", "arm64", { CoreCount: 2, ThreadsPerCore: 1 }, "uefi"]);
  expect((await machinesOn(server, "host-c")).map(({ id, virtualization, vcpus, memoryMib, metadata, credits }) => [id, virtualization, vcpus, memoryMib, metadata.architecture, credits !== undefined])).toEqual([
    [instance, "emulated", 2, 2048, "arm64", true],
  ]);
  await launchOne(server, wish());
  expect(await codeOf(launchOne(server, wish())), "the one host is full").toBe("InsufficientInstanceCapacity");
  expect(await codeOf(launchOne(server, wish({ Placement: { AvailabilityZone: "us-east-1b" } })))).toBe("InsufficientInstanceCapacity");
  const hardware = { ResourceType: "instance" as const, Tags: [{ Key: "hostelry:virtualization", Value: "hardware" }] };
  expect(await codeOf(launchOne(server, wish({ TagSpecifications: [hardware] }))), "its processor is of another kind").toBe("InsufficientInstanceCapacity");
});

test("Image and type are of the same architecture, also where the type is changed", async () => {
  await using server = await openWithEmulator(works);
  expect([await codeOf(launchOne(server, wish({ InstanceType: "t3.small" }))), await codeOf(launchOne(server, wish({ ImageId: hvmImage })))]).toEqual(["InvalidParameterValue", "InvalidParameterValue"]);
  const { instance } = await launchOne(server, wish());
  await server.hosts.settle();
  await server.ec2().stopInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  const change = (Value: string) => server.ec2().modifyInstanceAttribute({ InstanceId: instance, InstanceType: { Value } });
  expect(await codeOf(change("t3.small"))).toBe("InvalidParameterValue");
  await change("m7g.medium");
  await server.ec2().startInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  expect((await machinesOn(server, "host-c")).map(({ want, vcpus, memoryMib, credits }) => [want, vcpus, memoryMib, credits])).toEqual([["running", 1, 4096, undefined]]);
});

test("Where no host emulates arm64, a launch says so and what helps, and a reservation of room fails", async () => {
  await using server = await openWithEmulator({ works: false, engine: "qemu-arm64", reason: "there is no such program" });
  await server.ec2().describeVpcs({}); // which makes the account's own
  const before = await server.dump();
  expect(await refusal(launchOne(server, wish()))).toMatchObject({ code: "Unsupported", message: expect.stringContaining("./hostelry setup arm64") });
  const reservation = { InstanceType: "m7g.medium", InstancePlatform: "Linux/UNIX", AvailabilityZone: zone, InstanceCount: 1 } as const;
  expect(await codeOf(server.ec2().createCapacityReservation(reservation))).toBe("InsufficientInstanceCapacity");
  expect(await codeOf(server.ec2().allocateHosts({ InstanceType: "m7g.medium", AvailabilityZone: zone, Quantity: 1 }))).toBe("InsufficientHostCapacity");
  expect(await server.dump()).toBe(before);
});

test("Room for instances of arm64 is reserved on hosts that emulate it", async () => {
  await using server = await openWithEmulator(works);
  const reservation = { InstanceType: "m7g.medium", InstancePlatform: "Linux/UNIX", AvailabilityZone: zone, InstanceCount: 4 } as const;
  await server.ec2().createCapacityReservation(reservation);
  expect(await codeOf(launchOne(server, wish()))).toBe("InsufficientInstanceCapacity");
  const { instance } = await launchOne(server, wish({ InstanceType: "m7g.medium" }));
  await server.hosts.settle();
  expect((await machinesOn(server, "host-c")).map(({ id }) => id)).toEqual([instance]);
});

test("A snapshot is registered as an image of arm64 and launched", async () => {
  await using server = await openWithEmulator(works);
  const { snapshot } = await madeImage(server);
  const root = { RootDeviceName: "/dev/xvda", BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { SnapshotId: snapshot } }] };
  const { ImageId: image = "" } = await server.ec2().registerImage({ Name: "arm", Architecture: "arm64", VirtualizationType: "hvm", EnaSupport: true, BootMode: "uefi", ...root });
  const { instance } = await launchOne(server, wish({ ImageId: image, InstanceType: "c7g.medium" }));
  await server.hosts.settle();
  expect((await machinesOn(server, "host-c")).map(({ id, metadata }) => [id, metadata.architecture])).toEqual([[instance, "arm64"]]);
});

test("The installation's own image of arm64 is listed, boots by UEFI, and has a public parameter of its own", async () => {
  await using server = await openTestServer();
  await server.write((tx) => registerImages(tx, builtinImages.map((image) => ({ ...image, file: "disk.qcow2", kernelFile: "kernel", ramdiskFile: "ramdisk" }))));
  const { Images: images = [] } = await server.ec2().describeImages({ Filters: [{ Name: "architecture", Values: ["arm64"] }, { Name: "name", Values: ["tiny-*"] }] });
  const id = stableId("image", "tiny-hvm-arm64");
  expect(images.map((image) => [image.ImageId, image.Name, image.BootMode, image.EnaSupport, image.VirtualizationType])).toEqual([[id, "tiny-hvm-arm64", "uefi", true, "hvm"]]);
  const valueOf = async (Name: string) => (await server.ssm().getParameter({ Name })).Parameter?.Value;
  expect([await valueOf("/aws/service/hostelry/tiny/hvm-arm64"), await valueOf("/aws/service/hostelry/tiny/hvm")]).toEqual([id, stableId("image", "tiny-hvm-x86_64")]);
});
