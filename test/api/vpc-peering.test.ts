/** VPC peering connections between accounts, regions and VPCs, from the request to what routes and groups make of it. */
import type { EC2, VpcPeeringConnection } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import type { VpcSpecification } from "../../src/host/protocol/specification.ts";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { account, openTestServer, otherAccount, type TestServer } from "./test-server.ts";
import { look, makeReal } from "./told-hosts.ts";
import { askForPeering, ipv6CidrsOf, makeSubnet, makeVpc } from "./vpc-parts.ts";

const weekMs = 7 * 24 * 3_600_000;

async function makePeer(ec2: EC2, CidrBlock = "10.7.0.0/16"): Promise<string> {
  return (await ec2.createVpc({ CidrBlock })).Vpc?.VpcId ?? "";
}

/** Two VPCs of the account that are peered. */
async function peer(server: TestServer) {
  const vpc = await makeVpc(server);
  const peerId = await makePeer(vpc.ec2);
  const connection = { VpcPeeringConnectionId: await askForPeering(vpc.ec2, vpc.vpcId, peerId) };
  await vpc.ec2.acceptVpcPeeringConnection(connection);
  return { ...vpc, peerId, connection };
}

async function find(ec2: EC2, { VpcPeeringConnectionId: id = "" }: Pick<VpcPeeringConnection, "VpcPeeringConnectionId">): Promise<VpcPeeringConnection | undefined> {
  return (await ec2.describeVpcPeeringConnections({})).VpcPeeringConnections?.find((each) => each.VpcPeeringConnectionId === id);
}

/** As if the connection had been asked for, and ended, so much earlier. */
async function age(server: TestServer, ms: number): Promise<void> {
  await server.write((tx) => tx.db.updateTable("vpc_peering_connections").set(({ eb }) => ({ created_at: eb("created_at", "-", ms), ended_at: eb("ended_at", "-", ms) })).execute());
}

test("A connection between two accounts is asked for by the one, accepted by the other, seen by both and deleted by either", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId, mainTable: RouteTableId } = await makeVpc(server);
  const theirs = server.ec2(otherAccount);
  const peerId = await makePeer(theirs);
  const Tags = [{ Key: "Name", Value: "bridge" }];
  const { VpcPeeringConnection: made = {} } = await ec2.createVpcPeeringConnection({ VpcId: vpcId, PeerVpcId: peerId, PeerOwnerId: otherAccount, TagSpecifications: [{ ResourceType: "vpc-peering-connection", Tags }] });
  const connection = { VpcPeeringConnectionId: made.VpcPeeringConnectionId };
  const mine = { OwnerId: account, VpcId: vpcId, Region: "us-east-1", CidrBlock: "10.0.0.0/16", CidrBlockSet: [{ CidrBlock: "10.0.0.0/16" }] };
  const other = { OwnerId: otherAccount, VpcId: peerId, Region: "us-east-1" };
  const whole = { VpcPeeringConnectionId: expect.stringMatching(/^pcx-0[0-9a-f]{16}$/), RequesterVpcInfo: mine, AccepterVpcInfo: other, ExpirationTime: expect.any(Date), Tags };
  const pending = { ...whole, Status: { Code: "pending-acceptance", Message: `Pending Acceptance by ${otherAccount}` } };
  expect([made, await find(ec2, made), await find(theirs, made)]).toEqual([{ ...whole, Status: { Code: "initiating-request", Message: `Initiating Request to ${otherAccount}` } }, pending, { ...pending, Tags: [] }]);
  const route = { RouteTableId, DestinationCidrBlock: "10.7.0.0/16", ...connection };
  await ec2.createRoute(route);
  const routeState = async () => {
    const { RouteTables: [table] = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "route.vpc-peering-connection-id", Values: [made.VpcPeeringConnectionId ?? ""] }] });
    return table?.Routes?.find((each) => each.VpcPeeringConnectionId === made.VpcPeeringConnectionId)?.State;
  };
  expect(await routeState()).toBe("blackhole");
  const stranger = server.ec2("555555555555");
  expect(await find(stranger, made)).toBeUndefined();
  await expectRefusals(server, [
    [() => ec2.acceptVpcPeeringConnection(connection), "OperationNotPermitted"],
    [() => theirs.deleteVpcPeeringConnection(connection), "OperationNotPermitted"],
    [() => ec2.createVpcPeeringConnection({ VpcId: vpcId, PeerVpcId: peerId, PeerOwnerId: otherAccount }), "VpcPeeringConnectionAlreadyExists"],
    [() => theirs.deleteVpc({ VpcId: peerId }), "DependencyViolation"],
    [() => theirs.acceptVpcPeeringConnection({ ...connection, DryRun: true }), "DryRunOperation"],
    [() => stranger.acceptVpcPeeringConnection(connection), "InvalidVpcPeeringConnectionID.NotFound"],
  ]);
  const { VpcPeeringConnection: accepted } = await theirs.acceptVpcPeeringConnection(connection);
  const options = { AllowDnsResolutionFromRemoteVpc: false, AllowEgressFromLocalClassicLinkToRemoteVpc: false, AllowEgressFromLocalVpcToRemoteClassicLink: false };
  const blocks = { CidrBlock: "10.7.0.0/16", CidrBlockSet: [{ CidrBlock: "10.7.0.0/16" }] };
  const active = { ...whole, ExpirationTime: undefined, RequesterVpcInfo: { ...mine, PeeringOptions: options }, AccepterVpcInfo: { ...other, ...blocks, PeeringOptions: options }, Status: { Code: "active", Message: "Active" } };
  expect([accepted?.Status, await find(ec2, made), await routeState()]).toEqual([active.Status, active, "active"]);
  await theirs.deleteVpcPeeringConnection(connection);
  expect([(await find(ec2, made))?.Status, await routeState()]).toEqual([{ Code: "deleted", Message: "Deleted" }, "blackhole"]);
  await expectRefusals(server, [
    [() => theirs.acceptVpcPeeringConnection(connection), "InvalidStateTransition"],
    [() => theirs.rejectVpcPeeringConnection(connection), "InvalidStateTransition"],
    [() => ec2.deleteVpcPeeringConnection(connection), "InvalidStateTransition"],
    [() => ec2.replaceRoute(route), "InvalidVpcPeeringConnectionID.NotFound"],
  ]);
});

test("What cannot be peered fails: equal addresses, a VPC that is not there, and itself; only who asked sees it, for two hours", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId } = await makeVpc(server);
  const theirs = server.ec2(otherAccount);
  const same = await makePeer(theirs, "10.0.128.0/20");
  const requests = [{ PeerVpcId: same, PeerOwnerId: otherAccount }, { PeerVpcId: "vpc-0123456789abcdef0", PeerOwnerId: otherAccount }, { PeerVpcId: vpcId }];
  for (const request of requests) await ec2.createVpcPeeringConnection({ VpcId: vpcId, ...request });
  const statuses = async (client: EC2) => (await client.describeVpcPeeringConnections({})).VpcPeeringConnections?.map(({ Status: status }) => status);
  const failed = { Code: "failed", Message: "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range" };
  expect([await statuses(ec2), await statuses(theirs)]).toEqual([[failed, failed, failed], []]);
  await age(server, 7_200_001);
  expect(await statuses(ec2)).toEqual([]);
  await expectRefusals(server, [
    [() => ec2.createVpcPeeringConnection({ VpcId: vpcId, PeerVpcId: "vpc-0123456789abcdef0" }), "InvalidVpcID.NotFound"],
    [() => ec2.createVpcPeeringConnection({ VpcId: vpcId, PeerVpcId: "nonsense" }), "InvalidVpcID.Malformed"],
    [() => ec2.createVpcPeeringConnection({ VpcId: vpcId }), "MissingParameter"],
    [() => ec2.createVpcPeeringConnection({ VpcId: vpcId, PeerVpcId: same, PeerRegion: "mars-1" }), "InvalidParameterValue"],
  ]);
});

test("A request that is rejected, or that nobody answers in a week, has ended, and is forgotten two days later", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId } = await makeVpc(server);
  const peerId = await makePeer(ec2);
  const first = { VpcPeeringConnectionId: await askForPeering(ec2, vpcId, peerId) };
  await ec2.rejectVpcPeeringConnection(first);
  const second = { VpcPeeringConnectionId: await askForPeering(ec2, vpcId, peerId) };
  await server.write((tx) => tx.db.updateTable("vpc_peering_connections").set(({ eb }) => ({ created_at: eb("created_at", "-", weekMs) })).where("state", "=", "pending-acceptance").execute());
  expect([(await find(ec2, first))?.Status?.Code, (await find(ec2, second))?.Status?.Code]).toEqual(["rejected", "expired"]);
  await expectRefusals(server, [[() => ec2.acceptVpcPeeringConnection(second), "InvalidStateTransition"]]);
  await age(server, 2 * 24 * 3_600_000 + 1);
  expect((await ec2.describeVpcPeeringConnections({})).VpcPeeringConnections).toEqual([]);
  await askForPeering(ec2, vpcId, peerId);
  expect(await server.read((tx) => tx.db.selectFrom("vpc_peering_connections").select("state").execute())).toEqual([{ state: "pending-acceptance" }]);
});

test("A connection between two regions is seen in both and accepted in that of the VPC which is asked", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId } = await makeVpc(server);
  const away = server.ec2(undefined, "eu-west-1");
  const { VpcPeeringConnection: made = {} } = await ec2.createVpcPeeringConnection({ VpcId: vpcId, PeerVpcId: await makePeer(away), PeerRegion: "eu-west-1" });
  const connection = { VpcPeeringConnectionId: made.VpcPeeringConnectionId };
  await expectRefusals(server, [[() => ec2.acceptVpcPeeringConnection(connection), "OperationNotPermitted"]]);
  await away.acceptVpcPeeringConnection(connection);
  const seen = [await find(ec2, made), await find(away, made), await find(server.ec2(undefined, "eu-west-2"), made)];
  expect(seen.map((each) => [each?.Status?.Code, each?.AccepterVpcInfo?.Region])).toEqual([["active", "eu-west-1"], ["active", "eu-west-1"], [undefined, undefined]]);
});

test("A rule may name a group of a peered VPC, and is stale when the connection or the group is gone", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId, peerId, connection } = await peer(server);
  const groupOf = async (VpcId: string, GroupName: string) => (await ec2.createSecurityGroup({ VpcId, GroupName, Description: "d" })).GroupId ?? "";
  const [mine, theirs] = [await groupOf(vpcId, "mine"), await groupOf(peerId, "theirs")];
  const strange = await groupOf((await makePeer(ec2, "10.8.0.0/16")), "strange");
  const allow = (GroupId: string) => ec2.authorizeSecurityGroupIngress({ GroupId: mine, IpPermissions: [{ IpProtocol: "tcp", FromPort: 80, ToPort: 80, UserIdGroupPairs: [{ GroupId, UserId: account }] }] });
  await expectRefusals(server, [[() => allow(strange), "InvalidGroup.NotFound"]]);
  await allow(theirs);
  const shown = async () => (await ec2.describeSecurityGroups({ GroupIds: [mine] })).SecurityGroups?.[0]?.IpPermissions?.[0]?.UserIdGroupPairs;
  const pair = { GroupId: theirs, UserId: account, VpcId: peerId, VpcPeeringConnectionId: connection.VpcPeeringConnectionId, PeeringStatus: "active" };
  const references = { SecurityGroupReferenceSet: [{ GroupId: theirs, ReferencingVpcId: vpcId, VpcPeeringConnectionId: connection.VpcPeeringConnectionId }] };
  expect([await shown(), await ec2.describeSecurityGroupReferences({ GroupId: [theirs] })]).toMatchObject([[pair], references]);
  expect((await ec2.describeStaleSecurityGroups({ VpcId: vpcId })).StaleSecurityGroupSet).toEqual([]);
  await ec2.deleteVpcPeeringConnection(connection);
  const stale = (UserIdGroupPairs: readonly object[]) => [{ GroupId: mine, GroupName: "mine", Description: "d", VpcId: vpcId, StaleIpPermissions: [{ IpProtocol: "tcp", FromPort: 80, ToPort: 80, IpRanges: [], PrefixListIds: [], UserIdGroupPairs }], StaleIpPermissionsEgress: [] }];
  const listStale = async () => (await ec2.describeStaleSecurityGroups({ VpcId: vpcId })).StaleSecurityGroupSet;
  expect([await shown(), await listStale()]).toEqual([[{ ...pair, PeeringStatus: "deleted" }], stale([{ ...pair, PeeringStatus: "deleted" }])]);
  await ec2.deleteSecurityGroup({ GroupId: theirs });
  expect(await listStale()).toEqual(stale([{ GroupId: theirs, UserId: account }]));
});

test("Names are resolved for the peer as each owner says, where the VPC has host names", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId, connection } = await peer(server);
  const allow = { AllowDnsResolutionFromRemoteVpc: true };
  await expectRefusals(server, [
    [() => ec2.modifyVpcPeeringConnectionOptions({ ...connection, RequesterPeeringConnectionOptions: allow }), "InvalidVpcPeeringConnectionState.DnsHostnamesDisabled"],
    [() => ec2.modifyVpcPeeringConnectionOptions(connection), "MissingParameter"],
  ]);
  await ec2.modifyVpcAttribute({ VpcId: vpcId, EnableDnsHostnames: { Value: true } });
  const { RequesterPeeringConnectionOptions: set } = await ec2.modifyVpcPeeringConnectionOptions({ ...connection, RequesterPeeringConnectionOptions: allow });
  const found = await find(ec2, connection);
  expect([set, found?.RequesterVpcInfo?.PeeringOptions, found?.AccepterVpcInfo?.PeeringOptions].map((each) => each?.AllowDnsResolutionFromRemoteVpc)).toEqual([true, true, false]);
  await ec2.deleteVpcPeeringConnection(connection);
  await expectRefusals(server, [[() => ec2.modifyVpcPeeringConnectionOptions({ ...connection, RequesterPeeringConnectionOptions: allow }), "OperationNotPermitted"]]);
});

test("A connection goes with a VPC of its, and while it stands neither VPC may get addresses of the other", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId, peerId, connection, mainTable: RouteTableId } = await peer(server);
  await expectRefusals(server, [
    [() => ec2.associateVpcCidrBlock({ VpcId: vpcId, CidrBlock: "10.7.128.0/20" }), "InvalidVpc.Range"],
    [() => ec2.createRoute({ RouteTableId, DestinationCidrBlock: "10.0.0.0/24", ...connection }), "InvalidParameterValue"],
    [() => ec2.createRoute({ RouteTableId, DestinationCidrBlock: "10.7.0.0/16", VpcPeeringConnectionId: "pcx-1" }), "InvalidVpcPeeringConnectionId.Malformed"],
  ]);
  await ec2.deleteVpc({ VpcId: peerId });
  expect((await find(ec2, connection))?.Status?.Code).toBe("deleted");
  await ec2.associateVpcCidrBlock({ VpcId: vpcId, CidrBlock: "10.7.128.0/20" });
});

test("Hosts of peered VPCs learn each other's IPv6 addresses, and routes to them", async () => {
  await using server = await openTestServer();
  await makeReal(server);
  const mine = await makeVpc(server);
  const { ec2 } = mine;
  const { Vpc: other } = await ec2.createVpc({ CidrBlock: "10.7.0.0/16", AmazonProvidedIpv6CidrBlock: true });
  const [peerId, block = ""] = [other?.VpcId ?? "", other?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock];
  const connection = { VpcPeeringConnectionId: await askForPeering(ec2, mine.vpcId, peerId) };
  await ec2.acceptVpcPeeringConnection(connection);
  await ec2.createRoute({ RouteTableId: mine.mainTable, DestinationIpv6CidrBlock: block, ...connection });
  const SubnetId = await makeSubnet(ec2, peerId, "10.7.0.0/24");
  const [first = ""] = await ipv6CidrsOf(ec2, peerId);
  await ec2.associateSubnetCidrBlock({ SubnetId, Ipv6CidrBlock: first });
  const address = first.replace("::/64", "::9");
  await launchOne(server, { SubnetId: mine.subnetId });
  await launchOne(server, { SubnetId, Ipv6Addresses: [{ Ipv6Address: address }] });
  await look(server);
  await look(server);
  const { body } = await server.read((tx) => tx.db.selectFrom("specifications").select("body").where("kind", "=", "vpc").where("id", "=", mine.vpcId).executeTakeFirstOrThrow());
  const { peers: [peer] = [], subnets } = JSON.parse(body) as VpcSpecification; // written by publish
  expect([peer?.ipv6Cidrs, peer?.interfaces.map(({ ipv6Addresses }) => ipv6Addresses), subnets[0]?.routes]).toEqual([[block], [[address]], [{ destination: block, target: { kind: "peering", id: connection.VpcPeeringConnectionId } }]]);
});
