import { EC2Client } from "@aws-sdk/client-ec2";
import * as ec2 from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ActionInput, ActionName, ActionOutput } from "./action-types.ts";
import { type Loopback, openLoopback, testCredentials } from "./sdk-loopback.ts";

interface Trip {
  readonly action: ActionName<"ec2">;
  readonly command: { readonly input: object };
  readonly input: object;
  readonly output: object;
}

/** One action with the input that the client sends and the output that the service gives. */
function trip<A extends ActionName<"ec2">>(
  action: A,
  Command: new (input: ActionInput<"ec2", A>) => { readonly input: object },
  input: ActionInput<"ec2", A>,
  output: ActionOutput<"ec2", A>,
): Trip {
  return { action, command: new Command(input), input, output };
}

const launched = new Date("2026-01-15T10:20:30.000Z");
const oddText = `a<b> & "c" 'd'\ttab\nline\r\nend é 漢 😀 %41 +plus `;

const instance: ec2.Instance = {
  InstanceId: "i-0123456789abcdef0",
  ImageId: "ami-0123456789abcdef0",
  State: { Code: 16, Name: "running" },
  PrivateDnsName: "ip-10-0-0-5.ec2.internal",
  PublicDnsName: "",
  AmiLaunchIndex: 0,
  LaunchTime: launched,
  Placement: { AvailabilityZone: "us-east-1a", GroupName: "", Tenancy: "default" },
  Monitoring: { State: "disabled" },
  BlockDeviceMappings: [
    { DeviceName: "/dev/xvda", Ebs: { VolumeId: "vol-01", AttachTime: new Date("2026-01-15T10:20:31.123Z"), DeleteOnTermination: true, Status: "attached" } },
  ],
  SecurityGroups: [{ GroupId: "sg-1", GroupName: "default" }],
  Tags: [
    { Key: "Name", Value: oddText },
    { Key: "empty", Value: "" },
    { Key: "  spaces  ", Value: "   " },
    { Key: "__proto__", Value: "constructor" },
  ],
  NetworkInterfaces: [
    {
      NetworkInterfaceId: "eni-1",
      Groups: [],
      PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: "10.0.0.5", Association: { IpOwnerId: "amazon", PublicIp: "203.0.113.7" } }],
      SourceDestCheck: false,
      Attachment: { AttachmentId: "eni-attach-1", DeviceIndex: 0, NetworkCardIndex: 0 },
    },
  ],
  MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 2, HttpEndpoint: "enabled", State: "applied" },
  EbsOptimized: false,
  CpuOptions: { CoreCount: 1, ThreadsPerCore: 2 },
};

const trips: readonly Trip[] = [
  trip(
    "RunInstances",
    ec2.RunInstancesCommand,
    {
      MinCount: 1,
      MaxCount: 3,
      ImageId: "ami-0123456789abcdef0",
      InstanceType: "t3.micro",
      ClientToken: "token-1",
      UserData: Buffer.from("#!/bin/sh\necho hello").toString("base64"),
      DryRun: false,
      EbsOptimized: true,
      BlockDeviceMappings: [
        { DeviceName: "/dev/xvda", Ebs: { VolumeSize: 8, VolumeType: "gp3", Iops: 3000, DeleteOnTermination: true } },
        { DeviceName: "/dev/sdb", VirtualName: "ephemeral0" },
        { DeviceName: "/dev/sdc", NoDevice: "" },
      ],
      NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: "subnet-1", Groups: ["sg-1", "sg-2"], AssociatePublicIpAddress: true, PrivateIpAddresses: [{ PrivateIpAddress: "10.0.0.9", Primary: true }] }],
      TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "Name", Value: oddText }, { Key: "empty", Value: "" }] }],
      MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1 },
      InstanceMarketOptions: { MarketType: "spot", SpotOptions: { ValidUntil: launched, MaxPrice: "0.05" } },
      IamInstanceProfile: { Name: "web" },
      Placement: { AvailabilityZone: "us-east-1a", PartitionNumber: 2 },
      LicenseSpecifications: [{ LicenseConfigurationArn: "arn:aws:license-manager:us-east-1:1:x" }],
    },
    { ReservationId: "r-1", OwnerId: "123456789012", Groups: [], Instances: [instance, { ...instance, InstanceId: "i-2", Tags: [] }] },
  ),
  trip(
    "DescribeInstances",
    ec2.DescribeInstancesCommand,
    { InstanceIds: ["i-1", "i-2"], Filters: [{ Name: "tag:Name", Values: ["a*", "b?", oddText] }, { Name: "instance-state-name", Values: ["running"] }], MaxResults: 5, NextToken: "abc==" },
    { Reservations: [{ ReservationId: "r-1", OwnerId: "1", Instances: [instance], Groups: [] }], NextToken: "next" },
  ),
  trip("DescribeInstances", ec2.DescribeInstancesCommand, {}, { Reservations: [] }),
  trip(
    "StopInstances",
    ec2.StopInstancesCommand,
    { InstanceIds: ["i-1"], Force: true, Hibernate: false, DryRun: true },
    { StoppingInstances: [{ InstanceId: "i-1", CurrentState: { Code: 64, Name: "stopping" }, PreviousState: { Code: 16, Name: "running" } }] },
  ),
  trip("CreateTags", ec2.CreateTagsCommand, { Resources: ["i-1", "vol-1"], Tags: [{ Key: "k", Value: "v" }, { Key: "only-key" }] }, {}),
  trip(
    "AuthorizeSecurityGroupIngress",
    ec2.AuthorizeSecurityGroupIngressCommand,
    {
      GroupId: "sg-1",
      IpPermissions: [
        { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "0.0.0.0/0", Description: "ssh" }], Ipv6Ranges: [{ CidrIpv6: "::/0" }] },
        { IpProtocol: "-1", FromPort: -1, ToPort: -1, UserIdGroupPairs: [{ GroupId: "sg-2", UserId: "123456789012" }], PrefixListIds: [{ PrefixListId: "pl-1" }] },
      ],
    },
    { Return: true, SecurityGroupRules: [{ SecurityGroupRuleId: "sgr-1", GroupId: "sg-1", IsEgress: false, IpProtocol: "tcp", FromPort: 22, ToPort: 22, CidrIpv4: "0.0.0.0/0", Tags: [] }] },
  ),
  trip(
    "CreateVolume",
    ec2.CreateVolumeCommand,
    { AvailabilityZone: "us-east-1a", Size: 100, VolumeType: "io2", Iops: 5000, Encrypted: true, MultiAttachEnabled: true, TagSpecifications: [{ ResourceType: "volume", Tags: [{ Key: "a", Value: "b" }] }], ClientToken: "t" },
    { VolumeId: "vol-1", Size: 100, SnapshotId: "", AvailabilityZone: "us-east-1a", State: "creating", CreateTime: launched, Encrypted: true, VolumeType: "io2", Iops: 5000, MultiAttachEnabled: true, Tags: [{ Key: "a", Value: "b" }], Attachments: [] },
  ),
  trip(
    "ModifyInstanceAttribute",
    ec2.ModifyInstanceAttributeCommand,
    { InstanceId: "i-1", DisableApiTermination: { Value: true }, UserData: { Value: new Uint8Array([0, 255, 43, 47, 61]) }, Groups: ["sg-1"], InstanceType: { Value: "t3.large" }, BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { DeleteOnTermination: false } }] },
    {},
  ),
  trip(
    "ImportKeyPair",
    ec2.ImportKeyPairCommand,
    { KeyName: "me", PublicKeyMaterial: new TextEncoder().encode("ssh-ed25519 AAAA+/== me@host"), TagSpecifications: [] as ec2.TagSpecification[] },
    { KeyFingerprint: "aa:bb", KeyName: "me", KeyPairId: "key-1" },
  ),
  trip(
    "CreateFleet",
    ec2.CreateFleetCommand,
    {
      LaunchTemplateConfigs: [{ LaunchTemplateSpecification: { LaunchTemplateId: "lt-1", Version: "$Latest" }, Overrides: [{ WeightedCapacity: 1.5, Priority: 0.25, InstanceRequirements: { VCpuCount: { Min: 1 }, MemoryMiB: { Min: 512 }, MemoryGiBPerVCpu: { Min: 0.5, Max: 8 } } }] }],
      TargetCapacitySpecification: { TotalTargetCapacity: 2 },
      ValidFrom: launched,
      ClientToken: "t",
    },
    { FleetId: "fleet-1", Errors: [], Instances: [{ InstanceIds: ["i-1", "i-2"], Lifecycle: "on-demand" }] },
  ),
  trip(
    "CreateLaunchTemplate",
    ec2.CreateLaunchTemplateCommand,
    { LaunchTemplateName: "web", ClientToken: "t", LaunchTemplateData: { ImageId: "ami-1", SecurityGroupIds: ["sg-1"], TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "a", Value: "b" }] }], CreditSpecification: { CpuCredits: "unlimited" } } },
    { LaunchTemplate: { LaunchTemplateId: "lt-1", LaunchTemplateName: "web", CreateTime: launched, DefaultVersionNumber: 1, LatestVersionNumber: 1 } },
  ),
  trip(
    "DescribeInstanceTypes",
    ec2.DescribeInstanceTypesCommand,
    { InstanceTypes: ["t3.micro"] },
    {
      InstanceTypes: [
        {
          InstanceType: "t3.micro",
          CurrentGeneration: true,
          ProcessorInfo: { SupportedArchitectures: ["x86_64"], SustainedClockSpeedInGhz: 2.5 },
          VCpuInfo: { DefaultVCpus: 2, ValidCores: [1], ValidThreadsPerCore: [1, 2] },
          MemoryInfo: { SizeInMiB: 1024 },
          EbsInfo: { EbsOptimizedInfo: { BaselineThroughputInMBps: 10.875 } },
          NetworkInfo: { NetworkPerformance: "Up to 5 Gigabit", MaximumNetworkInterfaces: 2, NetworkCards: [] },
        },
      ],
    },
  ),
  trip(
    "CreateVpc",
    ec2.CreateVpcCommand,
    { CidrBlock: "10.0.0.0/16", InstanceTenancy: "default" },
    { Vpc: { VpcId: "vpc-1", CidrBlock: "10.0.0.0/16", State: "pending", IsDefault: false, DhcpOptionsId: "dopt-1", CidrBlockAssociationSet: [{ AssociationId: "a", CidrBlock: "10.0.0.0/16", CidrBlockState: { State: "associated" } }], Tags: [] } },
  ),
  trip("DeleteKeyPair", ec2.DeleteKeyPairCommand, { KeyName: "me" }, { Return: true, KeyPairId: "key-1" }),
  trip(
    "RegisterImage",
    ec2.RegisterImageCommand,
    { Name: "img", Architecture: "x86_64", RootDeviceName: "/dev/xvda", VirtualizationType: "hvm", EnaSupport: true, BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { SnapshotId: "snap-1" } }], BillingProducts: ["bp-1"] },
    { ImageId: "ami-9" },
  ),
];

let loopback: Loopback;
let client: EC2Client;
let output: object = {};

beforeAll(async () => {
  loopback = await openLoopback(() => output);
  client = new EC2Client({ endpoint: loopback.endpoint, region: "us-east-1", credentials: testCredentials, maxAttempts: 1 });
});

afterAll(async () => {
  client.destroy();
  await loopback[Symbol.asyncDispose]();
});

/** The client neither sends an empty list nor can tell it from an absent one. */
function withoutEmptyLists(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => !(Array.isArray(item) && item.length === 0)));
}

describe("the unmodified EC2 client", () => {
  test.each(trips.map((each, index) => [`${each.action} (${index + 1})`, each] as const))("sends and receives %s whole", async (_name, each) => {
    output = each.output;
    const { $metadata, ...received } = await client.send(each.command as ec2.DescribeInstancesCommand); // any command will do: its schema travels with it
    expect(loopback.understood.at(-1)).toEqual({ service: "ec2", action: each.action, input: withoutEmptyLists(each.input) });
    expect(received).toEqual(each.output);
    expect($metadata.httpStatusCode).toBe(200);
  });
});
