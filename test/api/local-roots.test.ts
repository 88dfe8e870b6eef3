/** Images and instances whose root is no volume, but a local disk of the host (facts §4.9, §5). */
import { expect, test } from "vitest";
import { builtinImages, imageNameOf, registerImages, stableId } from "../../src/compute/image-registration.ts";
import { launchOne } from "./launch-one.ts";
import { openStaffedServer, type StaffedServer } from "./simulated-hosts.ts";
import { codeOf, refusal } from "./test-server.ts";

const tiny = { name: "tiny", architecture: "x86_64" } as const;
const paravirtual = stableId("image", imageNameOf(tiny, "paravirtual", "instance-store"));
const hvm = stableId("image", imageNameOf(tiny, "hvm", "instance-store"));

async function openServer(): Promise<StaffedServer> {
  const server = await openStaffedServer();
  await server.write((tx) => registerImages(tx, builtinImages.filter(({ name }) => name === tiny.name).map((image) => ({ ...image, file: "tiny.raw", kernelFile: "linux", ramdiskFile: "ramdisk" }))));
  return server;
}

/** An instance that runs, from an image without a root volume. */
async function launchLocal(server: StaffedServer, input: object = {}): Promise<string> {
  const { instance } = await launchOne(server, { ImageId: paravirtual, InstanceType: "m1.small", ...input });
  await server.hosts.settle();
  return instance;
}

async function describe(server: StaffedServer, instance: string) {
  const { Reservations: [reservation] = [] } = await server.ec2().describeInstances({ InstanceIds: [instance] });
  return reservation?.Instances?.[0];
}

const holdersOf = (server: StaffedServer, id: string) => [...server.hosts.byId.values()].filter((host) => host.held.has(id));

test("An image without a root volume is shown as such, and fits the types that have local roots", async () => {
  await using server = await openServer();
  const { Images: images = [] } = await server.ec2().describeImages({ Filters: [{ Name: "root-device-type", Values: ["instance-store"] }, { Name: "image-type", Values: ["machine"] }] });
  expect(images.map((image) => [image.ImageId, image.Name, image.ImageLocation, image.RootDeviceType, image.RootDeviceName, image.BlockDeviceMappings])).toEqual(
    [[hvm, "tiny-hvm-x86_64-s3"], [paravirtual, "tiny-paravirtual-x86_64-s3"]]
      .map(([id, name]) => [id, name, `amazon/${name}.manifest.xml`, "instance-store", "/dev/xvda", []])
      .toSorted(([a], [b]) => String(a).localeCompare(String(b))),
  );
  expect(await refusal(launchOne(server, { ImageId: hvm, InstanceType: "t3.micro" }))).toEqual({
    code: "UnsupportedOperation",
    message: `AMI '${hvm}' with an instance-store root device is not supported for the instance type 't3.micro'.`,
    status: 400,
  });
});

test("Its instance has no root volume and no way to be stopped, and is rebooted and terminated like any other", async () => {
  await using server = await openServer();
  const ec2 = server.ec2();
  const mapped = [{ DeviceName: "/dev/sdb", VirtualName: "ephemeral0" }, { DeviceName: "/dev/sdf", Ebs: { VolumeSize: 1 } }];
  const instance = await launchLocal(server, { BlockDeviceMappings: mapped, InstanceInitiatedShutdownBehavior: "stop" });
  expect(await describe(server, instance)).toMatchObject({ State: { Name: "running" }, RootDeviceType: "instance-store", RootDeviceName: "/dev/xvda", BlockDeviceMappings: [{ DeviceName: "/dev/sdf" }] });
  const [host] = holdersOf(server, instance);
  expect(host?.held.get(instance)?.specification).toMatchObject({ localRoot: { file: "tiny.raw", sizeGib: 1, device: "/dev/xvda" }, instanceStoreGib: [160], disks: [{ device: "/dev/sdf", root: false }] });
  const { Reservations: local = [] } = await ec2.describeInstances({ Filters: [{ Name: "root-device-type", Values: ["instance-store"] }] });
  expect(local.length).toBe(1);

  const before = await server.dump();
  expect(await refusal(ec2.stopInstances({ InstanceIds: [instance] }))).toEqual({
    code: "UnsupportedOperation",
    message: `The instance '${instance}' does not have an 'ebs' root device type and cannot be stopped.`,
    status: 400,
  });
  expect([
    await codeOf(ec2.startInstances({ InstanceIds: [instance] }).then(({ StartingInstances: [change] = [] }) => Promise.reject(new Error(change?.CurrentState?.Name)))),
    await codeOf(ec2.createImage({ InstanceId: instance, Name: "mine" })),
    await codeOf(ec2.copyImage({ SourceImageId: paravirtual, SourceRegion: "us-east-1", Name: "mine" })),
    await codeOf(launchOne(server, { ImageId: paravirtual, InstanceType: "m1.small", BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeSize: 2 } }] })),
  ]).toEqual(["Error", "UnsupportedOperation", "UnsupportedOperation", "InvalidBlockDeviceMapping"]);
  expect(await server.dump()).toBe(before);

  await ec2.rebootInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  expect([(await describe(server, instance))?.State?.Name, host?.boots.get(`${instance} 1`)]).toEqual(["running", 1]);
  await ec2.terminateInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  expect([(await describe(server, instance))?.State?.Name, holdersOf(server, instance).length]).toEqual(["terminated", 0]);
});

test.each(["guest", "engine"] as const)("It is gone for ever when its run ends by the %s, whatever was asked for", async (cause) => {
  await using server = await openServer();
  const instance = await launchLocal(server);
  await server.ec2().modifyInstanceAttribute({ InstanceId: instance, InstanceInitiatedShutdownBehavior: { Value: "stop" } });
  for (const host of holdersOf(server, instance)) host.befall(instance, cause);
  await server.hosts.settle();
  expect([(await describe(server, instance))?.State?.Name, holdersOf(server, instance).length]).toEqual(["terminated", 0]);
});
