/** Managed prefix lists: versions, what names them, and what hosts make of them. */
import type { EC2, ManagedPrefixList } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import type { VpcSpecification } from "../../src/host/protocol/specification.ts";
import { connectBlock } from "../../src/host/protocol/stream.ts";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { account, openTestServer, otherAccount, type TestServer } from "./test-server.ts";
import { look, makeReal } from "./told-hosts.ts";
import { attachGateway, makeVpc } from "./vpc-parts.ts";

async function make(ec2: EC2, cidrs: readonly string[], MaxEntries = 10, AddressFamily = "IPv4"): Promise<string> {
  const { PrefixList: made } = await ec2.createManagedPrefixList({ PrefixListName: "offices", AddressFamily, MaxEntries, Entries: cidrs.map((Cidr) => ({ Cidr })) });
  return made?.PrefixListId ?? "";
}

async function find(ec2: EC2, PrefixListId: string): Promise<ManagedPrefixList | undefined> {
  return (await ec2.describeManagedPrefixLists({ PrefixListIds: [PrefixListId] })).PrefixLists?.[0];
}

async function entries(ec2: EC2, PrefixListId: string, TargetVersion?: number): Promise<(string | undefined)[] | undefined> {
  return (await ec2.getManagedPrefixListEntries({ PrefixListId, TargetVersion })).Entries?.map(({ Cidr: cidr }) => cidr);
}

const allow = (...ids: readonly string[]) => [{ IpProtocol: "tcp", FromPort: 80, ToPort: 80, PrefixListIds: ids.map((PrefixListId) => ({ PrefixListId, Description: "them" })) }];

test("A list has a version for each change of its entries, and gets an earlier one's back as a new one", async () => {
  await using server = await openTestServer();
  const { ec2 } = await makeVpc(server);
  const Tags = [{ Key: "a", Value: "b" }];
  const request = { PrefixListName: "offices", AddressFamily: "IPv4", MaxEntries: 3, ClientToken: "once", Entries: [{ Cidr: "203.0.113.9/24", Description: "old" }], TagSpecifications: [{ ResourceType: "prefix-list" as const, Tags }] };
  const { PrefixList: made } = await ec2.createManagedPrefixList(request);
  const PrefixListId = made?.PrefixListId ?? "";
  const whole = { PrefixListId: expect.stringMatching(/^pl-0[0-9a-f]{16}$/), PrefixListName: "offices", PrefixListArn: `arn:aws:ec2:us-east-1:${account}:prefix-list/${PrefixListId}`, AddressFamily: "IPv4", MaxEntries: 3, Version: 1, OwnerId: account, Tags };
  expect([made, await find(ec2, PrefixListId), (await ec2.createManagedPrefixList(request)).PrefixList?.PrefixListId]).toEqual([{ ...whole, State: "create-in-progress" }, { ...whole, State: "create-complete" }, PrefixListId]);
  await ec2.modifyManagedPrefixList({ PrefixListId, CurrentVersion: 1, AddEntries: [{ Cidr: "192.0.2.0/24" }, { Cidr: "203.0.113.0/24", Description: "new" }] });
  const { PrefixList: modified } = await ec2.modifyManagedPrefixList({ PrefixListId, CurrentVersion: 2, RemoveEntries: [{ Cidr: "203.0.113.0/24" }] });
  expect([modified?.State, (await find(ec2, PrefixListId))?.State, (await find(ec2, PrefixListId))?.Version]).toEqual(["modify-in-progress", "modify-complete", 3]);
  expect(await Promise.all([1, 2, 3, undefined].map((version) => entries(ec2, PrefixListId, version)))).toEqual([["203.0.113.0/24"], ["192.0.2.0/24", "203.0.113.0/24"], ["192.0.2.0/24"], ["192.0.2.0/24"]]);
  expect((await ec2.getManagedPrefixListEntries({ PrefixListId, TargetVersion: 2 })).Entries?.[1]?.Description).toBe("new");
  await ec2.restoreManagedPrefixListVersion({ PrefixListId, CurrentVersion: 3, PreviousVersion: 1 });
  expect([await entries(ec2, PrefixListId), await find(ec2, PrefixListId)]).toMatchObject([["203.0.113.0/24"], { Version: 4, State: "restore-complete" }]);
  await ec2.modifyManagedPrefixList({ PrefixListId, PrefixListName: "branches", MaxEntries: 5 });
  expect(await find(ec2, PrefixListId)).toMatchObject({ PrefixListName: "branches", MaxEntries: 5, Version: 4 });
  await ec2.deleteManagedPrefixList({ PrefixListId });
  await expectRefusals(server, [[() => ec2.getManagedPrefixListEntries({ PrefixListId }), "InvalidPrefixListID.NotFound"]]);
});

test("EC2's own lists are there in every region, and nobody changes them", async () => {
  await using server = await openTestServer();
  const { ec2 } = await makeVpc(server);
  const names = async (client: EC2) => (await client.describePrefixLists({})).PrefixLists?.map((list) => list.PrefixListName);
  expect(await names(server.ec2(undefined, "eu-west-1"))).toContain("com.amazonaws.eu-west-1.s3");
  const { PrefixLists: [s3] = [] } = await ec2.describeManagedPrefixLists({ Filters: [{ Name: "prefix-list-name", Values: ["com.amazonaws.us-east-1.s3"] }] });
  const PrefixListId = s3?.PrefixListId ?? "";
  expect([s3, await entries(ec2, PrefixListId), (await ec2.describePrefixLists({ PrefixListIds: [PrefixListId] })).PrefixLists]).toEqual([
    { PrefixListId: expect.stringMatching(/^pl-[0-9a-f]{8}$/), PrefixListName: "com.amazonaws.us-east-1.s3", PrefixListArn: `arn:aws:ec2:us-east-1:aws:prefix-list/${PrefixListId}`, AddressFamily: "IPv4", State: "create-complete", OwnerId: "AWS", Tags: [] },
    [],
    [{ PrefixListId, PrefixListName: "com.amazonaws.us-east-1.s3", Cidrs: [] }],
  ]);
  await expectRefusals(server, [[() => ec2.deleteManagedPrefixList({ PrefixListId }), "OperationNotPermitted"], [() => ec2.modifyManagedPrefixList({ PrefixListId, PrefixListName: "mine" }), "OperationNotPermitted"]]);
});

test("Wrong lists and changes are refused with EC2's codes and change nothing", async () => {
  await using server = await openTestServer();
  const { ec2 } = await makeVpc(server);
  const theirs = server.ec2(otherAccount);
  const PrefixListId = await make(ec2, ["192.0.2.0/24"], 2);
  const modify = (change: object) => () => ec2.modifyManagedPrefixList({ PrefixListId, ...change });
  const create = (change: object) => () => ec2.createManagedPrefixList({ PrefixListName: "x", AddressFamily: "IPv4", MaxEntries: 2, ...change });
  await expectRefusals(server, [
    [create({ AddressFamily: "IPX" }), "InvalidParameterValue"],
    [create({ PrefixListName: "com.amazonaws.mine" }), "InvalidParameterValue"],
    [create({ MaxEntries: 1001 }), "InvalidParameterValue"],
    [create({ Entries: [{ Cidr: "2001:db8::/32" }] }), "InvalidParameterValue"],
    [create({ Entries: [{ Cidr: "10.0.0.1/8" }, { Cidr: "10.0.0.0/8" }] }), "InvalidParameterValue"],
    [create({ MaxEntries: 1, Entries: [{ Cidr: "10.0.0.0/8" }, { Cidr: "11.0.0.0/8" }] }), "PrefixListMaxEntriesExceeded"],
    [create({ DryRun: true }), "DryRunOperation"],
    [modify({ CurrentVersion: 2, AddEntries: [{ Cidr: "10.0.0.0/8" }] }), "PrefixListVersionMismatch"],
    [modify({ AddEntries: [{ Cidr: "10.0.0.0/8" }] }), "PrefixListVersionMismatch"],
    [modify({ CurrentVersion: 1, RemoveEntries: [{ Cidr: "10.0.0.0/8" }] }), "InvalidParameterValue"],
    [modify({ CurrentVersion: 1, MaxEntries: 5, AddEntries: [{ Cidr: "10.0.0.0/8" }] }), "InvalidParameterCombination"],
    [modify({ CurrentVersion: 1, AddEntries: [{ Cidr: "10.0.0.0/8" }, { Cidr: "11.0.0.0/8" }] }), "PrefixListMaxEntriesExceeded"],
    [modify({}), "MissingParameter"],
    [() => ec2.restoreManagedPrefixListVersion({ PrefixListId, CurrentVersion: 1, PreviousVersion: 1 }), "InvalidParameterValue"],
    [() => ec2.getManagedPrefixListEntries({ PrefixListId, TargetVersion: 2 }), "InvalidParameterValue"],
    [() => theirs.getManagedPrefixListEntries({ PrefixListId }), "InvalidPrefixListID.NotFound"],
    [() => theirs.deleteManagedPrefixList({ PrefixListId }), "InvalidPrefixListID.NotFound"],
    [() => ec2.deleteManagedPrefixList({ PrefixListId: "offices" }), "InvalidPrefixListId.Malformed"],
  ]);
});

test("Rules name lists, count them as all that they may have, and keep them from being deleted", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId } = await makeVpc(server);
  const GroupId = (await ec2.createSecurityGroup({ VpcId: vpcId, GroupName: "g", Description: "d" })).GroupId ?? "";
  const [list, other] = [await make(ec2, ["192.0.2.0/24"], 50), await make(ec2, [], 11)];
  const { SecurityGroupRules: [rule] = [] } = await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: allow(list) });
  const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({ Filters: [{ Name: "ip-permission.prefix-list-id", Values: [list] }] });
  expect([rule, group?.IpPermissions]).toMatchObject([{ PrefixListId: list, Description: "them" }, allow(list)]);
  expect((await ec2.getManagedPrefixListAssociations({ PrefixListId: list })).PrefixListAssociations).toEqual([{ ResourceId: GroupId, ResourceOwner: account }]);
  await expectRefusals(server, [
    [() => ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: allow(other) }), "RulesPerSecurityGroupLimitExceeded"],
    [() => ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: allow(list) }), "InvalidPermission.Duplicate"],
    [() => ec2.modifyManagedPrefixList({ PrefixListId: list, MaxEntries: 61 }), "RulesPerSecurityGroupLimitExceeded"],
    [() => ec2.deleteManagedPrefixList({ PrefixListId: list }), "DependencyViolation"],
  ]);
  await ec2.modifySecurityGroupRules({ GroupId, SecurityGroupRules: [{ SecurityGroupRuleId: rule?.SecurityGroupRuleId, SecurityGroupRule: { IpProtocol: "-1", PrefixListId: other } }] });
  await ec2.deleteManagedPrefixList({ PrefixListId: list });
  const { RevokedSecurityGroupRules: revoked } = await ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions: [{ IpProtocol: "-1", PrefixListIds: [{ PrefixListId: other }] }] });
  expect(revoked).toMatchObject([{ PrefixListId: other }]);
});

test("Routes name lists of addresses that their target takes, and count them as all that they may have", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId, mainTable: RouteTableId } = await makeVpc(server);
  const GatewayId = await attachGateway(ec2, vpcId);
  const [list, large, ipv6] = [await make(ec2, ["192.0.2.0/24"], 400), await make(ec2, [], 101), await make(ec2, [], 1, "IPv6")];
  const route = { RouteTableId, DestinationPrefixListId: list, GatewayId };
  await ec2.createRoute(route);
  const { RouteTables: [table] = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "route.destination-prefix-list-id", Values: [list] }] });
  expect(table?.Routes).toContainEqual({ DestinationPrefixListId: list, GatewayId, Origin: "CreateRoute", State: "active" });
  await expectRefusals(server, [
    [() => ec2.createRoute({ ...route, DestinationPrefixListId: large }), "RouteLimitExceeded"],
    [() => ec2.createRoute({ RouteTableId, DestinationPrefixListId: ipv6, VpcPeeringConnectionId: "pcx-0123456789abcdef0" }), "InvalidVpcPeeringConnectionID.NotFound"],
    [() => ec2.createRoute({ RouteTableId, DestinationPrefixListId: ipv6, NatGatewayId: "nat-0123456789abcdef0" }), "UnsupportedOperation"],
    [() => ec2.createRoute({ RouteTableId, DestinationPrefixListId: list, EgressOnlyInternetGatewayId: "eigw-0123456789abcdef0" }), "InvalidParameterValue"],
    [() => ec2.createRoute({ ...route, DestinationCidrBlock: "10.9.0.0/16" }), "InvalidParameterCombination"],
    [() => ec2.createRoute({ ...route, DestinationPrefixListId: "pl-0123456789abcdef0" }), "InvalidPrefixListID.NotFound"],
    [() => ec2.modifyManagedPrefixList({ PrefixListId: list, MaxEntries: 500 }), "RouteLimitExceeded"],
    [() => ec2.deleteManagedPrefixList({ PrefixListId: list }), "DependencyViolation"],
  ]);
  await ec2.associateVpcCidrBlock({ VpcId: vpcId, CidrBlock: "10.1.0.0/16" });
  await ec2.deleteRoute({ RouteTableId, DestinationPrefixListId: list });
  await ec2.deleteManagedPrefixList({ PrefixListId: list });
});

test("Hosts are told of the blocks in a list, where rules and routes name it, and of each change", async () => {
  await using server = await openTestServer();
  await makeReal(server);
  const { ec2, vpcId, subnetId, mainTable: RouteTableId } = await makeVpc(server);
  const GatewayId = await attachGateway(ec2, vpcId);
  const PrefixListId = await make(ec2, ["192.0.2.0/24", "10.0.5.0/24", "203.0.113.0/24"]);
  const GroupId = (await ec2.createSecurityGroup({ VpcId: vpcId, GroupName: "g", Description: "d" })).GroupId ?? "";
  const { SecurityGroupRules: [rule] = [] } = await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: allow(PrefixListId) });
  await ec2.createRoute({ RouteTableId, DestinationPrefixListId: PrefixListId, GatewayId });
  const { NetworkInterface: nic } = await ec2.createNetworkInterface({ SubnetId: subnetId });
  await ec2.createRoute({ RouteTableId, DestinationCidrBlock: "203.0.113.0/24", NetworkInterfaceId: nic?.NetworkInterfaceId });
  await launchOne(server, { SubnetId: subnetId, SecurityGroupIds: [GroupId] });
  const internet = (destination: string) => ({ destination, target: { kind: "internet" } });
  const own = { destination: "203.0.113.0/24", target: { kind: "blackhole" } };
  expect(await told(server, vpcId, rule?.SecurityGroupRuleId)).toEqual([{ cidrs: ["10.0.5.0/24", "192.0.2.0/24", "203.0.113.0/24"] }, [own, internet("192.0.2.0/24")]]);
  await ec2.modifyManagedPrefixList({ PrefixListId, CurrentVersion: 1, AddEntries: [{ Cidr: "198.51.100.0/24" }], RemoveEntries: [{ Cidr: "192.0.2.0/24" }] });
  expect(await told(server, vpcId, rule?.SecurityGroupRuleId)).toEqual([{ cidrs: ["10.0.5.0/24", "198.51.100.0/24", "203.0.113.0/24"] }, [own, internet("198.51.100.0/24")]]);

  const { PrefixLists: [service] = [] } = await ec2.describePrefixLists({ Filters: [{ Name: "prefix-list-name", Values: ["com.amazonaws.us-east-1.ec2-instance-connect"] }] });
  const { SecurityGroupRules: [connect] = [] } = await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: allow(service?.PrefixListId ?? "") });
  expect([service?.Cidrs, await entries(ec2, service?.PrefixListId ?? ""), (await told(server, vpcId, connect?.SecurityGroupRuleId))[0]]).toEqual([[connectBlock], [connectBlock], { cidrs: [connectBlock] }]);
});

/** The other side of the rule, and the routes of the VPC's only subnet. */
async function told(server: TestServer, vpcId: string, rule: string | undefined): Promise<readonly unknown[]> {
  await look(server);
  const row = await server.read((tx) => tx.db.selectFrom("specifications").select("body").where("kind", "=", "vpc").where("id", "=", vpcId).executeTakeFirstOrThrow());
  const { groups, subnets } = JSON.parse(row.body) as VpcSpecification; // written by publish
  return [groups.flatMap(({ rules }) => rules).find(({ id }) => id === rule)?.peer, subnets[0]?.routes];
}
