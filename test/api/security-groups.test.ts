import { expect, test } from "vitest";
import { createGroup, tcp } from "./security-group-steps.ts";
import { launchOne } from "./launch-one.ts";
import { account, codeOf, openTestServer, otherAccount, refusal } from "./test-server.ts";

const nothing = { IpRanges: [], Ipv6Ranges: [], PrefixListIds: [], UserIdGroupPairs: [] };

test("A new group lets everything out and nothing in, in the default VPC unless another is named", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId } = await createGroup(server);
  const TagSpecifications = [{ ResourceType: "security-group" as const, Tags: [{ Key: "a", Value: "b" }] }];
  const created = await ec2.createSecurityGroup({ GroupName: "plain", Description: "two words", TagSpecifications });
  const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({ GroupNames: ["PLAIN"] });
  expect(group).toEqual({
    GroupId: created.GroupId,
    GroupName: "plain",
    Description: "two words",
    OwnerId: account,
    VpcId: expect.not.stringMatching(vpcId),
    SecurityGroupArn: `arn:aws:ec2:us-east-1:${account}:security-group/${created.GroupId}`,
    IpPermissions: [],
    IpPermissionsEgress: [{ ...nothing, IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }],
    Tags: [{ Key: "a", Value: "b" }],
  });
  expect(created).toMatchObject({ SecurityGroupArn: group?.SecurityGroupArn, Tags: [{ Key: "a", Value: "b" }] });
});

test("CreateSecurityGroup refuses names that are taken, reserved or malformed, and changes nothing", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId } = await createGroup(server);
  const stranger = server.ec2(otherAccount);
  await stranger.describeVpcs({}); // its first call makes its default network
  const before = await server.dump();
  const create = (GroupName: string, more: object = {}) => codeOf(ec2.createSecurityGroup({ GroupName, Description: "d", VpcId: vpcId, ...more }));
  expect([
    await create("WEB"),
    await create("default"),
    await create("sg-web"),
    await create("naïve"),
    await create("x".repeat(256)),
    await create("other", { Description: "<b>" }),
    await create("other", { VpcId: "vpc-0123456789abcdef0" }),
    await create("other", { VpcId: "nonsense" }),
    await create("other", { TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "a", Value: "b" }] }] }),
    await create("other", { DryRun: true }),
    await codeOf(stranger.createSecurityGroup({ GroupName: "other", Description: "d", VpcId: vpcId })),
  ]).toEqual([
    "InvalidGroup.Duplicate",
    "InvalidGroup.Reserved",
    "InvalidParameterValue",
    "InvalidParameterValue",
    "InvalidParameterValue",
    "InvalidParameterValue",
    "InvalidVpcID.NotFound",
    "InvalidVpcID.Malformed",
    "InvalidParameterValue",
    "DryRunOperation",
    "InvalidVpcID.NotFound",
  ]);
  expect(await server.dump()).toBe(before);
});

test("A group goes when nothing is in it and no rule of another names it", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId, groupId } = await createGroup(server);
  const { GroupId: other } = await ec2.createSecurityGroup({ GroupName: "other", Description: "d", VpcId: vpcId });
  await ec2.authorizeSecurityGroupIngress({ GroupId: other, IpPermissions: [{ IpProtocol: "-1", UserIdGroupPairs: [{ GroupId: groupId }] }] });
  const own = { GroupId: groupId, IpPermissions: [{ IpProtocol: "-1", UserIdGroupPairs: [{ GroupId: groupId }] }] };
  await ec2.authorizeSecurityGroupIngress(own);
  const { SecurityGroups: groups = [] } = await ec2.describeSecurityGroups({ Filters: [{ Name: "vpc-id", Values: [vpcId] }] });
  const standard = groups.find((group) => group.GroupName === "default")?.GroupId ?? "";
  const remove = (GroupId: string, more: object = {}) => codeOf(ec2.deleteSecurityGroup({ GroupId, ...more }));
  expect([await refusal(ec2.deleteSecurityGroup({ GroupId: groupId })), await refusal(ec2.deleteSecurityGroup({ GroupId: standard }))]).toMatchObject([
    { code: "DependencyViolation", message: `resource ${groupId} has a dependent object` },
    { code: "CannotDelete" },
  ]);
  expect([await remove("sg-0123456789abcdef0"), await remove("nonsense"), await remove(other ?? "", { DryRun: true }), await codeOf(ec2.deleteSecurityGroup({}))]).toEqual([
    "InvalidGroup.NotFound",
    "InvalidGroupId.Malformed",
    "DryRunOperation",
    "MissingParameter",
  ]);
  expect(await ec2.deleteSecurityGroup({ GroupId: other })).toMatchObject({ Return: true, GroupId: other });
  expect(await ec2.deleteSecurityGroup({ GroupId: groupId })).toMatchObject({ Return: true, GroupId: groupId });
  expect(await codeOf(ec2.describeSecurityGroups({ GroupIds: [groupId] }))).toBe("InvalidGroup.NotFound");
});

test("A group that an interface is in stays", async () => {
  await using server = await openTestServer();
  const { GroupId } = await server.ec2().createSecurityGroup({ GroupName: "busy", Description: "d" });
  await launchOne(server, { SecurityGroups: ["busy"] });
  expect(await codeOf(server.ec2().deleteSecurityGroup({ GroupName: "busy" }))).toBe("DependencyViolation");
  expect((await server.ec2().describeSecurityGroups({ GroupIds: [GroupId ?? ""] })).SecurityGroups?.length).toBe(1);
});

test("An interface is in five groups at most", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const groups: string[] = [];
  for (const name of "abcdef") groups.push((await ec2.createSecurityGroup({ GroupName: name, Description: "d" })).GroupId ?? "");
  const { instance, networkInterface } = await launchOne(server, { SecurityGroupIds: groups.slice(1) });
  const before = await server.dump();
  expect([
    await codeOf(launchOne(server, { SecurityGroupIds: groups })),
    await codeOf(ec2.modifyInstanceAttribute({ InstanceId: instance, Groups: groups })),
    await codeOf(ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId: networkInterface, Groups: groups })),
  ]).toEqual(Array(3).fill("SecurityGroupsPerInterfaceLimitExceeded"));
  expect(await server.dump()).toBe(before);
});

test("GetSecurityGroupsForVpc lists the VPC's groups, and without peering connections no rule leads to another VPC", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId, groupId } = await createGroup(server);
  const { SecurityGroupForVpcs: groups = [] } = await ec2.getSecurityGroupsForVpc({ VpcId: vpcId });
  expect(groups.map((group) => group.GroupName).toSorted()).toEqual(["default", "web"]);
  const { SecurityGroupForVpcs: named } = await ec2.getSecurityGroupsForVpc({ VpcId: vpcId, Filters: [{ Name: "group-name", Values: ["w*"] }] });
  expect(named).toEqual([{ GroupId: groupId, GroupName: "web", Description: "of the test", OwnerId: account, PrimaryVpcId: vpcId, Tags: [] }]);
  expect([(await ec2.describeSecurityGroupReferences({ GroupId: [groupId] })).SecurityGroupReferenceSet, (await ec2.describeStaleSecurityGroups({ VpcId: vpcId })).StaleSecurityGroupSet]).toEqual([[], []]);
  const unknown = "vpc-0123456789abcdef0";
  expect([
    await codeOf(ec2.getSecurityGroupsForVpc({ VpcId: unknown })),
    await codeOf(ec2.getSecurityGroupsForVpc({ VpcId: vpcId, DryRun: true })),
    await codeOf(ec2.describeSecurityGroupReferences({ GroupId: ["sg-0123456789abcdef0"] })),
    await codeOf(ec2.describeSecurityGroupReferences({ GroupId: [groupId], DryRun: true })),
    await codeOf(ec2.describeStaleSecurityGroups({ VpcId: unknown })),
    await codeOf(ec2.describeStaleSecurityGroups({ VpcId: vpcId, DryRun: true })),
  ]).toEqual(["InvalidVpcID.NotFound", "DryRunOperation", "InvalidGroup.NotFound", "DryRunOperation", "InvalidVpcID.NotFound", "DryRunOperation"]);
});

test("DescribeSecurityGroups filters by everything that a rule says", async () => {
  await using server = await openTestServer();
  const { ec2, groupId } = await createGroup(server);
  await ec2.authorizeSecurityGroupIngress({
    GroupId: groupId,
    IpPermissions: [
      tcp(8080, "198.51.100.0/24"),
      { IpProtocol: "udp", FromPort: 53, ToPort: 54, Ipv6Ranges: [{ CidrIpv6: "2001:db8::/32" }] },
      { IpProtocol: "icmp", FromPort: 8, ToPort: -1, UserIdGroupPairs: [{ GroupId: groupId }] },
    ],
  });
  const found = async (Name: string, value: string) => (await ec2.describeSecurityGroups({ Filters: [{ Name, Values: [value] }] })).SecurityGroups?.map((group) => group.GroupId);
  const filters = { cidr: "198.51.100.0/24", "from-port": "8080", "to-port": "54", "ipv6-cidr": "2001:db8::/32", "group-id": groupId, "user-id": account, protocol: "icmp" };
  const answers = [];
  for (const [name, value] of Object.entries(filters)) answers.push([name, (await found(`ip-permission.${name}`, value))?.includes(groupId)]);
  expect(answers).toEqual(Object.keys(filters).map((name) => [name, true]));
  expect([await found("egress.ip-permission.cidr", "198.51.100.0/24"), await found("ip-permission.prefix-list-id", "pl-1")]).toEqual([[], []]);
});
