/** What the control plane tells hosts of a VPC, from the calls that made it to the rows that agents read. */
import type { EC2 } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import type { InstanceId, VpcId } from "../../src/base/ids.ts";
import type { VpcReport } from "../../src/host/protocol/report.ts";
import type { VpcSpecification } from "../../src/host/protocol/specification.ts";
import { normalizeIpv6Cidr } from "../../src/base/ipv6.ts";
import { recordReport } from "../../src/reconcile/hosts/record-report.ts";
import { launchOne } from "./launch-one.ts";
import { openTestServer, type TestServer } from "./test-server.ts";
import { ipv6CidrsOf } from "./vpc-parts.ts";
import { look, makeReal } from "./told-hosts.ts";
import { askForPeering, makeSubnet, makeVpc } from "./vpc-parts.ts";

async function told({ store }: TestServer): Promise<Record<string, VpcSpecification>> {
  const rows = await store.read((tx) => tx.db.selectFrom("specifications").selectAll().where("kind", "=", "vpc").execute());
  return Object.fromEntries(rows.map((row) => [row.host_id, { ...(JSON.parse(row.body) as VpcSpecification), generation: row.generation }])); // written by publish
}

const hostOf = ({ store }: TestServer, instance: string) =>
  store.read((tx) =>
    tx.db
      .selectFrom("instances")
      .innerJoin("hosts", "hosts.id", "instances.host_id")
      .select(["hosts.id", "underlay_address"])
      .where("instances.id", "=", instance as InstanceId) // an id from an answer
      .executeTakeFirstOrThrow(),
  );

async function defaultVpc(ec2: EC2): Promise<VpcId> {
  const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({ Filters: [{ Name: "is-default", Values: ["true"] }] });
  return vpc?.VpcId as VpcId; // an id from an answer
}

test("A host learns the whole VPC, and of its groups those that matter to it", async () => {
  await using server = await openTestServer();
  await makeReal(server);
  const ec2 = server.ec2();
  const { GroupId: web = "" } = await ec2.createSecurityGroup({ GroupName: "web", Description: "d" });
  const { GroupId: clients = "" } = await ec2.createSecurityGroup({ GroupName: "clients", Description: "d" });
  await ec2.revokeSecurityGroupEgress({ GroupId: clients, IpPermissions: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }] });
  const { SecurityGroupRules: rules = [] } = await ec2.authorizeSecurityGroupIngress({
    GroupId: web,
    IpPermissions: [
      { IpProtocol: "tcp", FromPort: 80, ToPort: 81, UserIdGroupPairs: [{ GroupId: clients }] },
      { IpProtocol: "icmp", FromPort: 8, ToPort: -1, IpRanges: [{ CidrIp: "192.0.2.1/24" }] },
      { IpProtocol: "tcp", FromPort: 1, ToPort: 1, Ipv6Ranges: [{ CidrIpv6: "::/0" }] },
    ],
  });
  const launched = await launchOne(server, { SecurityGroups: ["web"], Placement: { AvailabilityZone: "us-east-1a" } });
  const vpcId = await defaultVpc(ec2);
  const { SecurityGroupRules: outbound = [] } = await ec2.describeSecurityGroupRules({ Filters: [{ Name: "group-id", Values: [web] }] });
  const { NetworkInterfaces: [nic] = [] } = await ec2.describeNetworkInterfaces({ NetworkInterfaceIds: [launched.networkInterface] });
  await look(server);
  const host = await hostOf(server, launched.instance);
  const { [host.id]: specification } = await told(server);
  const subnet = specification?.subnets.find((each) => each.id === nic?.SubnetId);
  expect({ ...specification, subnets: [subnet] }).toEqual({
    kind: "vpc",
    id: vpcId,
    generation: 1,
    want: "present",
    networkIdentifier: 1,
    cidrs: ["172.31.0.0/16"],
    subnets: [
      {
        id: nic?.SubnetId,
        cidr: expect.stringMatching(/^172\.31\.\d+\.0\/20$/),
        routes: [{ destination: "0.0.0.0/0", target: { kind: "internet" } }],
        acl: [false, true].map((egress) => ({ number: 100, egress, allow: true, traffic: { protocol: -1 }, cidr: "0.0.0.0/0" })),
      },
    ],
    interfaces: [
      {
        id: nic?.NetworkInterfaceId,
        subnet: nic?.SubnetId,
        mac: nic?.MacAddress,
        privateAddresses: [nic?.PrivateIpAddress],
        publicAddresses: { [nic?.PrivateIpAddress ?? ""]: nic?.Association?.PublicIp },
        groups: [web],
        sourceDestCheck: true,
        hostAddress: host.underlay_address,
      },
    ],
    groups: [
      { id: clients, rules: [] },
      {
        id: web,
        rules: [
          { id: rules[0]?.SecurityGroupRuleId ?? "", egress: false, traffic: { protocol: 6, ports: { from: 80, to: 81 } }, peer: { group: clients } },
          { id: rules[1]?.SecurityGroupRuleId ?? "", egress: false, traffic: { protocol: 1, icmp: { type: 8 } }, peer: { cidrs: ["192.0.2.0/24"] } },
          { id: rules[2]?.SecurityGroupRuleId ?? "", egress: false, traffic: { protocol: 6, ports: { from: 1, to: 1 } }, peer: { cidrs: ["::/0"] } },
          { id: outbound.find((rule) => rule.IsEgress)?.SecurityGroupRuleId ?? "", egress: true, traffic: { protocol: -1 }, peer: { cidrs: ["0.0.0.0/0"] } },
        ].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      },
    ].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  });
});

test("ACLs, routes and further addresses reach the hosts, and what a route leads to may be gone", async () => {
  await using server = await openTestServer();
  await makeReal(server);
  const ec2 = server.ec2();
  const router = await launchOne(server, { Placement: { AvailabilityZone: "us-east-1a" } });
  const stopped = await launchOne(server, { Placement: { AvailabilityZone: "us-east-1a" } });
  await server.reportStopped(stopped.instance);
  const vpcId = await defaultVpc(ec2);
  const { NetworkInterfaces: [nic] = [] } = await ec2.describeNetworkInterfaces({ NetworkInterfaceIds: [router.networkInterface] });
  const { RouteTable: table } = await ec2.createRouteTable({ VpcId: vpcId });
  const RouteTableId = table?.RouteTableId ?? "";
  await ec2.associateRouteTable({ RouteTableId, SubnetId: nic?.SubnetId });
  await ec2.createRoute({ RouteTableId, DestinationCidrBlock: "10.1.0.0/16", NetworkInterfaceId: router.networkInterface });
  await ec2.createRoute({ RouteTableId, DestinationCidrBlock: "10.2.0.0/16", NetworkInterfaceId: stopped.networkInterface });
  await ec2.assignPrivateIpAddresses({ NetworkInterfaceId: router.networkInterface, PrivateIpAddresses: [nic?.PrivateIpAddress?.replace(/\d+$/, nic.PrivateIpAddress.endsWith(".77") ? "78" : "77") ?? ""] });
  const { NetworkAcl: acl } = await ec2.createNetworkAcl({ VpcId: vpcId });
  const NetworkAclId = acl?.NetworkAclId ?? "";
  const entry = { NetworkAclId, Protocol: "6", CidrBlock: "0.0.0.0/0", Egress: false, RuleAction: "allow" as const };
  await ec2.createNetworkAclEntry({ ...entry, RuleNumber: 20, PortRange: { From: 1024, To: 65_535 } });
  await ec2.createNetworkAclEntry({ ...entry, RuleNumber: 3, RuleAction: "deny", PortRange: { From: 22, To: 22 } });
  const { NetworkAcls: [standard] = [] } = await ec2.describeNetworkAcls({ Filters: [{ Name: "association.subnet-id", Values: [nic?.SubnetId ?? ""] }] });
  const AssociationId = standard?.Associations?.find((each) => each.SubnetId === nic?.SubnetId)?.NetworkAclAssociationId;
  await ec2.replaceNetworkAclAssociation({ AssociationId, NetworkAclId });
  await look(server);
  const { [(await hostOf(server, router.instance)).id]: specification } = await told(server);
  const subnet = specification?.subnets.find((each) => each.id === nic?.SubnetId);
  expect(subnet?.routes).toEqual([
    { destination: "10.1.0.0/16", target: { kind: "interface", id: router.networkInterface } },
    { destination: "10.2.0.0/16", target: { kind: "blackhole" } },
  ]);
  expect(subnet?.acl).toEqual([
    { number: 3, egress: false, allow: false, traffic: { protocol: 6, ports: { from: 22, to: 22 } }, cidr: "0.0.0.0/0" },
    { number: 20, egress: false, allow: true, traffic: { protocol: 6, ports: { from: 1024, to: 65_535 } }, cidr: "0.0.0.0/0" },
  ]);
  const placed = specification?.interfaces.find((each) => each.id === router.networkInterface);
  expect([placed?.privateAddresses.length, specification?.interfaces.find((each) => each.id === stopped.networkInterface)?.hostAddress]).toEqual([2, undefined]);
});

test("IPv6 reaches the hosts: blocks, addresses in their order, routes to gateways of both kinds and entries of ACLs, blocks of prefix lists", async () => {
  await using server = await openTestServer();
  await makeReal(server);
  const ec2 = server.ec2();
  const VpcId = await defaultVpc(ec2);
  await ec2.associateVpcCidrBlock({ VpcId, AmazonProvidedIpv6CidrBlock: true });
  const [block = ""] = await ipv6CidrsOf(ec2, VpcId);
  const { Subnets: [{ SubnetId = "" } = {}] = [] } = await ec2.describeSubnets({ Filters: [{ Name: "availability-zone", Values: ["us-east-1a"] }] });
  await ec2.associateSubnetCidrBlock({ SubnetId, Ipv6CidrBlock: block });
  const { RouteTables: [table] = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] });
  const { EgressOnlyInternetGateway: gateway } = await ec2.createEgressOnlyInternetGateway({ VpcId });
  const { InternetGateways: [internet] = [] } = await ec2.describeInternetGateways({});
  await ec2.createRoute({ RouteTableId: table?.RouteTableId, DestinationIpv6CidrBlock: "::/0", EgressOnlyInternetGatewayId: gateway?.EgressOnlyInternetGatewayId });
  await ec2.createRoute({ RouteTableId: table?.RouteTableId, DestinationIpv6CidrBlock: "2001:db8::/32", GatewayId: internet?.InternetGatewayId });
  const { PrefixList: list } = await ec2.createManagedPrefixList({ PrefixListName: "l", AddressFamily: "IPv6", MaxEntries: 2, Entries: [block, "2001:db8:1::/48"].map((Cidr) => ({ Cidr })) });
  await ec2.createRoute({ RouteTableId: table?.RouteTableId, DestinationPrefixListId: list?.PrefixListId, GatewayId: internet?.InternetGatewayId });
  const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] });
  await ec2.authorizeSecurityGroupIngress({ GroupId: group?.GroupId, IpPermissions: [{ IpProtocol: "icmpv6", PrefixListIds: [{ PrefixListId: list?.PrefixListId }] }] });
  const [first, second] = ["::b", "::a"].map((last) => block.replace("::/64", last));
  const { instance } = await launchOne(server, { SubnetId, Ipv6Addresses: [{ Ipv6Address: first }, { Ipv6Address: second }] });
  await look(server);
  const host = await hostOf(server, instance);
  const { [host.id]: specification } = await told(server);
  const subnet = specification?.subnets.find(({ id }) => id === SubnetId);
  expect([specification?.ipv6Cidrs, specification?.interfaces[0]?.ipv6Addresses, subnet?.ipv6Cidr]).toEqual([[normalizeIpv6Cidr(block.replace("/64", "/56"))], [first, second], block]);
  expect([subnet?.routes.filter(({ destination }) => destination.includes(":")), subnet?.acl.filter(({ number }) => number === 101).map(({ egress, cidr }) => [egress, cidr])]).toEqual([
    [
      { destination: "2001:db8::/32", target: { kind: "internet" } },
      { destination: "::/0", target: { kind: "egress-only" } },
      { destination: "2001:db8:1::/48", target: { kind: "internet" } },
    ],
    [[false, "::/0"], [true, "::/0"]],
  ]);
  const peers = specification?.groups.flatMap(({ rules }) => rules.filter(({ traffic }) => traffic.protocol === 58).map(({ peer }) => peer));
  expect(peers).toEqual([{ cidrs: ["2001:db8:1::/48", block] }]);
});

test("Hosts without real guests are told nothing", async () => {
  await using server = await openTestServer();
  await launchOne(server);
  await look(server);
  expect(await told(server)).toEqual({});
});

test("A host is let go when it says that nothing is left, and not for what it said before", async () => {
  await using server = await openTestServer();
  await makeReal(server);
  const { instance } = await launchOne(server);
  const vpcId = await defaultVpc(server.ec2());
  await look(server);
  const { id: host } = await hostOf(server, instance);
  await server.reportStopped(instance);
  const report = (generation: number, state: VpcReport["state"], from = host) => server.write((tx) => recordReport(tx, from, { kind: "vpc", id: vpcId, generation, state }, Date.now()));
  const wake = () => server.write((tx) => tx.db.insertInto("due").values({ kind: "vpc", key: vpcId, due_at: 0, attempts: 0 }).onConflict((conflict) => conflict.doNothing()).execute());
  const standing = async () => {
    await wake();
    await look(server);
    const { [host]: specification } = await told(server);
    return specification === undefined ? "withdrawn" : `${specification.want} ${specification.generation}`;
  };
  const first = await standing();
  await report(1, "absent");
  const afterOld = await standing();
  await report(2, "absent", "host-nobody");
  const afterOther = await standing();
  await report(2, "applied");
  const afterApplied = await standing();
  await report(2, "absent");
  await report(1, "applied");
  expect([first, afterOld, afterOther, afterApplied, await standing()]).toEqual(["absent 2", "absent 2", "absent 2", "absent 2", "withdrawn"]);
  await report(2, "absent");
  const rows = await server.read((tx) => tx.db.selectFrom("vpc_hosts").selectAll().execute());
  expect(rows).toEqual([]);
});

test("A VPC that was deleted before its host let go of it is still taken away there", async () => {
  await using server = await openTestServer();
  await makeReal(server);
  const { instance } = await launchOne(server);
  await look(server);
  const { id: host } = await hostOf(server, instance);
  const vpcId = await defaultVpc(server.ec2());
  await server.write(async (tx) => {
    for (const table of ["network_interfaces", "subnets"] as const) await tx.db.deleteFrom(table).where("vpc_id", "=", vpcId).execute();
    await tx.db.deleteFrom("vpcs").where("id", "=", vpcId).execute();
    await tx.db.insertInto("due").values({ kind: "vpc", key: vpcId, due_at: 0, attempts: 0 }).onConflict((conflict) => conflict.doNothing()).execute();
  });
  await look(server);
  expect((await told(server))[host]).toMatchObject({ want: "absent", generation: 2, interfaces: [], groups: [], subnets: [] });
});

test("Two VPCs have different network identifiers, and each keeps its own", async () => {
  await using server = await openTestServer();
  await makeReal(server);
  const ec2 = server.ec2();
  const { Vpc: other } = await ec2.createVpc({ CidrBlock: "172.31.0.0/16" });
  const { Subnet: subnet } = await ec2.createSubnet({ VpcId: other?.VpcId, CidrBlock: "172.31.0.0/24", AvailabilityZone: "us-east-1a" });
  await launchOne(server, { Placement: { AvailabilityZone: "us-east-1a" } });
  await launchOne(server, { SubnetId: subnet?.SubnetId });
  const identifiers = () => server.read((tx) => tx.db.selectFrom("vpcs").select(["id", "network_identifier"]).where("network_identifier", "is not", null).orderBy("id").execute());
  await look(server);
  const first = await identifiers();
  await ec2.createSecurityGroup({ GroupName: "web", Description: "d", VpcId: other?.VpcId });
  await launchOne(server, { SubnetId: subnet?.SubnetId });
  await look(server);
  expect([first.map((row) => row.network_identifier).toSorted(), await identifiers()]).toEqual([[1, 2], first]);
});

test("Hosts of peered VPCs learn each other's interfaces and groups, and a route to the peer, until the connection is deleted", async () => {
  await using server = await openTestServer();
  await makeReal(server);
  const mine = await makeVpc(server);
  const { ec2 } = mine;
  const { Vpc: other } = await ec2.createVpc({ CidrBlock: "10.7.0.0/16" });
  const peerId = other?.VpcId ?? "";
  const connection = { VpcPeeringConnectionId: await askForPeering(ec2, mine.vpcId, peerId) };
  await ec2.createRoute({ RouteTableId: mine.mainTable, DestinationCidrBlock: "10.7.0.0/16", ...connection });
  const [here, there] = [await launchOne(server, { SubnetId: mine.subnetId }), await launchOne(server, { SubnetId: await makeSubnet(ec2, peerId, "10.7.0.0/24"), PrivateIpAddress: "10.7.0.9" })];
  const specificationOf = async (vpc: string, instance: string): Promise<VpcSpecification | undefined> => {
    await look(server);
    await look(server); // each learns the other's network identifier at last
    const host = await hostOf(server, instance);
    const row = await server.read((tx) => tx.db.selectFrom("specifications").select("body").where("kind", "=", "vpc").where("id", "=", vpc).where("host_id", "=", host.id).executeTakeFirst());
    return row === undefined ? undefined : (JSON.parse(row.body) as VpcSpecification); // written by publish
  };
  const waysOut = (specification: VpcSpecification | undefined) => [specification?.peers, specification?.subnets.map(({ routes }) => routes)];
  const route = (target: object) => [[{ destination: "10.7.0.0/16", target }]];
  expect(waysOut(await specificationOf(mine.vpcId, here.instance))).toEqual([undefined, route({ kind: "blackhole" })]);
  await ec2.acceptVpcPeeringConnection(connection);
  const [one, two] = [await specificationOf(mine.vpcId, here.instance), await specificationOf(peerId, there.instance)];
  const asPeer = (specification: VpcSpecification | undefined) => {
    const [{ mac, privateAddresses, groups, hostAddress } = {}] = specification?.interfaces ?? [];
    return [{ id: connection.VpcPeeringConnectionId, vpc: specification?.id, networkIdentifier: specification?.networkIdentifier, cidrs: specification?.cidrs, interfaces: [{ mac, privateAddresses, groups, hostAddress }] }];
  };
  expect([waysOut(one), two?.peers]).toEqual([[asPeer(two), route({ kind: "peering", id: connection.VpcPeeringConnectionId })], asPeer(one)]);
  await ec2.assignPrivateIpAddresses({ NetworkInterfaceId: there.networkInterface, PrivateIpAddresses: ["10.7.0.77"] });
  expect((await specificationOf(mine.vpcId, here.instance))?.peers?.[0]?.interfaces[0]?.privateAddresses).toContain("10.7.0.77");
  await ec2.deleteVpcPeeringConnection(connection);
  expect(waysOut(await specificationOf(mine.vpcId, here.instance))).toEqual([undefined, route({ kind: "blackhole" })]);
});

test("Hosts learn the addresses of an interface's prefix one by one, until it is taken away", async () => {
  await using server = await openTestServer();
  await makeReal(server);
  const { ec2, vpcId, subnetId } = await makeVpc(server);
  const { instance, networkInterface: NetworkInterfaceId } = await launchOne(server, { SubnetId: subnetId, PrivateIpAddress: "10.0.0.9" });
  const addresses = async () => {
    await look(server);
    const { [(await hostOf(server, instance)).id]: specification } = await told(server);
    return [specification?.id, specification?.interfaces[0]?.privateAddresses];
  };
  await ec2.assignPrivateIpAddresses({ NetworkInterfaceId, Ipv4Prefixes: ["10.0.0.32/28"] });
  expect(await addresses()).toEqual([vpcId, ["10.0.0.9", ...Array.from({ length: 16 }, (_none, index) => `10.0.0.${32 + index}`)]]);
  await ec2.unassignPrivateIpAddresses({ NetworkInterfaceId, Ipv4Prefixes: ["10.0.0.32/28"] });
  expect(await addresses()).toEqual([vpcId, ["10.0.0.9"]]);
});
