import { expect, test } from "vitest";
import { launchOne } from "./launch-one.ts";
import { account, codeOf, openTestServer, refusal } from "./test-server.ts";

const id = (prefix: string) => expect.stringMatching(new RegExp(`^${prefix}-[0-9a-f]{17}$`));

test("An account finds EC2's default network in a region that it never used", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2(undefined, "eu-west-1");
  const { Vpcs: vpcs } = await ec2.describeVpcs({});
  expect(vpcs).toEqual([
    {
      VpcId: id("vpc"),
      OwnerId: account,
      State: "available",
      CidrBlock: "172.31.0.0/16",
      DhcpOptionsId: id("dopt"),
      InstanceTenancy: "default",
      IsDefault: true,
      CidrBlockAssociationSet: [{ AssociationId: id("vpc-cidr-assoc"), CidrBlock: "172.31.0.0/16", CidrBlockState: { State: "associated" } }],
      Ipv6CidrBlockAssociationSet: [],
      Tags: [],
    },
  ]);
  const { Subnets: subnets = [] } = await ec2.describeSubnets({});
  expect(subnets.map((subnet) => [subnet.AvailabilityZone, subnet.AvailabilityZoneId, subnet.CidrBlock, subnet.AvailableIpAddressCount, subnet.DefaultForAz, subnet.MapPublicIpOnLaunch]).toSorted()).toEqual([
    ["eu-west-1a", "euw1-az1", "172.31.0.0/20", 4091, true, true],
    ["eu-west-1b", "euw1-az2", "172.31.16.0/20", 4091, true, true],
    ["eu-west-1c", "euw1-az3", "172.31.32.0/20", 4091, true, true],
  ]);
  const vpcId = vpcs?.[0]?.VpcId ?? "";
  const { InternetGateways: [gateway] = [] } = await ec2.describeInternetGateways({});
  expect(gateway?.Attachments).toEqual([{ State: "available", VpcId: vpcId }]);
  const { RouteTables: [table] = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "association.main", Values: ["true"] }] });
  expect(table?.Routes).toEqual([
    { DestinationCidrBlock: "172.31.0.0/16", GatewayId: "local", Origin: "CreateRouteTable", State: "active" },
    { DestinationCidrBlock: "0.0.0.0/0", GatewayId: gateway?.InternetGatewayId, Origin: "CreateRoute", State: "active" },
  ]);
  const { NetworkAcls: [acl] = [] } = await ec2.describeNetworkAcls({ Filters: [{ Name: "default", Values: ["true"] }] });
  expect([acl?.Associations?.length, acl?.Entries?.map((entry) => [entry.Egress, entry.RuleNumber, entry.RuleAction])]).toEqual([
    3,
    [
      [true, 100, "allow"],
      [true, 32_767, "deny"],
      [false, 100, "allow"],
      [false, 32_767, "deny"],
    ],
  ]);
  const { DhcpOptions: [options] = [] } = await ec2.describeDhcpOptions({});
  expect(options?.DhcpConfigurations).toEqual([
    { Key: "domain-name", Values: [{ Value: "eu-west-1.compute.internal" }] },
    { Key: "domain-name-servers", Values: [{ Value: "AmazonProvidedDNS" }] },
  ]);
  const { EnableDnsHostnames: names } = await ec2.describeVpcAttribute({ VpcId: vpcId, Attribute: "enableDnsHostnames" });
  expect([names, await codeOf(ec2.describeVpcAttribute({ VpcId: vpcId, Attribute: "colour" as "enableDnsSupport" }))]).toEqual([{ Value: true }, "InvalidParameterValue"]); // wrong on purpose
});

test("A security group's rules are folded by protocol and ports, and each shown by itself", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({ GroupNames: ["DEFAULT"] });
  const groupId = group?.GroupId ?? "";
  const rule = { group_id: groupId, egress: 0, protocol: "tcp", from_port: 22, to_port: 22, referenced_group_id: null, ipv6_cidr: null, description: null } as const; // keeps the literals
  await server.write((tx) =>
    tx.db
      .insertInto("security_group_rules")
      .values([
        { ...rule, id: "sgr-0000000000000000a", cidr: "10.0.0.0/8" },
        { ...rule, id: "sgr-0000000000000000b", cidr: "192.168.0.0/16" },
      ])
      .execute(),
  );
  const { SecurityGroups: [changed] = [] } = await ec2.describeSecurityGroups({ Filters: [{ Name: "ip-permission.cidr", Values: ["10.*"] }] });
  const nothing = { IpRanges: [], Ipv6Ranges: [], PrefixListIds: [], UserIdGroupPairs: [] };
  expect(changed).toMatchObject({ GroupId: groupId, GroupName: "default", Description: "default VPC security group", OwnerId: account });
  expect(changed?.IpPermissions?.toSorted((a, b) => ((a.IpProtocol ?? "") < (b.IpProtocol ?? "") ? -1 : 1))).toEqual([
    { ...nothing, IpProtocol: "-1", UserIdGroupPairs: [{ GroupId: groupId, UserId: account }] },
    { ...nothing, IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "10.0.0.0/8" }, { CidrIp: "192.168.0.0/16" }] },
  ]);
  expect(changed?.IpPermissionsEgress).toEqual([{ ...nothing, IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }]);
  const { SecurityGroupRules: rules = [] } = await ec2.describeSecurityGroupRules({ SecurityGroupRuleIds: ["sgr-0000000000000000b"] });
  expect(rules).toMatchObject([{ SecurityGroupRuleId: "sgr-0000000000000000b", GroupId: groupId, IsEgress: false, IpProtocol: "tcp", FromPort: 22, ToPort: 22, CidrIpv4: "192.168.0.0/16" }]);
  expect(await codeOf(ec2.describeSecurityGroups({ GroupNames: ["web"] }))).toBe("InvalidGroup.NotFound");
});

test("A launch shows in its volume, its interface and its subnet", async () => {
  await using server = await openTestServer();
  const launched = await launchOne(server, { BlockDeviceMappings: [{ DeviceName: "/dev/sdf", Ebs: { VolumeSize: 10, VolumeType: "io1", Iops: 100, DeleteOnTermination: false } }] });
  const ec2 = server.ec2();
  const states = async () => ((await ec2.describeVolumes({})).Volumes ?? []).map((volume) => volume.Attachments?.[0]?.State);
  const before = await states();
  await server.reportRunning(launched.instance);
  expect([before, await states()]).toEqual([
    ["attaching", "attaching"],
    ["attached", "attached"],
  ]);
  const { Volumes: [data] = [] } = await ec2.describeVolumes({ Filters: [{ Name: "attachment.device", Values: ["/dev/sdf"] }] });
  expect(data).toEqual({
    VolumeId: id("vol"),
    Size: 10,
    SnapshotId: "",
    AvailabilityZone: expect.stringMatching(/^us-east-1[ab]$/),
    AvailabilityZoneId: expect.stringMatching(/^use1-az[12]$/),
    State: "in-use",
    CreateTime: expect.any(Date),
    Attachments: [{ VolumeId: data?.VolumeId, InstanceId: launched.instance, Device: "/dev/sdf", State: "attached", AttachTime: expect.any(Date), DeleteOnTermination: false }],
    Tags: [],
    VolumeType: "io1",
    Iops: 100,
    Encrypted: false,
    MultiAttachEnabled: false,
  });
  const { NetworkInterfaces: [nic] = [] } = await ec2.describeNetworkInterfaces({ Filters: [{ Name: "attachment.instance-id", Values: [launched.instance] }] });
  const address = nic?.Association?.PublicIp ?? "";
  expect(nic).toMatchObject({
    NetworkInterfaceId: launched.networkInterface,
    Status: "in-use",
    SubnetId: launched.subnetId,
    SourceDestCheck: true,
    Association: { IpOwnerId: "amazon", PublicIp: expect.stringMatching(/^198\.18\.0\./), PublicDnsName: `ec2-${address.replaceAll(".", "-")}.compute-1.amazonaws.com` },
    Attachment: { InstanceId: launched.instance, InstanceOwnerId: account, DeviceIndex: 0, Status: "attached", DeleteOnTermination: true },
  });
  const { Subnets: [subnet] = [] } = await ec2.describeSubnets({ SubnetIds: [launched.subnetId] });
  expect(subnet?.AvailableIpAddressCount).toBe(4090);
});

test("DescribeAddresses has none, and says so of those asked for", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  expect((await ec2.describeAddresses({})).Addresses).toEqual([]);
  expect([await refusal(ec2.describeAddresses({ PublicIps: ["192.0.2.1"] })), await codeOf(ec2.describeAddresses({ AllocationIds: ["eipalloc-0123456789abcdef0"] }))]).toEqual([
    { code: "InvalidAddress.NotFound", message: "Address '192.0.2.1' not found.", status: 400 },
    "InvalidAllocationID.NotFound",
  ]);
});

test("DescribeInstanceCreditSpecifications shows unlimited instances, and named burstable ones", async () => {
  await using server = await openTestServer();
  const { instance: unlimited } = await launchOne(server);
  const { instance: standard } = await launchOne(server, { CreditSpecification: { CpuCredits: "standard" } });
  const { instance: fixed } = await launchOne(server, { InstanceType: "m5.large" });
  const credits = async (InstanceIds?: string[]) => (await server.ec2().describeInstanceCreditSpecifications(InstanceIds === undefined ? {} : { InstanceIds })).InstanceCreditSpecifications;
  expect([await credits(), await credits([standard])]).toEqual([[{ InstanceId: unlimited, CpuCredits: "unlimited" }], [{ InstanceId: standard, CpuCredits: "standard" }]]);
  expect(await codeOf(credits([fixed]))).toBe("InstanceCreditSpecification.NotSupported");
});
