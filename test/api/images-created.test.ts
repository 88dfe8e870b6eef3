/** Images that are made of an instance. */
import { expect, test } from "vitest";
import { hvmImage, kernelImage, paravirtualImage } from "./seed.ts";
import { dataDisk, imageOf, launchRunning, madeImage, runOf, stateOf } from "./image-steps.ts";
import { launchOne } from "./launch-one.ts";
import { openStaffedServer, storedSnapshots } from "./simulated-hosts.ts";
import { account, codeOf, otherAccount, refusal } from "./test-server.ts";

test("CreateImage without a reboot is pending until its snapshots are completed, and can be launched then", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const instance = await launchRunning(server);
  const { ImageId: id = "" } = await ec2.createImage({
    InstanceId: instance,
    Name: "golden",
    Description: "after the change",
    NoReboot: true,
    TagSpecifications: [
      { ResourceType: "image", Tags: [{ Key: "is", Value: "image" }] },
      { ResourceType: "snapshot", Tags: [{ Key: "is", Value: "snapshot" }] },
    ],
  });
  const pending = await imageOf(server, id);
  const snapshot = expect.stringMatching(/^snap-0[0-9a-f]{16}$/);
  const expected = {
    ImageId: id,
    ImageLocation: `${account}/golden`,
    State: "pending",
    OwnerId: account,
    CreationDate: expect.any(String),
    Public: false,
    ProductCodes: [],
    Architecture: "x86_64",
    ImageType: "machine",
    PlatformDetails: "Linux/UNIX",
    UsageOperation: "RunInstances",
    Name: "golden",
    Description: "after the change",
    Hypervisor: "xen",
    VirtualizationType: "hvm",
    RootDeviceName: "/dev/xvda",
    RootDeviceType: "ebs",
    EnaSupport: true,
    SriovNetSupport: "simple",
    BootMode: "legacy-bios",
    SourceInstanceId: instance,
    SourceImageId: hvmImage,
    SourceImageRegion: "us-east-1",
    BlockDeviceMappings: [
      { DeviceName: "/dev/xvda", Ebs: { DeleteOnTermination: true, SnapshotId: snapshot, VolumeSize: 8, VolumeType: "gp3", Iops: 3000, Throughput: 125, Encrypted: false } },
      { DeviceName: "/dev/sdf", Ebs: { DeleteOnTermination: false, SnapshotId: snapshot, VolumeSize: 3, VolumeType: "gp2", Encrypted: false } },
    ],
    Tags: [{ Key: "is", Value: "image" }],
  };
  expect(pending).toEqual(expected);
  expect(await codeOf(launchOne(server, { ImageId: id }))).toBe("InvalidAMIID.Unavailable");
  await server.hosts.settleSnapshots({ state: "frozen", percent: 10 });
  expect((await imageOf(server, id))?.State).toBe("pending");
  await server.hosts.settleSnapshots(storedSnapshots);
  expect(await imageOf(server, id)).toEqual({ ...expected, State: "available" });
  const { Snapshots: snapshots = [] } = await ec2.describeSnapshots({ OwnerIds: ["self"] });
  expect(snapshots.map((each) => [each.Description, each.Tags])).toEqual(
    [1, 2].map(() => [`Created by CreateImage(${instance}) for ${id}`, [{ Key: "is", Value: "snapshot" }]]),
  );

  const launched = await launchOne(server, { ImageId: id });
  const { Volumes: volumes = [] } = await ec2.describeVolumes({ Filters: [{ Name: "attachment.instance-id", Values: [launched.instance] }] });
  const own = pending?.BlockDeviceMappings?.map((mapping) => mapping.Ebs?.SnapshotId).toSorted();
  expect([volumes.map((volume) => volume.SnapshotId).toSorted(), volumes.map((volume) => volume.Size).toSorted()]).toEqual([own, [3, 8]]);
});

test("CreateImage takes the guest down and starts it again on the same host, while the instance counts as running", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const instance = await launchRunning(server);
  const [, host] = await runOf(server, instance);
  const address = async () => (await ec2.describeInstances({ InstanceIds: [instance] })).Reservations?.[0]?.Instances?.[0]?.PublicIpAddress;
  const before = await address();
  const { ImageId: id = "" } = await ec2.createImage({ InstanceId: instance, Name: "golden" });
  expect(await codeOf(ec2.createImage({ InstanceId: instance, Name: "another" }))).toBe("IncorrectState");

  await server.hosts.settleSnapshots({ state: "frozen", percent: 0 }); // nothing is asked of the storage node while the guest runs
  expect([await stateOf(server, instance), await runOf(server, instance)]).toEqual(["running", [1, host, "running", id]]);
  await server.hosts.settleWithout("storage");
  expect([await stateOf(server, instance), await runOf(server, instance)]).toEqual(["running", [1, host, "stopped", id]]);
  await server.hosts.settleSnapshots({ state: "frozen", percent: 0 });
  expect([await stateOf(server, instance), await runOf(server, instance)]).toEqual(["running", [2, host, "stopped", id]]);
  await server.hosts.settleWithout("storage");
  expect([await stateOf(server, instance), await runOf(server, instance)]).toEqual(["running", [2, host, "running", null]]);
  expect([(await imageOf(server, id))?.State, await address()]).toEqual(["pending", before]);
  await server.hosts.settleSnapshots(storedSnapshots);
  expect((await imageOf(server, id))?.State).toBe("available");
});

test("An instance that is stopped while its image is made stays stopped, and the image is made all the same", async () => {
  await using server = await openStaffedServer();
  const instance = await launchRunning(server);
  const { ImageId: id = "" } = await server.ec2().createImage({ InstanceId: instance, Name: "golden" });
  await server.ec2().stopInstances({ InstanceIds: [instance] });
  await server.hosts.settleWithout("storage");
  await server.hosts.settleSnapshots(storedSnapshots);
  expect([await stateOf(server, instance), (await imageOf(server, id))?.State, (await runOf(server, instance))[3]]).toEqual(["stopped", "available", null]);
});

test("An instance that is terminated before its volumes' moment takes its image with it", async () => {
  await using server = await openStaffedServer();
  const instance = await launchRunning(server);
  const { ImageId: id = "" } = await server.ec2().createImage({ InstanceId: instance, Name: "golden" });
  await server.ec2().terminateInstances({ InstanceIds: [instance] });
  await server.hosts.settleWithout("storage");
  const image = await imageOf(server, id);
  expect([image?.State, image?.StateReason?.Message]).toEqual(["failed", "The instance was terminated"]);
  expect((await server.ec2().describeSnapshots({ OwnerIds: ["self"] })).Snapshots).toEqual([]);
  expect(await stateOf(server, instance)).toBe("terminated");
});

test("An image whose snapshot fails is failed, and the instance runs on", async () => {
  await using server = await openStaffedServer();
  const instance = await launchRunning(server);
  const { ImageId: id = "" } = await server.ec2().createImage({ InstanceId: instance, Name: "golden" });
  await server.hosts.settleWithout("storage");
  await server.hosts.settleSnapshots({ state: "failed", percent: 0, reason: "broken" });
  await server.hosts.settleWithout("storage");
  expect([(await imageOf(server, id))?.State, await stateOf(server, instance), (await runOf(server, instance))[3]]).toEqual(["failed", "running", null]);
});

test("CreateImage drops, adds and changes devices as it is told, and keeps local disks", async () => {
  await using server = await openStaffedServer();
  const instance = await launchRunning(server, {
    InstanceType: "m1.medium",
    ImageId: paravirtualImage,
    BlockDeviceMappings: [dataDisk, { DeviceName: "/dev/sdb", VirtualName: "ephemeral0" }],
  });
  const { ImageId: id = "" } = await server.ec2().createImage({
    InstanceId: instance,
    Name: "changed",
    NoReboot: true,
    BlockDeviceMappings: [
      { DeviceName: "/dev/sdf", NoDevice: "" },
      { DeviceName: "/dev/xvda", Ebs: { DeleteOnTermination: false } },
      { DeviceName: "/dev/sdg", Ebs: { VolumeSize: 5 } },
      { DeviceName: "/dev/sdc", VirtualName: "ephemeral1" },
    ],
  });
  const image = await imageOf(server, id);
  expect([image?.KernelId, image?.VirtualizationType]).toEqual([kernelImage, "paravirtual"]);
  expect(image?.BlockDeviceMappings).toEqual([
    { DeviceName: "/dev/xvda", Ebs: expect.objectContaining({ DeleteOnTermination: false, SnapshotId: expect.any(String) }) },
    { DeviceName: "/dev/sdb", VirtualName: "ephemeral0" },
    { DeviceName: "/dev/sdg", Ebs: { DeleteOnTermination: true, VolumeSize: 5, VolumeType: "gp2", Encrypted: false } },
    { DeviceName: "/dev/sdc", VirtualName: "ephemeral1" },
  ]);
  expect((await server.ec2().describeSnapshots({ OwnerIds: ["self"] })).Snapshots?.length).toBe(1);
});

test("CreateImage refuses what it cannot make an image of, and changes nothing", async () => {
  await using server = await openStaffedServer();
  const { instance, image } = await madeImage(server);
  const fresh = (await launchOne(server)).instance;
  const before = await server.dump();
  const create = (input: object, key?: string) => codeOf(server.ec2(key).createImage({ InstanceId: instance, Name: "next", ...input }));
  const root = (Ebs: object) => ({ BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs }] });
  expect([
    await create({ InstanceId: "x" }),
    await create({ InstanceId: "i-0000000000000dead" }),
    await create({}, otherAccount),
    await create({ InstanceId: fresh }),
    await create({ Name: "ab" }),
    await create({ Name: "a*b" }),
    await create(root({ VolumeSize: 9 })),
    await create(root({ Encrypted: true })),
    await create(root({ VolumeType: "st1" })),
    await create({ BlockDeviceMappings: [{ DeviceName: "/dev/xvda", NoDevice: "" }] }),
    await create({ BlockDeviceMappings: [{ DeviceName: "disk", Ebs: {} }] }),
    await create({ TagSpecifications: [{ ResourceType: "volume", Tags: [{ Key: "a" }] }] }),
    await create({ DryRun: true }),
  ]).toEqual([
    "InvalidInstanceID.Malformed",
    "InvalidInstanceID.NotFound",
    "InvalidInstanceID.NotFound",
    "IncorrectState",
    "InvalidAMIName.Malformed",
    "InvalidAMIName.Malformed",
    "InvalidBlockDeviceMapping",
    "InvalidBlockDeviceMapping",
    "InvalidParameterValue",
    "InvalidBlockDeviceMapping",
    "InvalidBlockDeviceMapping",
    "InvalidParameterValue",
    "DryRunOperation",
  ]);
  expect(await server.dump()).toBe(before);
  expect(await refusal(server.ec2().createImage({ InstanceId: instance, Name: "made" }))).toEqual({
    code: "InvalidAMIName.Duplicate",
    message: `AMI name made is already in use by AMI ${image}`,
    status: 400,
  });
});
