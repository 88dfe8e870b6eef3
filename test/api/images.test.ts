import { expect, test } from "vitest";
import type { InstanceId } from "../../src/base/ids.ts";
import { builtinImages, registerImages, stableId } from "../../src/compute/image-registration.ts";
import { imageOwnerAccount } from "../../src/compute/image.ts";
import { account, codeOf, openTestServer, otherAccount, refusal } from "./test-server.ts";
import { aliasId, aliasPath, arm64Image, hvmImage, kernelImage, paravirtualImage, pendingImage } from "./seed.ts";

test("DescribeImages shows machine and kernel images whole, those too that are not built yet", async () => {
  await using server = await openTestServer();
  const { Images: images = [] } = await server.ec2().describeImages({ Owners: ["amazon"], IncludeDeprecated: true });
  expect(images.find((image) => image.ImageId === hvmImage)).toEqual({
    ImageId: hvmImage,
    ImageLocation: "amazon/debian-12-hvm-x86_64",
    State: "available",
    OwnerId: imageOwnerAccount,
    ImageOwnerAlias: "amazon",
    CreationDate: "2026-01-01T00:00:00.000Z",
    Public: true,
    ProductCodes: [],
    Architecture: "x86_64",
    ImageType: "machine",
    PlatformDetails: "Linux/UNIX",
    UsageOperation: "RunInstances",
    Name: "debian-12-hvm-x86_64",
    Description: "Debian 12 (bookworm) with systemd, cloud-init and OpenSSH",
    Hypervisor: "xen",
    VirtualizationType: "hvm",
    RootDeviceName: "/dev/xvda",
    RootDeviceType: "ebs",
    EnaSupport: true,
    SriovNetSupport: "simple",
    BootMode: "legacy-bios",
    BlockDeviceMappings: [
      {
        DeviceName: "/dev/xvda",
        Ebs: { DeleteOnTermination: true, SnapshotId: expect.stringMatching(/^snap-/), VolumeSize: 8, VolumeType: "gp3", Iops: 3000, Throughput: 125, Encrypted: false },
      },
    ],
    Tags: [],
  });
  const of = (id: string) => images.find((image) => image.ImageId === id);
  expect([of(pendingImage)?.State, of(paravirtualImage)?.KernelId, of(kernelImage)?.ImageType, of(kernelImage)?.RootDeviceType]).toEqual(["pending", kernelImage, "kernel", "instance-store"]);
});

test("an image of an earlier version, whose kernel has no first file system, keeps a kernel of its own", async () => {
  await using server = await openTestServer();
  const images = builtinImages.map((image) => ({ ...image, file: "disk.qcow2", kernelFile: "linux", ...(image.name === "tiny" ? {} : { ramdiskFile: "ramdisk" }) }));
  await server.write((tx) => registerImages(tx, images));
  const launch = async (name: string) => {
    const { Instances: [instance] = [] } = await server.ec2().runInstances({ ImageId: stableId("image", `${name}-paravirtual-x86_64`), InstanceType: "m1.small", MinCount: 1, MaxCount: 1 });
    return server.read((tx) => tx.db.selectFrom("instances").select(["kernel_id", "kernel_file", "ramdisk_file"]).where("id", "=", instance?.InstanceId as InstanceId).executeTakeFirst()); // just made
  };
  expect([await launch("tiny"), await launch("debian-12")]).toEqual([
    { kernel_id: stableId("kernel", "user-mode-linux-x86_64"), kernel_file: "linux", ramdisk_file: null },
    { kernel_id: kernelImage, kernel_file: "linux", ramdisk_file: "ramdisk" },
  ]);
});

test("DescribeImages chooses by owner, by who may launch, by filter and by id", async () => {
  await using server = await openTestServer();
  const ids = async (input: object) => ((await server.ec2().describeImages(input)).Images ?? []).map((image) => image.ImageId);
  const filter = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });
  expect({
    self: await ids({ Owners: ["self"] }),
    maker: (await ids({ Owners: [imageOwnerAccount] })).length,
    nobody: await ids({ Owners: [account, "aws-marketplace"] }),
    everybody: (await ids({ ExecutableUsers: ["all"] })).length,
    shared: await ids({ ExecutableUsers: ["self"] }),
    byName: await ids(filter("name", "debian-12-hvm-*")),
    arm: await ids(filter("architecture", "arm64")),
    kernels: await ids(filter("image-type", "kernel")),
    pending: (await ids(filter("state", "pending"))).includes(pendingImage),
    byId: (await ids({ ImageIds: [hvmImage, kernelImage] })).toSorted(),
  }).toEqual({
    self: [],
    maker: 8,
    nobody: [],
    everybody: 8,
    shared: [],
    byName: [hvmImage],
    arm: [arm64Image],
    kernels: [kernelImage],
    pending: true,
    byId: [hvmImage, kernelImage].toSorted(),
  });
});

test("DescribeImages shows an aliased id as it was asked for, with all of the image behind it", async () => {
  await using server = await openTestServer();
  const { Images: [image] = [] } = await server.ec2().describeImages({ ImageIds: [aliasId] });
  expect([image?.ImageId, image?.Name]).toEqual([aliasId, "debian-12-hvm-x86_64"]);
});

test("DescribeImages keeps private images from other accounts and regions", async () => {
  await using server = await openTestServer();
  await server.write(async (tx) => {
    const row = await tx.db.selectFrom("images").selectAll().where("id", "=", hvmImage).executeTakeFirstOrThrow();
    await tx.db.insertInto("images").values({ ...row, id: "ami-0000000000000000f", name: "mine", account, region: "us-east-1", public: 0 }).execute();
  });
  const mine = { ImageIds: ["ami-0000000000000000f"] };
  await server.ec2().createTags({ Resources: mine.ImageIds, Tags: [{ Key: "for", Value: "me" }] });
  const { Images: [image] = [] } = await server.ec2().describeImages({ Owners: ["self"], Filters: [{ Name: "tag:for", Values: ["me"] }] });
  expect([image?.ImageId, image?.ImageOwnerAlias, image?.ImageLocation]).toEqual(["ami-0000000000000000f", undefined, `${account}/mine`]);
  expect([await codeOf(server.ec2(otherAccount).describeImages(mine)), await codeOf(server.ec2(undefined, "eu-west-1").describeImages(mine))]).toEqual(["InvalidAMIID.NotFound", "InvalidAMIID.NotFound"]);
});

test("DescribeImages refuses ids and users that are none", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  expect(await refusal(ec2.describeImages({ ImageIds: ["ami-0000000000000dead"] }))).toEqual({ code: "InvalidAMIID.NotFound", message: "The image id '[ami-0000000000000dead]' does not exist", status: 400 });
  expect([
    await codeOf(ec2.describeImages({ ImageIds: ["debian"] })),
    await codeOf(ec2.describeImages({ Owners: ["debian"] })),
    await codeOf(ec2.describeImages({ ExecutableUsers: ["everybody"] })),
    await codeOf(ec2.describeImages({ DryRun: true })),
    await codeOf(ec2.describeImages({ MaxResults: 4 })),
  ]).toEqual(["InvalidAMIID.Malformed", "InvalidUserID.Malformed", "InvalidUserID.Malformed", "DryRunOperation", "InvalidParameterValue"]);
});

test("Public parameters name images: Debian's own, this installation's, and the aliases made here", async () => {
  await using server = await openTestServer();
  const value = async (Name: string) => (await server.ssm().getParameter({ Name })).Parameter?.Value;
  expect([
    await value("/aws/service/debian/release/12/latest/amd64"),
    await value("/aws/service/hostelry/debian-12/hvm"),
    await value("/aws/service/hostelry/debian-12/paravirtual"),
    await value(aliasPath),
    await value(`arn:aws:ssm:us-east-1::parameter${aliasPath}`),
    await value(`${aliasPath}:1`),
  ]).toEqual([hvmImage, hvmImage, paravirtualImage, hvmImage, hvmImage, hvmImage]);
  expect((await server.ssm().getParameter({ Name: aliasPath })).Parameter).toEqual({
    Name: aliasPath,
    Type: "String",
    Value: hvmImage,
    Version: 1,
    LastModifiedDate: new Date("2026-01-01T00:00:00Z"),
    ARN: `arn:aws:ssm:us-east-1::parameter${aliasPath}`,
    DataType: "aws:ec2:image",
  });
});

test("GetParameters lists what it did not find, and the others refuse it", async () => {
  await using server = await openTestServer();
  const ssm = server.ssm();
  const { Parameters: found, InvalidParameters: invalid } = await ssm.getParameters({ Names: [aliasPath, "/no/such"] });
  expect([found?.map((parameter) => parameter.Value), invalid]).toEqual([[hvmImage], ["/no/such"]]);
  expect([
    await codeOf(ssm.getParameter({ Name: "/no/such" })),
    await codeOf(ssm.getParameter({ Name: `${aliasPath}:2` })),
    await codeOf(ssm.getParameters({ Names: Array.from({ length: 11 }, (_, index) => `/a/${index}`) })),
    await codeOf(ssm.getParametersByPath({ Path: "no-slash" })),
    await codeOf(ssm.getParametersByPath({ Path: "/aws", MaxResults: 11 })),
    await codeOf(ssm.getParametersByPath({ Path: "/aws", NextToken: "made-up" })),
  ]).toEqual(["ParameterNotFound", "ParameterVersionNotFound", "ValidationException", "ValidationException", "ValidationException", "InvalidNextToken"]);
});

test("GetParametersByPath goes down one level, or all the way, page by page", async () => {
  await using server = await openTestServer();
  const names = async (input: { Path: string; Recursive?: boolean; MaxResults?: number; NextToken?: string }) => {
    const { Parameters: parameters = [], NextToken } = await server.ssm().getParametersByPath(input);
    return { names: parameters.map((parameter) => parameter.Name), NextToken };
  };
  const own = ["arm/hvm-arm64", "debian-12/hvm", "debian-12/paravirtual", "tiny/hvm", "tiny/hvm-s3", "tiny/paravirtual", "tiny/paravirtual-s3"].map((name) => `/aws/service/hostelry/${name}`);
  expect((await names({ Path: "/aws/service/hostelry" })).names).toEqual([]);
  expect((await names({ Path: "/aws/service/hostelry/tiny/" })).names).toEqual(own.slice(3));
  const first = await names({ Path: "/aws/service/hostelry", Recursive: true, MaxResults: 4 });
  const second = await names({ Path: "/aws/service/hostelry", Recursive: true, MaxResults: 4, NextToken: first.NextToken ?? "" });
  expect([...first.names, ...second.names, second.NextToken]).toEqual([...own, undefined]);
});
