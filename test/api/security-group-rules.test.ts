import { expect, test } from "vitest";
import { createGroup, tcp } from "./security-group-steps.ts";
import { account, codeOf, openTestServer, otherAccount, refusal } from "./test-server.ts";

const ruleId = expect.stringMatching(/^sgr-[0-9a-f]{17}$/);

test("Authorized rules are one for each peer, in one spelling, with descriptions and tags", async () => {
  await using server = await openTestServer();
  const { ec2, groupId, group } = await createGroup(server);
  const permission = {
    IpProtocol: "6",
    FromPort: 22,
    ToPort: 22,
    IpRanges: [{ CidrIp: "203.0.113.5/24", Description: "office" }],
    Ipv6Ranges: [{ CidrIpv6: "2001:DB8:0:0::1/64" }],
    UserIdGroupPairs: [{ GroupId: groupId }],
  };
  const TagSpecifications = [{ ResourceType: "security-group-rule" as const, Tags: [{ Key: "a", Value: "b" }] }];
  const answer = await ec2.authorizeSecurityGroupIngress({ GroupId: groupId, IpPermissions: [permission], TagSpecifications });
  const ssh = { SecurityGroupRuleId: ruleId, GroupId: groupId, GroupOwnerId: account, IsEgress: false, IpProtocol: "tcp", FromPort: 22, ToPort: 22, Tags: [{ Key: "a", Value: "b" }] };
  expect([answer.Return, answer.SecurityGroupRules]).toEqual([
    true,
    [
      { ...ssh, SecurityGroupRuleArn: expect.any(String), CidrIpv4: "203.0.113.0/24", Description: "office" },
      { ...ssh, SecurityGroupRuleArn: expect.any(String), CidrIpv6: "2001:db8::/64" },
      { ...ssh, SecurityGroupRuleArn: expect.any(String), ReferencedGroupInfo: { GroupId: groupId, UserId: account } },
    ],
  ]);
  expect((await group())?.IpPermissions).toEqual([
    {
      IpProtocol: "tcp",
      FromPort: 22,
      ToPort: 22,
      IpRanges: [{ CidrIp: "203.0.113.0/24", Description: "office" }],
      Ipv6Ranges: [{ CidrIpv6: "2001:db8::/64" }],
      UserIdGroupPairs: [{ GroupId: groupId, UserId: account }],
      PrefixListIds: [],
    },
  ]);
});

test("Protocols have EC2's names and ports", async () => {
  await using server = await openTestServer();
  const { ec2, groupId, group } = await createGroup(server);
  const IpRanges = [{ CidrIp: "0.0.0.0/0" }];
  await ec2.authorizeSecurityGroupEgress({
    GroupId: groupId,
    IpPermissions: [
      { IpProtocol: "1", FromPort: 8, ToPort: -1, IpRanges },
      { IpProtocol: "ICMPv6", IpRanges },
      { IpProtocol: "50", FromPort: 7, ToPort: 9, IpRanges },
      { IpProtocol: "17", FromPort: 0, ToPort: 65_535, IpRanges },
    ],
  });
  const shown = (await group())?.IpPermissionsEgress?.map((permission) => [permission.IpProtocol, permission.FromPort, permission.ToPort]).toSorted();
  expect(shown).toEqual([
    ["-1", undefined, undefined],
    ["50", -1, -1],
    ["icmp", 8, -1],
    ["icmpv6", -1, -1],
    ["udp", 0, 65_535],
  ]);
});

test("A rule by members of the request itself, and all traffic of a group by its name", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  await ec2.createSecurityGroup({ GroupName: "plain", Description: "d" });
  await ec2.authorizeSecurityGroupIngress({ GroupName: "plain", IpProtocol: "tcp", FromPort: 22, ToPort: 22, CidrIp: "0.0.0.0/0" });
  const { SecurityGroupRules: rules = [] } = await ec2.authorizeSecurityGroupIngress({ GroupName: "plain", SourceSecurityGroupName: "default" });
  expect(rules.map((rule) => [rule.IpProtocol, rule.FromPort, rule.ToPort])).toEqual([
    ["icmp", -1, -1],
    ["tcp", 0, 65_535],
    ["udp", 0, 65_535],
  ]);
});

test("A wrong rule is refused with EC2's code, and the whole request with it", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId, groupId } = await createGroup(server);
  await ec2.authorizeSecurityGroupIngress({ GroupId: groupId, IpPermissions: [tcp(22)] });
  const { SecurityGroups: [foreign] = [] } = await ec2.describeSecurityGroups({ GroupNames: ["default"] });
  const before = await server.dump();
  const authorize = (permission: object, more: object = {}) => codeOf(ec2.authorizeSecurityGroupIngress({ GroupId: groupId, IpPermissions: [tcp(80), permission], ...more }));
  const all = { IpProtocol: "-1" };
  expect(await refusal(ec2.authorizeSecurityGroupIngress({ GroupId: groupId, IpPermissions: [tcp(80), tcp(22)] }))).toMatchObject({
    code: "InvalidPermission.Duplicate",
    message: 'the specified rule "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW" already exists',
  });
  const refusals = {
    "twice the same": [tcp(80, "1.2.3.4/0"), "InvalidParameterValue"],
    "no such protocol": [{ ...tcp(81), IpProtocol: "tpc" }, "InvalidParameterValue"],
    "no protocol": [{ IpRanges: [{ CidrIp: "0.0.0.0/0" }] }, "MissingParameter"],
    "no ports": [{ IpProtocol: "tcp", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }, "InvalidParameterValue"],
    "ports out of range": [{ ...tcp(81), ToPort: 65_536 }, "InvalidParameterValue"],
    "ports the wrong way round": [{ ...tcp(81), ToPort: 80 }, "InvalidParameterValue"],
    "a wrong ICMP type": [{ ...tcp(256), IpProtocol: "icmp" }, "InvalidParameterValue"],
    "a malformed block": [tcp(81, "10.0.0.0/33"), "InvalidParameterValue"],
    "an address for a block": [tcp(81, "10.0.0.1"), "InvalidParameterValue"],
    "a malformed IPv6 block": [{ ...all, Ipv6Ranges: [{ CidrIpv6: "10.0.0.0/8" }] }, "InvalidParameterValue"],
    nobody: [all, "MissingParameter"],
    "an unknown group": [{ ...all, UserIdGroupPairs: [{ GroupId: "sg-0123456789abcdef0" }] }, "InvalidGroup.NotFound"],
    "a malformed group": [{ ...all, UserIdGroupPairs: [{ GroupId: "web" }] }, "InvalidGroupId.Malformed"],
    "a group of another VPC": [{ ...all, UserIdGroupPairs: [{ GroupId: foreign?.GroupId }] }, "InvalidGroup.NotFound"],
    "a group of another account": [{ ...all, UserIdGroupPairs: [{ GroupId: groupId, UserId: otherAccount }] }, "InvalidGroup.NotFound"],
    "a prefix list": [{ ...all, PrefixListIds: [{ PrefixListId: "pl-0123456789abcdef0" }] }, "InvalidPrefixListID.NotFound"],
    "a wrong description": [{ ...tcp(81), IpRanges: [{ CidrIp: "0.0.0.0/0", Description: "<b>" }] }, "InvalidParameterValue"],
  } as const;
  const codes: Record<string, string> = {};
  for (const [name, [permission]] of Object.entries(refusals)) codes[name] = await authorize(permission);
  expect(codes).toEqual(Object.fromEntries(Object.entries(refusals).map(([name, [, code]]) => [name, code])));
  expect([
    await authorize(tcp(81), { GroupId: "sg-0123456789abcdef0" }),
    await authorize(tcp(81), { DryRun: true }),
    await authorize(tcp(81), { CidrIp: "0.0.0.0/0" }),
    await codeOf(ec2.authorizeSecurityGroupIngress({ GroupId: groupId })),
    await codeOf(ec2.authorizeSecurityGroupEgress({ GroupId: groupId, IpProtocol: "tcp", FromPort: 1, ToPort: 1, CidrIp: "0.0.0.0/0" })),
    await codeOf(ec2.authorizeSecurityGroupEgress({ GroupId: groupId, IpPermissions: [tcp(1)], DryRun: true })),
  ]).toEqual(["InvalidGroup.NotFound", "DryRunOperation", "InvalidParameterCombination", "MissingParameter", "InvalidParameterCombination", "DryRunOperation"]);
  expect(vpcId).toMatch(/^vpc-/);
  expect(await server.dump()).toBe(before);
});

test("A group has 60 rules for IPv4 and 60 for IPv6 in each direction, and no more", async () => {
  await using server = await openTestServer();
  const { ec2, groupId } = await createGroup(server);
  const blocks = (count: number) => Array.from({ length: count }, (_, index) => ({ CidrIp: `10.0.${index}.0/24` }));
  const ipv6 = Array.from({ length: 60 }, (_, index) => ({ CidrIpv6: `2001:db8:${index}::/48` }));
  const inbound = (IpRanges: object[], Ipv6Ranges: object[] = []) => ec2.authorizeSecurityGroupIngress({ GroupId: groupId, IpPermissions: [{ IpProtocol: "-1", IpRanges, Ipv6Ranges }] });
  expect(await codeOf(inbound(blocks(61)))).toBe("RulesPerSecurityGroupLimitExceeded");
  await inbound(blocks(60), ipv6);
  expect(await codeOf(inbound([{ CidrIp: "192.168.0.0/16" }]))).toBe("RulesPerSecurityGroupLimitExceeded");
  await ec2.authorizeSecurityGroupEgress({ GroupId: groupId, IpPermissions: [tcp(1)] });
});

test("Revoking a rule that is not there fails, but in the default VPC it is only named", async () => {
  await using server = await openTestServer();
  const { ec2, groupId, group, ruleIds } = await createGroup(server);
  await ec2.authorizeSecurityGroupIngress({ GroupId: groupId, IpPermissions: [tcp(22), tcp(80), tcp(443)] });
  const before = await server.dump();
  const revoke = (input: object) => codeOf(ec2.revokeSecurityGroupIngress({ GroupId: groupId, ...input }));
  expect([
    await revoke({ IpPermissions: [tcp(22), tcp(23)] }),
    await revoke({ SecurityGroupRuleIds: ["sgr-0123456789abcdef0"] }),
    await revoke({ SecurityGroupRuleIds: ["x"], IpPermissions: [tcp(22)] }),
    await revoke({ IpPermissions: [tcp(22)], DryRun: true }),
    await codeOf(ec2.revokeSecurityGroupEgress({ GroupId: groupId, SecurityGroupRuleIds: await ruleIds() })),
    await codeOf(ec2.revokeSecurityGroupEgress({ GroupId: groupId, IpPermissions: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }], DryRun: true })),
    await revoke({ GroupId: "sg-0123456789abcdef0", IpPermissions: [tcp(22)] }),
  ]).toEqual([
    "InvalidPermission.NotFound",
    "InvalidSecurityGroupRuleId.NotFound",
    "InvalidParameterCombination",
    "DryRunOperation",
    "InvalidSecurityGroupRuleId.NotFound",
    "DryRunOperation",
    "InvalidGroup.NotFound",
  ]);
  expect(await server.dump()).toBe(before);
  const [ssh] = await ruleIds();
  const answer = await ec2.revokeSecurityGroupIngress({ GroupId: groupId, SecurityGroupRuleIds: [ssh ?? ""] });
  const revoked = { SecurityGroupRuleId: ssh, GroupId: groupId, IsEgress: false, IpProtocol: "tcp", FromPort: 22, ToPort: 22, CidrIpv4: "0.0.0.0/0" };
  expect([answer.Return, answer.RevokedSecurityGroupRules, answer.UnknownIpPermissions]).toEqual([true, [revoked], []]);
  await ec2.revokeSecurityGroupIngress({ GroupId: groupId, IpPermissions: [{ ...tcp(80), IpRanges: [{ CidrIp: "0.0.0.0/0", Description: "whatever" }] }] });
  expect((await group())?.IpPermissions?.map((permission) => permission.FromPort)).toEqual([443]);
  await ec2.createSecurityGroup({ GroupName: "plain", Description: "d" });
  const { UnknownIpPermissions: unknown } = await ec2.revokeSecurityGroupIngress({ GroupName: "plain", IpPermissions: [tcp(22)] });
  expect(unknown).toMatchObject([tcp(22)]);
});

test("ModifySecurityGroupRules changes rules under their ids, and refuses what would be twice", async () => {
  await using server = await openTestServer();
  const { ec2, groupId, ruleIds } = await createGroup(server);
  await ec2.authorizeSecurityGroupIngress({ GroupId: groupId, IpPermissions: [tcp(22), tcp(80)] });
  const [ssh = "", http = ""] = await ruleIds();
  const https = { IpProtocol: "tcp", FromPort: 443, ToPort: 443, CidrIpv4: "10.1.2.3/8", Description: "web" };
  const modify = (SecurityGroupRuleId: string, SecurityGroupRule?: object, more: object = {}) =>
    ec2.modifySecurityGroupRules({ GroupId: groupId, SecurityGroupRules: [{ SecurityGroupRuleId, ...(SecurityGroupRule === undefined ? {} : { SecurityGroupRule }) }], ...more });
  const before = await server.dump();
  expect([
    await codeOf(modify(ssh, { ...https, FromPort: 80, ToPort: 80, CidrIpv4: "0.0.0.0/0" })),
    await codeOf(modify(ssh, { ...https, CidrIpv6: "::/0" })),
    await codeOf(modify(ssh, { IpProtocol: "-1" })),
    await codeOf(modify(ssh)),
    await codeOf(modify("sgr-0123456789abcdef0", https)),
    await codeOf(modify("nonsense", https)),
    await codeOf(modify(ssh, { IpProtocol: "-1", PrefixListId: "pl-0123456789abcdef0" })),
    await codeOf(modify(ssh, https, { DryRun: true })),
    await codeOf(modify(ssh, https, { GroupId: "sg-0123456789abcdef0" })),
  ]).toEqual([
    "InvalidPermission.Duplicate",
    "InvalidParameterCombination",
    "InvalidParameterCombination",
    "MissingParameter",
    "InvalidSecurityGroupRuleId.NotFound",
    "InvalidSecurityGroupRuleId.Malformed",
    "InvalidPrefixListID.NotFound",
    "DryRunOperation",
    "InvalidGroup.NotFound",
  ]);
  expect(await server.dump()).toBe(before);
  await modify(ssh, https);
  await modify(http, { IpProtocol: "-1", ReferencedGroupId: groupId });
  const { SecurityGroupRules: rules } = await ec2.describeSecurityGroupRules({ SecurityGroupRuleIds: [ssh, http] });
  expect(rules?.toSorted((a, b) => (b.FromPort ?? 0) - (a.FromPort ?? 0))).toMatchObject([
    { SecurityGroupRuleId: ssh, FromPort: 443, CidrIpv4: "10.0.0.0/8", Description: "web" },
    { SecurityGroupRuleId: http, IpProtocol: "-1", ReferencedGroupInfo: { GroupId: groupId } },
  ]);
});

test("Descriptions change by rule and by id, and by nothing else", async () => {
  await using server = await openTestServer();
  const { ec2, groupId, group, ruleIds } = await createGroup(server);
  await ec2.authorizeSecurityGroupIngress({ GroupId: groupId, IpPermissions: [tcp(22)] });
  const described = { ...tcp(22), IpRanges: [{ CidrIp: "0.0.0.0/0", Description: "first" }] };
  const description = async () => (await group())?.IpPermissions?.[0]?.IpRanges?.[0]?.Description;
  expect((await ec2.updateSecurityGroupRuleDescriptionsIngress({ GroupId: groupId, IpPermissions: [described] })).Return).toBe(true);
  const first = await description();
  const [SecurityGroupRuleId = ""] = await ruleIds();
  await ec2.updateSecurityGroupRuleDescriptionsIngress({ GroupId: groupId, SecurityGroupRuleDescriptions: [{ SecurityGroupRuleId, Description: "second" }] });
  const second = await description();
  await ec2.updateSecurityGroupRuleDescriptionsIngress({ GroupId: groupId, IpPermissions: [tcp(22)] });
  expect([first, second, await description()]).toEqual(["first", "second", undefined]);
  expect([
    await codeOf(ec2.updateSecurityGroupRuleDescriptionsIngress({ GroupId: groupId, IpPermissions: [tcp(23)] })),
    await codeOf(ec2.updateSecurityGroupRuleDescriptionsEgress({ GroupId: groupId, SecurityGroupRuleDescriptions: [{ SecurityGroupRuleId, Description: "x" }] })),
    await codeOf(ec2.updateSecurityGroupRuleDescriptionsEgress({ GroupId: groupId, IpPermissions: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }], DryRun: true })),
    await codeOf(ec2.updateSecurityGroupRuleDescriptionsIngress({ GroupId: groupId, IpPermissions: [described], DryRun: true })),
    await codeOf(ec2.updateSecurityGroupRuleDescriptionsIngress({ GroupId: groupId })),
  ]).toEqual(["InvalidPermission.NotFound", "InvalidSecurityGroupRuleId.NotFound", "DryRunOperation", "DryRunOperation", "MissingParameter"]);
});
