/** Regions, zones, account attributes, instance types: what is the same for everybody. */
import type { InstanceRequirementsRequest } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { account, codeOf, openTestServer, refusal } from "./test-server.ts";

test("DescribeRegions shows every public region with its endpoint", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { Regions: regions = [] } = await ec2.describeRegions({ AllRegions: true });
  expect([regions.length, regions.find((one) => one.RegionName === "eu-central-1"), regions.find((one) => one.RegionName === "af-south-1")?.OptInStatus]).toEqual([
    32,
    { RegionName: "eu-central-1", Endpoint: "ec2.eu-central-1.amazonaws.com", OptInStatus: "opt-in-not-required" },
    "opted-in",
  ]);
  const { Regions: named = [] } = await ec2.describeRegions({ RegionNames: ["us-west-2", "us-east-1"], Filters: [{ Name: "endpoint", Values: ["*west*"] }] });
  expect(named.map((one) => one.RegionName)).toEqual(["us-west-2"]);
  expect([await codeOf(ec2.describeRegions({ RegionNames: ["mars-1"] })), await codeOf(ec2.describeRegions({ DryRun: true }))]).toEqual(["InvalidParameterValue", "DryRunOperation"]);
});

test("DescribeAvailabilityZones shows the caller's region, zones without hosts too", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2(undefined, "ap-northeast-1");
  const { AvailabilityZones: zones = [] } = await ec2.describeAvailabilityZones({ AllAvailabilityZones: true });
  expect(zones.map((zone) => [zone.ZoneName, zone.ZoneId, zone.State, zone.RegionName, zone.ZoneType])).toEqual(
    ["a", "c", "d"].map((letter, index) => [`ap-northeast-1${letter}`, `apne1-az${index + 1}`, "available", "ap-northeast-1", "availability-zone"]),
  );
  const { AvailabilityZones: one = [] } = await ec2.describeAvailabilityZones({ ZoneIds: ["apne1-az2"], Filters: [{ Name: "state", Values: ["available"] }] });
  expect(one.map((zone) => zone.ZoneName)).toEqual(["ap-northeast-1c"]);
  expect([await refusal(ec2.describeAvailabilityZones({ ZoneNames: ["us-east-1a"] })), await codeOf(ec2.describeAvailabilityZones({ Filters: [{ Name: "colour", Values: [] }] }))]).toEqual([
    { code: "InvalidParameterValue", message: "Invalid availability zone: [us-east-1a]", status: 400 },
    "InvalidParameterValue",
  ]);
});

test("DescribeAccountAttributes names the default VPC", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({});
  const { AccountAttributes: attributes } = await ec2.describeAccountAttributes({ AttributeNames: ["default-vpc", "supported-platforms"] });
  expect(attributes).toEqual([
    { AttributeName: "default-vpc", AttributeValues: [{ AttributeValue: vpc?.VpcId }] },
    { AttributeName: "supported-platforms", AttributeValues: [{ AttributeValue: "VPC" }] },
  ]);
  expect((await ec2.describeAccountAttributes({})).AccountAttributes?.length).toBe(6);
  expect(await codeOf(ec2.describeAccountAttributes({ AttributeNames: ["colour" as "default-vpc"] }))).toBe("InvalidParameterValue"); // wrong on purpose
});

test("DescribeInstanceTypes names, filters and pages the catalogue", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { InstanceTypes: [type] = [] } = await ec2.describeInstanceTypes({ InstanceTypes: ["t3.micro"] });
  expect(type).toMatchObject({ InstanceType: "t3.micro", VCpuInfo: { DefaultVCpus: 2 }, MemoryInfo: { SizeInMiB: 1024 }, BurstablePerformanceSupported: true, Hypervisor: "nitro" });
  const { InstanceTypes: filtered = [] } = await ec2.describeInstanceTypes({
    Filters: [
      { Name: "supported-virtualization-type", Values: ["paravirtual"] },
      { Name: "memory-info.size-in-mib", Values: ["3840"] },
    ],
  });
  expect(filtered.map((one) => one.InstanceType)).toEqual(["c3.large", "m3.medium"]);
  const names: (string | undefined)[] = [];
  let NextToken: string | undefined;
  do {
    const page = await ec2.describeInstanceTypes({ MaxResults: 100, ...(NextToken === undefined ? {} : { NextToken }) });
    names.push(...(page.InstanceTypes ?? []).map((one) => one.InstanceType));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  expect([new Set(names).size, names.includes("r5.large")]).toEqual([names.length, true]);
  expect([
    await refusal(ec2.describeInstanceTypes({ InstanceTypes: ["t3.micro", "t9.huge" as "t3.nano"] })), // wrong on purpose
    await codeOf(ec2.describeInstanceTypes({ MaxResults: 101 })),
    await codeOf(ec2.describeInstanceTypes({ MaxResults: 4 })),
    await codeOf(ec2.describeInstanceTypes({ InstanceTypes: Array.from({ length: 101 }, () => "t3.nano" as const) })),
    await codeOf(ec2.describeInstanceTypes({ DryRun: true })),
  ]).toEqual([
    { code: "InvalidInstanceType", message: "The following supplied instance types do not exist: [t9.huge]", status: 400 },
    "InvalidParameterValue",
    "InvalidParameterValue",
    "InvalidParameterValue",
    "DryRunOperation",
  ]);
});

test("GetInstanceTypesFromInstanceRequirements finds the types that have the attributes", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const ask = (requirements: Partial<InstanceRequirementsRequest>, architecture: "x86_64" | "arm64" = "x86_64") =>
    ec2.getInstanceTypesFromInstanceRequirements({
      ArchitectureTypes: [architecture],
      VirtualizationTypes: ["hvm"],
      InstanceRequirements: { VCpuCount: { Min: 8, Max: 8 }, MemoryMiB: { Min: 65_536, Max: 65_536 }, ...requirements },
    });
  const names = async (...of: Parameters<typeof ask>) => (await ask(...of)).InstanceTypes?.map((one) => one.InstanceType).join(" ");
  expect([
    await names({ LocalStorage: "required", CpuManufacturers: ["amd"], AcceleratorCount: { Max: 0 } }),
    await names({ AllowedInstanceTypes: ["r7*", "r8*"], RequireHibernateSupport: true, LocalStorage: "excluded" }, "arm64"),
    await names({ AcceleratorTypes: ["gpu"], MemoryMiB: { Min: 0 }, AcceleratorNames: ["l4"], ExcludedInstanceTypes: ["g6f.*"] }),
    await names({ VCpuCount: { Min: 0 }, MemoryMiB: { Min: 0, Max: 1024 }, BurstablePerformance: "required", InstanceGenerations: ["current"] }),
    await names({ VCpuCount: { Min: 0 }, MemoryMiB: { Min: 0 }, BareMetal: "required", NetworkBandwidthGbps: { Min: 600 } }, "arm64"),
  ]).toEqual(["r5ad.2xlarge", "r7g.2xlarge r8g.2xlarge r8gb.2xlarge r8gn.2xlarge", "g6.2xlarge", "t2.micro t2.nano t3.micro t3.nano t3a.micro t3a.nano", "c8gn.metal-48xl m8gn.metal-48xl r8gn.metal-48xl"]);
  expect([
    await codeOf(ask({ VCpuCount: { Min: 9, Max: 8 } })),
    await codeOf(ask({ VCpuCount: {} as { Min: number } })), // wrong on purpose
    await codeOf(ask({ AllowedInstanceTypes: ["m5*"], ExcludedInstanceTypes: ["m5a*"] })),
    await codeOf(ask({ AllowedInstanceTypes: ["m5?"] })),
    await codeOf(ask({ BareMetal: "perhaps" as "included" })), // wrong on purpose
  ]).toEqual(["InvalidParameterValue", "MissingParameter", "InvalidParameterCombination", "InvalidParameterValue", "InvalidParameterValue"]);
});

test("DescribeInstanceTypeOfferings tells where a type is offered", async () => {
  await using server = await openTestServer();
  const ask = async (LocationType: "region" | "availability-zone" | "availability-zone-id") =>
    (await server.ec2().describeInstanceTypeOfferings({ LocationType, Filters: [{ Name: "instance-type", Values: ["t3.micro"] }] })).InstanceTypeOfferings?.map((one) => one.Location);
  expect([await ask("region"), (await ask("availability-zone"))?.length, (await ask("availability-zone-id"))?.[0]]).toEqual([["us-east-1"], 6, "use1-az1"]);
  expect(await codeOf(server.ec2().describeInstanceTypeOfferings({ LocationType: "planet" as "region" }))).toBe("InvalidParameterValue"); // wrong on purpose
});

test("GetCallerIdentity needs no permission", async () => {
  await using server = await openTestServer();
  const { $metadata: _metadata, ...identity } = await server.sts().getCallerIdentity({});
  expect(identity).toEqual({ Account: account, UserId: account, Arn: `arn:aws:iam::${account}:root` });
});
