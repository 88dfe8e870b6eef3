/** RunInstances that cannot be: each refused with EC2's own code, and no row changed. */
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { arm64Image, hvmImage, kernelImage, paravirtualImage, pendingImage } from "./seed.ts";
import { launchOne } from "./launch-one.ts";
import { codeOf, openTestServer, otherAccount, refusal } from "./test-server.ts";

const good = { ImageId: hvmImage, InstanceType: "t3.micro", MinCount: 1, MaxCount: 1 } satisfies RunInstancesCommandInput;
const tooMuch = Buffer.alloc(16 * 1024 + 1, "x").toString("base64");

const refused: readonly [what: string, input: object, code: string][] = [
  ["no image", { ...good, ImageId: undefined }, "MissingParameter"],
  ["an image id that is none", { ...good, ImageId: "ubuntu" }, "InvalidAMIID.Malformed"],
  ["an unknown image", { ...good, ImageId: "ami-0000000000000dead" }, "InvalidAMIID.NotFound"],
  ["a kernel image", { ...good, ImageId: kernelImage }, "InvalidAMIID.Malformed"],
  ["an unknown parameter's image", { ...good, ImageId: "resolve:ssm:/no/such" }, "InvalidAMIID.NotFound"],
  ["an unknown type", { ...good, InstanceType: "t3.gigantic" }, "InvalidParameterValue"],
  ["an image of another architecture", { ...good, ImageId: arm64Image }, "InvalidParameterValue"],
  ["an architecture that no host runs", { ...good, ImageId: arm64Image, InstanceType: "m7g.large" }, "Unsupported"],
  ["bare metal that no host has", { ...good, InstanceType: "m7i.metal-48xl" }, "InsufficientInstanceCapacity"],
  ["a paravirtual image on a type without it", { ...good, ImageId: paravirtualImage }, "InvalidParameterCombination"],
  ["no instances", { ...good, MinCount: 0 }, "InvalidParameterValue"],
  ["fewer than none", { ...good, MinCount: -1, MaxCount: 1 }, "InvalidParameterValue"],
  ["more at least than at most", { ...good, MinCount: 2 }, "InvalidParameterCombination"],
  ["too many", { ...good, MaxCount: 1001 }, "InvalidParameterValue"],
  ["an unknown key pair", { ...good, KeyName: "nobody's" }, "InvalidKeyPair.NotFound"],
  ["a subnet id that is none", { ...good, SubnetId: "subnet-x" }, "InvalidSubnetID.Malformed"],
  ["an unknown subnet", { ...good, SubnetId: "subnet-0123456789abcdef0" }, "InvalidSubnetID.NotFound"],
  ["a group id that is none", { ...good, SecurityGroupIds: ["web"] }, "InvalidGroupId.Malformed"],
  ["an unknown group", { ...good, SecurityGroupIds: ["sg-0123456789abcdef0"] }, "InvalidGroup.NotFound"],
  ["an unknown group's name", { ...good, SecurityGroups: ["web"] }, "InvalidGroup.NotFound"],
  ["groups by id and by name", { ...good, SecurityGroupIds: ["sg-0123456789abcdef0"], SecurityGroups: ["default"] }, "InvalidParameterCombination"],
  ["an unknown zone", { ...good, Placement: { AvailabilityZone: "us-east-1z" } }, "InvalidParameterValue"],
  ["a zone without hosts", { ...good, Placement: { AvailabilityZone: "us-east-1f" } }, "InsufficientInstanceCapacity"],
  ["more than fits", { ...good, InstanceType: "m5.24xlarge" }, "InsufficientInstanceCapacity"],
  ["user data that is no base64", { ...good, UserData: "#!/bin/sh" }, "InvalidParameterValue"],
  ["user data over 16 KiB", { ...good, UserData: tooMuch }, "InvalidParameterValue"],
  ["one private address for two", { ...good, MaxCount: 2, PrivateIpAddress: "172.31.0.9" }, "InvalidParameterCombination"],
  ["a private address of nowhere", { ...good, PrivateIpAddress: "10.0.0.1" }, "InvalidParameterValue"],
  ["an interface and a subnet", { ...good, SubnetId: "subnet-0123456789abcdef0", NetworkInterfaces: [{ DeviceIndex: 0 }] }, "InvalidParameterCombination"],
  ["a root volume smaller than the image", { ...good, BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeSize: 4 } }] }, "InvalidBlockDeviceMapping"],
  ["a volume of an unknown type", { ...good, BlockDeviceMappings: [{ DeviceName: "/dev/sdf", Ebs: { VolumeSize: 4, VolumeType: "gp9" } }] }, "UnknownVolumeType"],
  ["a volume of an unknown snapshot", { ...good, BlockDeviceMappings: [{ DeviceName: "/dev/sdf", Ebs: { SnapshotId: "snap-0123456789abcdef0" } }] }, "InvalidSnapshot.NotFound"],
  ["a device that is none", { ...good, BlockDeviceMappings: [{ DeviceName: "C:", Ebs: { VolumeSize: 4 } }] }, "InvalidBlockDeviceMapping"],
  ["a local disk that is none", { ...good, BlockDeviceMappings: [{ DeviceName: "/dev/sdb", VirtualName: "ephemeral24" }] }, "InvalidBlockDeviceMapping"],
  ["an unknown end of a shutdown", { ...good, InstanceInitiatedShutdownBehavior: "sleep" }, "InvalidParameterValue"],
  ["an unknown market", { ...good, InstanceMarketOptions: { MarketType: "fish" } }, "InvalidParameterValue"],
  ["a spot instance", { ...good, InstanceMarketOptions: { MarketType: "spot" } }, "UnsupportedOperation"],
  ["hibernation", { ...good, HibernationOptions: { Configured: true } }, "UnsupportedOperation"],
  ["an enclave", { ...good, EnclaveOptions: { Enabled: true } }, "UnsupportedOperation"],
  ["a license", { ...good, LicenseSpecifications: [{ LicenseConfigurationArn: "arn:aws:license-manager:us-east-1:111111111111:license-configuration:lic-1" }] }, "UnsupportedOperation"],
  ["a host name by the resource", { ...good, PrivateDnsNameOptions: { HostnameType: "resource-name" } }, "UnsupportedOperation"],
  ["more cores than the type has", { ...good, CpuOptions: { CoreCount: 3, ThreadsPerCore: 2 } }, "InvalidParameterValue"],
  ["three threads for each core", { ...good, CpuOptions: { CoreCount: 1, ThreadsPerCore: 3 } }, "InvalidParameterValue"],
  ["fewer threads than the type has", { ...good, CpuOptions: { CoreCount: 1, ThreadsPerCore: 1 } }, "UnsupportedOperation"],
  ["encrypted memory", { ...good, CpuOptions: { AmdSevSnp: "enabled" } }, "UnsupportedOperation"],
  ["tags for what cannot have them", { ...good, TagSpecifications: [{ ResourceType: "vpc", Tags: [{ Key: "a", Value: "b" }] }] }, "InvalidParameterValue"],
  ["tags with a reserved key", { ...good, TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "aws:x", Value: "b" }] }] }, "InvalidParameterValue"],
  ["a hop limit out of bounds", { ...good, MetadataOptions: { HttpPutResponseHopLimit: 65 } }, "InvalidParameterValue"],
  ["a client token that is too long", { ...good, ClientToken: "x".repeat(65) }, "InvalidClientToken"],
  ["only a dry run", { ...good, DryRun: true }, "DryRunOperation"],
];

test("A launch may say what its guest has anyway", async () => {
  await using server = await openTestServer();
  const { instance } = await launchOne(server, {
    InstanceType: "t3.micro",
    InstanceInitiatedShutdownBehavior: "stop",
    HibernationOptions: { Configured: false },
    EnclaveOptions: { Enabled: false },
    CpuOptions: { CoreCount: 1, ThreadsPerCore: 2 },
    PrivateDnsNameOptions: { HostnameType: "ip-name", EnableResourceNameDnsARecord: false },
    Placement: { AvailabilityZone: "", Tenancy: "default" },
  });
  expect(instance).toMatch(/^i-/);
});

test("A launch that cannot be is refused with EC2's code and changes nothing", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  await ec2.describeVpcs({}); // the account has its default network from here on
  const before = await server.dump();
  const codes: Record<string, string> = {};
  for (const [what, input] of refused) codes[what] = await codeOf(ec2.runInstances(input as RunInstancesCommandInput)); // wrong on purpose
  expect(codes).toEqual(Object.fromEntries(refused.map(([what, , code]) => [what, code])));
  expect(await server.dump()).toBe(before);
});

test("A launch into another account's network or with its key pair is refused as if they did not exist", async () => {
  await using server = await openTestServer();
  await server.ec2(otherAccount).createKeyPair({ KeyName: "theirs", KeyType: "ed25519" });
  const { Subnets: [subnet] = [] } = await server.ec2(otherAccount).describeSubnets({});
  const { SecurityGroups: [group] = [] } = await server.ec2(otherAccount).describeSecurityGroups({});
  const ec2 = server.ec2();
  expect([
    await codeOf(ec2.runInstances({ ...good, SubnetId: subnet?.SubnetId })),
    await codeOf(ec2.runInstances({ ...good, SecurityGroupIds: [group?.GroupId ?? ""] })),
    await codeOf(ec2.runInstances({ ...good, KeyName: "theirs" })),
  ]).toEqual(["InvalidSubnetID.NotFound", "InvalidGroup.NotFound", "InvalidKeyPair.NotFound"]);
});

test("A launch of an image that is not built is refused, and asks for nothing but its building", async () => {
  await using server = await openTestServer();
  await server.ec2().describeVpcs({});
  const before = await server.dump();
  expect(await codeOf(server.ec2().runInstances({ ...good, ImageId: pendingImage }))).toBe("InvalidAMIID.Unavailable");
  expect((await server.dump()).replaceAll('"wanted":1', '"wanted":0')).toBe(before);
});

test("A region without hosts answers a launch with the capacity error, as a server's fault", async () => {
  await using server = await openTestServer();
  expect(await refusal(server.ec2(undefined, "eu-west-1").runInstances(good))).toMatchObject({ code: "InsufficientInstanceCapacity", status: 500 });
});

test("An instance can be asked for nothing that its state or its owner forbids", async () => {
  await using server = await openTestServer();
  const { instance } = await launchOne(server);
  const [mine, theirs] = [server.ec2(), server.ec2(otherAccount)];
  const ids = { InstanceIds: [instance] };
  await theirs.describeVpcs({});
  const before = await server.dump();
  const codes = {
    stopPending: await codeOf(mine.stopInstances(ids)),
    hibernate: await codeOf(mine.stopInstances({ ...ids, Hibernate: true })),
    theirStart: await codeOf(theirs.startInstances(ids)),
    theirStop: await codeOf(theirs.stopInstances(ids)),
    theirReboot: await codeOf(theirs.rebootInstances(ids)),
    theirTermination: await codeOf(theirs.terminateInstances(ids)),
    oneBadOfTwo: await codeOf(mine.terminateInstances({ InstanceIds: [instance, "i-0123456789abcdef0"] })),
    malformed: await codeOf(mine.terminateInstances({ InstanceIds: ["i-xyz"] })),
  };
  expect(codes).toEqual({
    stopPending: "IncorrectInstanceState",
    hibernate: "UnsupportedOperation",
    theirStart: "InvalidInstanceID.NotFound",
    theirStop: "InvalidInstanceID.NotFound",
    theirReboot: "InvalidInstanceID.NotFound",
    theirTermination: "InvalidInstanceID.NotFound",
    oneBadOfTwo: "InvalidInstanceID.NotFound",
    malformed: "InvalidInstanceID.Malformed",
  });
  expect(await server.dump()).toBe(before);
});

test("Too many filters are refused, ten thousand of them too", async () => {
  await using server = await openTestServer();
  const filters = (count: number) => Array.from({ length: count }, (_, index) => ({ Name: "instance-id", Values: [`i-${index}`] }));
  expect([await codeOf(server.ec2().describeInstances({ Filters: filters(201) })), await codeOf(server.ec2().describeInstances({ Filters: filters(10_000) }))]).toEqual([
    "FilterLimitExceeded",
    "FilterLimitExceeded",
  ]);
});
