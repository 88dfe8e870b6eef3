import { expect, test } from "vitest";
import { codeOf, openTestServer, otherAccount, refusal, type TestServer } from "./test-server.ts";

const id = (prefix: string) => expect.stringMatching(new RegExp(`^${prefix}-[0-9a-f]{17}$`));
const last = (Egress: boolean) => ({ RuleNumber: 32_767, Protocol: "-1", RuleAction: "deny", Egress, CidrBlock: "0.0.0.0/0" });

async function createAcl(server: TestServer) {
  const ec2 = server.ec2();
  const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({});
  const VpcId = vpc?.VpcId ?? "";
  const { NetworkAcl: acl } = await ec2.createNetworkAcl({ VpcId });
  const NetworkAclId = acl?.NetworkAclId ?? "";
  const shown = async () => (await ec2.describeNetworkAcls({ NetworkAclIds: [NetworkAclId] })).NetworkAcls?.[0];
  const standard = async () => (await ec2.describeNetworkAcls({ Filters: [{ Name: "default", Values: ["true"] }, { Name: "vpc-id", Values: [VpcId] }] })).NetworkAcls?.[0];
  return { ec2, VpcId, NetworkAclId, shown, standard };
}

const entry = { RuleNumber: 10, Protocol: "6", RuleAction: "allow" as const, Egress: false, CidrBlock: "203.0.113.9/24", PortRange: { From: 80, To: 81 } };

test("A new network ACL denies everything, and a VPC's own lets everything through", async () => {
  await using server = await openTestServer();
  const { ec2, VpcId, NetworkAclId, shown, standard } = await createAcl(server);
  expect(await shown()).toMatchObject({ NetworkAclId: id("acl"), VpcId, IsDefault: false, Associations: [], Entries: [last(true), last(false)], Tags: [] });
  const open = (Egress: boolean) => ({ ...last(Egress), RuleNumber: 100, RuleAction: "allow" });
  expect((await standard())?.Entries).toEqual([open(true), last(true), open(false), last(false)]);
  const token = { VpcId, ClientToken: "once" };
  const [first, again] = [await ec2.createNetworkAcl(token), await ec2.createNetworkAcl(token)];
  expect([first.NetworkAcl?.NetworkAclId, first.ClientToken]).toEqual([again.NetworkAcl?.NetworkAclId, "once"]);
  expect([
    await codeOf(ec2.createNetworkAcl({ VpcId: "vpc-0123456789abcdef0" })),
    await codeOf(ec2.createNetworkAcl({ VpcId, DryRun: true })),
    await codeOf(server.ec2(otherAccount).describeNetworkAcls({ NetworkAclIds: [NetworkAclId] })),
  ]).toEqual(["InvalidVpcID.NotFound", "DryRunOperation", "InvalidNetworkAclID.NotFound"]);
});

test("Entries are made, replaced and deleted by number and direction", async () => {
  await using server = await openTestServer();
  const { ec2, NetworkAclId, shown } = await createAcl(server);
  await ec2.createNetworkAclEntry({ NetworkAclId, ...entry });
  await ec2.createNetworkAclEntry({ NetworkAclId, ...entry, Egress: true, Protocol: "icmp", IcmpTypeCode: { Type: 8, Code: -1 } });
  await ec2.createNetworkAclEntry({ NetworkAclId, RuleNumber: 5, Protocol: "-1", RuleAction: "deny", Egress: false, Ipv6CidrBlock: "2001:db8::1/32" });
  const made = (await shown())?.Entries;
  await ec2.replaceNetworkAclEntry({ NetworkAclId, ...entry, RuleAction: "deny", Protocol: "17" });
  await ec2.deleteNetworkAclEntry({ NetworkAclId, RuleNumber: 10, Egress: true });
  const first = { RuleNumber: 5, Protocol: "-1", RuleAction: "deny", Egress: false, Ipv6CidrBlock: "2001:db8::/32" };
  const web = { ...entry, CidrBlock: "203.0.113.0/24" };
  const { PortRange: _ports, ...ping } = { ...web, Egress: true, Protocol: "1", IcmpTypeCode: { Type: 8, Code: -1 } };
  expect([made, (await shown())?.Entries]).toEqual([
    [ping, last(true), first, web, last(false)],
    [last(true), first, { ...web, RuleAction: "deny", Protocol: "17" }, last(false)],
  ]);
  const { NetworkAcls: found } = await ec2.describeNetworkAcls({ Filters: [{ Name: "entry.port-range.from", Values: ["80"] }, { Name: "entry.ipv6-cidr", Values: ["2001:db8::/32"] }] });
  expect(found?.map((acl) => acl.NetworkAclId)).toEqual([NetworkAclId]);
});

test("A wrong entry is refused with EC2's code and changes nothing", async () => {
  await using server = await openTestServer();
  const { ec2, NetworkAclId } = await createAcl(server);
  await ec2.createNetworkAclEntry({ NetworkAclId, ...entry });
  const before = await server.dump();
  const create = (more: object) => codeOf(ec2.createNetworkAclEntry({ NetworkAclId, ...entry, RuleNumber: 11, ...more }));
  expect(await refusal(ec2.createNetworkAclEntry({ NetworkAclId, ...entry }))).toMatchObject({ code: "NetworkAclEntryAlreadyExists" });
  expect([
    await create({ RuleNumber: 0 }),
    await create({ RuleNumber: 32_767 }),
    await create({ Protocol: "300" }),
    await create({ RuleAction: "perhaps" }),
    await create({ CidrBlock: "10.0.0.0/40" }),
    await create({ CidrBlock: undefined }),
    await create({ Ipv6CidrBlock: "::/0" }),
    await create({ PortRange: undefined }),
    await create({ PortRange: { From: 9, To: 8 } }),
    await create({ Protocol: "1" }),
    await create({ NetworkAclId: "acl-0123456789abcdef0" }),
    await create({ NetworkAclId: "nonsense" }),
    await create({ DryRun: true }),
    await codeOf(ec2.replaceNetworkAclEntry({ NetworkAclId, ...entry, RuleNumber: 12 })),
    await codeOf(ec2.replaceNetworkAclEntry({ NetworkAclId, ...entry, DryRun: true })),
    await codeOf(ec2.deleteNetworkAclEntry({ NetworkAclId, RuleNumber: 10, Egress: true })),
    await codeOf(ec2.deleteNetworkAclEntry({ NetworkAclId, RuleNumber: 10, Egress: false, DryRun: true })),
  ]).toEqual([
    "InvalidParameterValue",
    "InvalidParameterValue",
    "InvalidParameterValue",
    "InvalidParameterValue",
    "InvalidParameterValue",
    "MissingParameter",
    "InvalidParameterCombination",
    "MissingParameter",
    "InvalidParameterValue",
    "MissingParameter",
    "InvalidNetworkAclID.NotFound",
    "InvalidNetworkAclId.Malformed",
    "DryRunOperation",
    "InvalidNetworkAclEntry.NotFound",
    "DryRunOperation",
    "InvalidNetworkAclEntry.NotFound",
    "DryRunOperation",
  ]);
  expect(await server.dump()).toBe(before);
});

test("An ACL has 20 entries in each direction", async () => {
  await using server = await openTestServer();
  const { ec2, NetworkAclId } = await createAcl(server);
  for (let RuleNumber = 1; RuleNumber <= 20; RuleNumber++) await ec2.createNetworkAclEntry({ NetworkAclId, ...entry, RuleNumber });
  expect(await codeOf(ec2.createNetworkAclEntry({ NetworkAclId, ...entry, RuleNumber: 21 }))).toBe("NetworkAclEntryLimitExceeded");
  await ec2.createNetworkAclEntry({ NetworkAclId, ...entry, RuleNumber: 21, Egress: true });
});

test("A subnet changes its ACL by its association, which gets another id", async () => {
  await using server = await openTestServer();
  const { ec2, NetworkAclId, shown, standard } = await createAcl(server);
  const [association] = (await standard())?.Associations ?? [];
  const AssociationId = association?.NetworkAclAssociationId;
  expect(await codeOf(ec2.replaceNetworkAclAssociation({ AssociationId, NetworkAclId, DryRun: true }))).toBe("DryRunOperation");
  const { NewAssociationId } = await ec2.replaceNetworkAclAssociation({ AssociationId, NetworkAclId });
  expect((await shown())?.Associations).toEqual([{ NetworkAclAssociationId: NewAssociationId, NetworkAclId, SubnetId: association?.SubnetId }]);
  const { Vpc: other } = await ec2.createVpc({ CidrBlock: "10.0.0.0/16" });
  const { NetworkAcl: foreign } = await ec2.createNetworkAcl({ VpcId: other?.VpcId });
  const standardId = (await standard())?.NetworkAclId;
  expect([
    await codeOf(ec2.replaceNetworkAclAssociation({ AssociationId, NetworkAclId })),
    await codeOf(ec2.replaceNetworkAclAssociation({ AssociationId: "nonsense", NetworkAclId })),
    await codeOf(ec2.replaceNetworkAclAssociation({ AssociationId: NewAssociationId, NetworkAclId: foreign?.NetworkAclId })),
    await codeOf(ec2.replaceNetworkAclAssociation({ AssociationId: NewAssociationId, NetworkAclId: "acl-0123456789abcdef0" })),
    await codeOf(ec2.deleteNetworkAcl({ NetworkAclId })),
    await codeOf(ec2.deleteNetworkAcl({ NetworkAclId: standardId })),
    await codeOf(ec2.deleteNetworkAcl({ NetworkAclId: "acl-0123456789abcdef0" })),
    await codeOf(ec2.deleteNetworkAcl({ NetworkAclId: foreign?.NetworkAclId, DryRun: true })),
  ]).toEqual([
    "InvalidAssociationID.NotFound",
    "InvalidParameterValue",
    "InvalidParameterValue",
    "InvalidNetworkAclID.NotFound",
    "DependencyViolation",
    "InvalidParameterValue",
    "InvalidNetworkAclID.NotFound",
    "DryRunOperation",
  ]);
  await ec2.replaceNetworkAclAssociation({ AssociationId: NewAssociationId, NetworkAclId: standardId });
  await ec2.deleteNetworkAcl({ NetworkAclId });
  expect(await codeOf(ec2.describeNetworkAcls({ NetworkAclIds: [NetworkAclId] }))).toBe("InvalidNetworkAclID.NotFound");
});
