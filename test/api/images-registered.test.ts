/** Images that are made of snapshots and of other images, and that are taken back. */
import type { RegisterImageCommandInput } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { recordSnapshotProgress } from "../../src/storage/snapshot.ts";
import { aliasId, hvmImage, kernelImage, pendingImage } from "./seed.ts";
import { imageOf, madeImage } from "./image-steps.ts";
import { launchOne } from "./launch-one.ts";
import { openStaffedServer } from "./simulated-hosts.ts";
import { account, codeOf, otherAccount, refusal } from "./test-server.ts";

test("RegisterImage makes an image of a snapshot, with EC2's defaults where nothing is said", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const { snapshot } = await madeImage(server);
  const root = { RootDeviceName: "/dev/sda1", BlockDeviceMappings: [{ DeviceName: "/dev/sda1", Ebs: { SnapshotId: snapshot } }] };
  const { ImageId: plain = "" } = await ec2.registerImage({ Name: "plain", ImageLocation: "", ...root });
  const shown = await imageOf(server, plain);
  expect([shown?.State, shown?.Architecture, shown?.VirtualizationType, shown?.KernelId, shown?.EnaSupport]).toEqual(["available", "i386", "paravirtual", kernelImage, undefined]);

  const modern = { Architecture: "x86_64", VirtualizationType: "hvm", EnaSupport: true, ImdsSupport: "v2.0", SriovNetSupport: "simple", BootMode: "legacy-bios" } as const;
  const mappings = [
    { DeviceName: "/dev/sda1", Ebs: { SnapshotId: snapshot, VolumeSize: 10, VolumeType: "gp3", Iops: 4000 } },
    { DeviceName: "/dev/sdh", Ebs: { VolumeSize: 2, Encrypted: true } },
    { DeviceName: "/dev/sdb", VirtualName: "ephemeral0" },
  ] as const;
  const tags = [{ ResourceType: "image" as const, Tags: [{ Key: "a", Value: "b" }] }];
  const { ImageId: id = "" } = await ec2.registerImage({ Name: "modern", RootDeviceName: "/dev/sda1", BlockDeviceMappings: [...mappings], TagSpecifications: tags, ...modern });
  expect(await imageOf(server, id)).toMatchObject({
    ...modern,
    Tags: [{ Key: "a", Value: "b" }],
    BlockDeviceMappings: [
      { DeviceName: "/dev/sda1", Ebs: { SnapshotId: snapshot, VolumeSize: 10, VolumeType: "gp3", Iops: 4000, Encrypted: false } },
      { DeviceName: "/dev/sdh", Ebs: { VolumeSize: 2, Encrypted: true, VolumeType: "gp2" } },
      { DeviceName: "/dev/sdb", VirtualName: "ephemeral0" },
    ],
  });
  const { Instances: [launched] = [] } = await ec2.runInstances({ ImageId: id, InstanceType: "t3.micro", MinCount: 1, MaxCount: 1 });
  expect([launched?.MetadataOptions?.HttpTokens, launched?.MetadataOptions?.HttpPutResponseHopLimit]).toEqual(["required", 2]);
  const { ImageId: old = "" } = await ec2.registerImage({ Name: "old", ...root, ...modern, EnaSupport: false });
  expect(await codeOf(launchOne(server, { ImageId: old }))).toBe("InvalidParameterCombination");
});

test("An image is launched as types that can boot it, and its instances say how it wants to be booted", async () => {
  await using server = await openStaffedServer();
  const { snapshot } = await madeImage(server);
  const root = { RootDeviceName: "/dev/sda1", BlockDeviceMappings: [{ DeviceName: "/dev/sda1", Ebs: { SnapshotId: snapshot } }] };
  const register = async (BootMode: "uefi" | "uefi-preferred" | "legacy-bios", Architecture: "x86_64" | "arm64" = "x86_64") =>
    (await server.ec2().registerImage({ Name: `${BootMode} ${Architecture}`, VirtualizationType: "hvm", EnaSupport: true, Architecture, BootMode, ...root })).ImageId ?? "";
  const [uefi, either, bios, armBios] = [await register("uefi"), await register("uefi-preferred"), await register("legacy-bios"), await register("legacy-bios", "arm64")];
  const before = await server.dump();
  expect(await refusal(launchOne(server, { ImageId: uefi, InstanceType: "t2.micro" }))).toMatchObject({ code: "InvalidParameterValue", message: "The t2.micro instance type does not support an AMI with a boot mode of UEFI. Only instance types built on the Nitro System support UEFI. Specify an instance type that supports UEFI, and try again." });
  expect(await refusal(launchOne(server, { ImageId: uefi }))).toMatchObject({ code: "Unsupported", message: expect.stringContaining("with the boot mode uefi-preferred or legacy-bios") });
  expect(await refusal(launchOne(server, { ImageId: armBios, InstanceType: "t4g.micro" }))).toMatchObject({ code: "InvalidParameterValue", message: expect.stringContaining("The t4g.micro instance type does not support an AMI with a boot mode of Legacy BIOS. Specify") });
  expect(await server.dump()).toBe(before);
  for (const ImageId of [either, bios]) await launchOne(server, { ImageId });
  const { Reservations: found = [] } = await server.ec2().describeInstances({ Filters: [{ Name: "boot-mode", Values: ["uefi-preferred"] }] });
  expect(found.flatMap(({ Instances = [] }) => Instances.map((each) => [each.ImageId, each.BootMode, each.CurrentInstanceBootMode]))).toEqual([[either, "uefi-preferred", "legacy-bios"]]);
});

test("RegisterImage refuses what no machine could start from, and changes nothing", async () => {
  await using server = await openStaffedServer();
  const { snapshot, instance } = await madeImage(server);
  const { Snapshots: [pending] = [] } = await server.ec2().createSnapshots({ InstanceSpecification: { InstanceId: instance } });
  const before = await server.dump();
  const hvm = { VirtualizationType: "hvm", Architecture: "x86_64" } as const;
  const register = (input: Partial<RegisterImageCommandInput>, Ebs: object = { SnapshotId: snapshot }, key?: string) =>
    codeOf(server.ec2(key).registerImage({ Name: "next", RootDeviceName: "/dev/sda1", BlockDeviceMappings: [{ DeviceName: "/dev/sda1", Ebs }], ...hvm, ...input }));
  expect([
    await register({ Name: "made" }),
    await register({ Name: "?" }),
    await register({ ImageLocation: "bucket/manifest.xml" }),
    await register({ RootDeviceName: "/dev/sdb" }),
    await register({}, { VolumeType: "gp2" }),
    await register({}, { VolumeSize: 8 }),
    await register({}, { SnapshotId: "snap" }),
    await register({}, { SnapshotId: "snap-0000000000000dead" }),
    await register({}, { SnapshotId: pending?.SnapshotId }),
    await register({}, { SnapshotId: snapshot }, otherAccount),
    await register({}, { SnapshotId: snapshot, VolumeSize: 4 }),
    await register({}, { SnapshotId: snapshot, Encrypted: true }),
    await register({}, { SnapshotId: snapshot, VolumeSize: 200, VolumeType: "st1" }),
    await register({ KernelId: kernelImage }),
    await register({ VirtualizationType: "paravirtual", KernelId: "aki-00000000" }),
    await register({ VirtualizationType: "paravirtual", EnaSupport: true }),
    await register({ VirtualizationType: "xen" }),
    await register({ Architecture: "arm64", VirtualizationType: "paravirtual" }),
    await register({ ImdsSupport: "v1.0" as never }),
    await register({ TpmSupport: "v2.0" }),
    await register({ DryRun: true }),
  ]).toEqual([
    "InvalidAMIName.Duplicate",
    "InvalidAMIName.Malformed",
    "InvalidManifest",
    "InvalidBlockDeviceMapping",
    "MissingParameter",
    "InvalidBlockDeviceMapping",
    "InvalidSnapshotID.Malformed",
    "InvalidSnapshot.NotFound",
    "IncorrectState",
    "InvalidSnapshot.NotFound",
    "InvalidBlockDeviceMapping",
    "InvalidBlockDeviceMapping",
    "BootForVolumeTypeUnsupported",
    "InvalidParameterCombination",
    "InvalidAMIID.NotFound",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "UnsupportedOperation",
    "DryRunOperation",
  ]);
  expect(await server.dump()).toBe(before);
});

test("CopyImage makes an image of copies, in the region that is called, with the same answer for the same token", async () => {
  await using server = await openStaffedServer();
  const { image } = await madeImage(server);
  await server.ec2().createTags({ Resources: [image], Tags: [{ Key: "a", Value: "b" }] });
  const west = server.ec2(account, "eu-west-1");
  const input = { SourceRegion: "us-east-1", SourceImageId: image, Name: "copy", Encrypted: true, CopyImageTags: true, ClientToken: "once" };
  const { ImageId: id = "" } = await west.copyImage(input);
  expect((await west.copyImage(input)).ImageId).toBe(id);
  const copied = async () => (await west.describeImages({ ImageIds: [id] })).Images?.[0];
  expect(await copied()).toMatchObject({
    State: "pending",
    SourceImageId: image,
    SourceImageRegion: "us-east-1",
    Tags: [{ Key: "a", Value: "b" }],
    BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { Encrypted: true, VolumeSize: 8 } }, { DeviceName: "/dev/sdf", Ebs: { Encrypted: true, VolumeSize: 3 } }],
  });
  await server.write(async (tx) => {
    const copies = await tx.db.selectFrom("snapshots").selectAll().where("origin", "=", "copy").execute();
    for (const row of copies) await recordSnapshotProgress(tx, row, { state: "completed", percent: 100 }, Date.now());
  });
  await server.hosts.settleWithout("host", "storage");
  expect((await copied())?.State).toBe("available");
  const before = await server.dump();
  const copy = (more: object, key?: string) => codeOf(server.ec2(key, "us-east-1").copyImage({ SourceRegion: "us-east-1", SourceImageId: image, Name: "next", ...more }));
  expect([
    await copy({ SourceRegion: "mars-1" }),
    await copy({ SourceImageId: "ami" }),
    await copy({ SourceImageId: "ami-0000000000000dead" }),
    await copy({ SourceImageId: pendingImage }),
    await copy({ Name: "made" }),
    await copy({ KmsKeyId: "alias/mine" }),
    await copy({}, otherAccount),
    await copy({ DryRun: true }),
  ]).toEqual([
    "InvalidParameterValue",
    "InvalidAMIID.Malformed",
    "InvalidAMIID.NotFound",
    "IncorrectState",
    "InvalidAMIName.Duplicate",
    "InvalidParameterCombination",
    "InvalidAMIID.NotFound",
    "DryRunOperation",
  ]);
  expect(await server.dump()).toBe(before);
});

test("A deregistered image cannot be launched, its snapshots stay unless told otherwise, and its name is free", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const { image, snapshot } = await madeImage(server);
  const before = await server.dump();
  expect([
    await codeOf(ec2.deregisterImage({ ImageId: "ami" })),
    await codeOf(ec2.deregisterImage({ ImageId: "ami-0000000000000dead" })),
    await codeOf(ec2.deregisterImage({ ImageId: hvmImage })),
    await codeOf(server.ec2(otherAccount).deregisterImage({ ImageId: image })),
    await codeOf(ec2.deregisterImage({ ImageId: image, DryRun: true })),
  ]).toEqual(["InvalidAMIID.Malformed", "InvalidAMIID.NotFound", "AuthFailure", "InvalidAMIID.NotFound", "DryRunOperation"]);
  expect(await server.dump()).toBe(before);
  expect(await refusal(ec2.deleteSnapshot({ SnapshotId: snapshot }))).toEqual({
    code: "InvalidSnapshot.InUse",
    message: `The snapshot ${snapshot} is currently in use by ${image}`,
    status: 400,
  });

  const { ImageId: second = "" } = await ec2.registerImage({ Name: "second", RootDeviceName: "/dev/sda1", BlockDeviceMappings: [{ DeviceName: "/dev/sda1", Ebs: { SnapshotId: snapshot } }] });
  const { DeleteSnapshotResults: results = [] } = await ec2.deregisterImage({ ImageId: image, DeleteAssociatedSnapshots: true });
  expect(results.map((result) => result.ReturnCode)).toEqual(["skipped", "success"]);
  expect([
    await codeOf(launchOne(server, { ImageId: image })),
    await codeOf(ec2.deregisterImage({ ImageId: image })),
    await codeOf(ec2.describeImages({ ImageIds: [image] })),
  ]).toEqual(["InvalidAMIID.Unavailable", "InvalidAMIID.Unavailable", "InvalidAMIID.NotFound"]);
  expect((await ec2.deregisterImage({ ImageId: second })).DeleteSnapshotResults ?? []).toEqual([]);
  expect((await ec2.describeSnapshots({ OwnerIds: ["self"] })).Snapshots?.map((each) => each.SnapshotId)).toEqual([snapshot]);
  await ec2.registerImage({ Name: "made", RootDeviceName: "/dev/sda1", BlockDeviceMappings: [{ DeviceName: "/dev/sda1", Ebs: { SnapshotId: snapshot } }] });
});

test("An instance of an aliased image shows the id that was asked for", async () => {
  await using server = await openStaffedServer();
  const { instance } = await launchOne(server, { ImageId: aliasId });
  const { Reservations: [reservation] = [] } = await server.ec2().describeInstances({ Filters: [{ Name: "image-id", Values: [aliasId] }] });
  expect([reservation?.Instances?.[0]?.InstanceId, reservation?.Instances?.[0]?.ImageId]).toEqual([instance, aliasId]);
});
