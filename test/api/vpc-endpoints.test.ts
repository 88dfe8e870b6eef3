import type { CreateVpcEndpointCommandInput, VpcEndpoint } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import type { VpcSpecification } from "../../src/host/protocol/specification.ts";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { openStaffedServer, type StaffedServer } from "./simulated-hosts.ts";
import { openTestServer, otherAccount, powerlessKey, refusal } from "./test-server.ts";
import { look, makeReal } from "./told-hosts.ts";
import { askForPeering, makeSubnet, makeVpc, type VpcParts } from "./vpc-parts.ts";

const unknown = "vpce-0123456789abcdef0";
const service = (name: string) => `com.amazonaws.us-east-1.${name}`;
const denyAll = JSON.stringify({ Statement: [{ Effect: "Deny", Principal: "*", Action: "*", Resource: "*" }] });

interface Furnished extends VpcParts {
  readonly otherSubnet: string;
  readonly group: string;
}

/** A VPC with names for its guests, subnets in two zones, and its default group. */
async function furnish(server: StaffedServer): Promise<Furnished> {
  const vpc = await makeVpc(server);
  const { ec2, vpcId: VpcId } = vpc;
  await ec2.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: true } });
  const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] });
  return { ...vpc, otherSubnet: await makeSubnet(ec2, VpcId, "10.0.1.0/24", "us-east-1b"), group: group?.GroupId ?? "" };
}

async function make({ ec2, vpcId }: VpcParts, input: Partial<CreateVpcEndpointCommandInput>): Promise<VpcEndpoint> {
  return (await ec2.createVpcEndpoint({ VpcId: vpcId, ServiceName: service("ec2"), ...input })).VpcEndpoint ?? {};
}

const interfaceInput = ({ subnetId }: Furnished) => ({ VpcEndpointType: "Interface", SubnetIds: [subnetId] }) satisfies Partial<CreateVpcEndpointCommandInput>;

async function find({ ec2 }: VpcParts, { VpcEndpointId: id = "" }: VpcEndpoint): Promise<VpcEndpoint> {
  return (await ec2.describeVpcEndpoints({ VpcEndpointIds: [id] })).VpcEndpoints?.[0] ?? {};
}

test("An interface endpoint is pending, then available with an interface in each subnet that is only its own; deleted, nothing of it is left", async () => {
  await using server = await openStaffedServer();
  const vpc = await furnish(server);
  const { ec2, subnetId, otherSubnet, group } = vpc;
  const Tags = [{ Key: "Name", Value: "api" }];
  const input = { ...interfaceInput(vpc), SubnetConfigurations: [{ SubnetId: otherSubnet, Ipv4: "10.0.1.50" }], ClientToken: "once", TagSpecifications: [{ ResourceType: "vpc-endpoint" as const, Tags }] };
  const made = await make(vpc, input);
  expect([made.State, (await make(vpc, input)).VpcEndpointId]).toEqual(["pending", made.VpcEndpointId]);
  await server.hosts.settle();
  const found = await find(vpc, made);
  const own = `${made.VpcEndpointId}-${made.VpcEndpointId?.slice(-8)}`;
  expect(found).toMatchObject({ VpcEndpointType: "Interface", State: "available", SubnetIds: [subnetId, otherSubnet], Groups: [{ GroupId: group, GroupName: "default" }], PrivateDnsEnabled: true, RouteTableIds: [], Tags });
  const suffix = "ec2.us-east-1.vpce.amazonaws.com";
  expect(found.DnsEntries?.map(({ DnsName: name }) => name)).toEqual([`${own}.${suffix}`, `${own}-us-east-1a.${suffix}`, `${own}-us-east-1b.${suffix}`, "ec2.us-east-1.amazonaws.com"]);
  const { NetworkInterfaces: nics = [] } = await ec2.describeNetworkInterfaces({ Filters: [{ Name: "requester-managed", Values: ["true"] }] });
  expect(nics.map((nic) => nic.NetworkInterfaceId).toSorted()).toEqual(found.NetworkInterfaceIds?.toSorted());
  expect(nics.find((nic) => nic.SubnetId === otherSubnet)).toMatchObject({ InterfaceType: "vpc_endpoint", PrivateIpAddress: "10.0.1.50", Status: "in-use", Description: `VPC Endpoint Interface ${made.VpcEndpointId}`, Groups: [{ GroupId: group }] });
  const nic = { NetworkInterfaceId: nics[0]?.NetworkInterfaceId };
  await expectRefusals(server, [
    [() => ec2.deleteNetworkInterface(nic), "InvalidParameterValue"],
    [() => ec2.modifyNetworkInterfaceAttribute({ ...nic, Description: { Value: "mine" } }), "AuthFailure"],
    [() => ec2.deleteSubnet({ SubnetId: otherSubnet }), "DependencyViolation"],
  ]);
  await ec2.deleteVpcEndpoints({ VpcEndpointIds: [made.VpcEndpointId ?? ""] });
  await server.hosts.settle();
  await expectRefusals(server, [[() => find(vpc, made), "InvalidVpcEndpointId.NotFound"]]);
  await ec2.deleteSubnet({ SubnetId: otherSubnet });
  expect((await ec2.describeTags({ Filters: [{ Name: "resource-type", Values: ["vpc-endpoint"] }] })).Tags).toEqual([]);
});

test("Hosts of a peer's guests have the endpoint too, and know its own names, while the VPCs are peered", async () => {
  await using server = await openTestServer();
  await makeReal(server);
  const hub = await makeVpc(server);
  const { ec2, vpcId } = hub;
  const peerId = (await ec2.createVpc({ CidrBlock: "10.7.0.0/16" })).Vpc?.VpcId ?? "";
  await launchOne(server, { SubnetId: await makeSubnet(ec2, peerId, "10.7.0.0/24") });
  const { VpcEndpointId: id = "" } = await make(hub, { VpcEndpointType: "Interface", SubnetIds: [hub.subnetId], PrivateDnsEnabled: false });
  const told = async () => {
    for (let round = 0; round < 3; round += 1) await look(server); // each VPC learns the other's network identifier at last
    const rows = await server.read((tx) => tx.db.selectFrom("specifications").select("body").where("kind", "=", "vpc").execute());
    return new Map(rows.map(({ body }) => JSON.parse(body) as VpcSpecification).map((specification) => [specification.id as string, specification])); // written by publish
  };
  expect([...(await told()).keys()]).toEqual([peerId]);
  const connection = { VpcPeeringConnectionId: await askForPeering(ec2, vpcId, peerId) };
  await ec2.acceptVpcPeeringConnection(connection);
  const known = await told();
  const [{ mac, privateAddresses, groups, endpoint } = {}] = known.get(vpcId)?.interfaces ?? [];
  const peer = known.get(peerId);
  expect([endpoint, peer?.peers, peer?.names?.[0]]).toEqual([
    true,
    [{ id: connection.VpcPeeringConnectionId, vpc: vpcId, networkIdentifier: known.get(vpcId)?.networkIdentifier, cidrs: ["10.0.0.0/16"], interfaces: [{ mac, privateAddresses, groups }] }],
    { name: `${id}-${id.slice(-8)}.ec2.us-east-1.vpce.amazonaws.com`, addresses: privateAddresses },
  ]);
  await ec2.deleteVpcPeeringConnection(connection);
  const left = await told();
  expect([left.get(vpcId)?.want, left.get(peerId)?.peers, left.get(peerId)?.names]).toEqual(["absent", undefined, undefined]);
});

test("A gateway endpoint is a route to its service's prefix list in each of its tables, which only the endpoint takes away", async () => {
  await using server = await openStaffedServer();
  const vpc = await furnish(server);
  const { ec2, vpcId: VpcId, mainTable } = vpc;
  const { RouteTable: other } = await ec2.createRouteTable({ VpcId });
  const made = await make(vpc, { ServiceName: service("s3"), RouteTableIds: [mainTable] });
  const VpcEndpointId = made.VpcEndpointId ?? "";
  const { PrefixLists: [list] = [] } = await ec2.describePrefixLists({ Filters: [{ Name: "prefix-list-name", Values: [service("s3")] }] });
  const route = { RouteTableId: mainTable, DestinationPrefixListId: list?.PrefixListId };
  const tablesWithRoute = async () => {
    const { RouteTables: tables = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "route.gateway-id", Values: [VpcEndpointId] }] });
    return tables.map((table) => [table.RouteTableId, table.Routes?.find(({ GatewayId: id }) => id === VpcEndpointId)?.State]);
  };
  expect([made.State, made.RouteTableIds, await tablesWithRoute()]).toEqual(["available", [mainTable], [[mainTable, "active"]]]);
  await expectRefusals(server, [
    [() => ec2.deleteRoute(route), "InvalidParameterValue"],
    [() => ec2.replaceRoute({ ...route, GatewayId: "local" }), "InvalidParameterValue"],
    [() => make(vpc, { ServiceName: service("s3"), RouteTableIds: [mainTable] }), "RouteAlreadyExists"],
    [() => ec2.modifyVpcEndpoint({ VpcEndpointId, RemoveRouteTableIds: [other?.RouteTableId ?? ""] }), "InvalidParameter"],
    [() => ec2.deleteVpc({ VpcId }), "DependencyViolation"],
  ]);
  await ec2.modifyVpcEndpoint({ VpcEndpointId, AddRouteTableIds: [other?.RouteTableId ?? ""], RemoveRouteTableIds: [mainTable] });
  expect(await tablesWithRoute()).toEqual([[other?.RouteTableId, "active"]]);
  const { Unsuccessful } = await ec2.deleteVpcEndpoints({ VpcEndpointIds: [unknown, VpcEndpointId] });
  expect(Unsuccessful).toEqual([{ ResourceId: unknown, Error: { Code: "InvalidVpcEndpointId.NotFound", Message: `The Vpc Endpoint Id '${unknown}' does not exist` } }]);
  expect([await tablesWithRoute(), (await ec2.describeVpcEndpoints({})).VpcEndpoints]).toEqual([[], []]);
});

test("An endpoint's policy, groups, subnets and name can be changed", async () => {
  await using server = await openStaffedServer();
  const vpc = await furnish(server);
  const { ec2, vpcId: VpcId, subnetId, otherSubnet, group } = vpc;
  const { GroupId: extra = "" } = await ec2.createSecurityGroup({ VpcId, GroupName: "web", Description: "web" });
  const made = await make(vpc, interfaceInput(vpc));
  const VpcEndpointId = made.VpcEndpointId ?? "";
  await ec2.modifyVpcEndpoint({ VpcEndpointId, PolicyDocument: denyAll, AddSecurityGroupIds: [extra], RemoveSecurityGroupIds: [group], AddSubnetIds: [otherSubnet], RemoveSubnetIds: [subnetId], PrivateDnsEnabled: false });
  const changed = await find(vpc, made);
  expect(changed).toMatchObject({ PolicyDocument: denyAll, Groups: [{ GroupId: extra, GroupName: "web" }], SubnetIds: [otherSubnet], PrivateDnsEnabled: false });
  const { NetworkInterfaces: nics = [] } = await ec2.describeNetworkInterfaces({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] });
  expect(nics.map((nic) => [nic.SubnetId, nic.Groups?.map(({ GroupId: id }) => id)])).toEqual([[otherSubnet, [extra]]]);
  await ec2.modifyVpcEndpoint({ VpcEndpointId, ResetPolicy: true, PrivateDnsEnabled: true });
  expect([(await find(vpc, made)).PolicyDocument, (await find(vpc, made)).PrivateDnsEnabled]).toEqual([made.PolicyDocument, true]);
});

test("What no endpoint can be is refused with EC2's codes, and changes nothing", async () => {
  await using server = await openStaffedServer();
  const vpc = await furnish(server);
  const { ec2, vpcId: VpcId, subnetId, mainTable, group } = vpc;
  const sameZone = await makeSubnet(ec2, VpcId, "10.0.2.0/24");
  const { Vpc: plain } = await ec2.createVpc({ CidrBlock: "10.3.0.0/16" });
  const { VpcEndpointId = "" } = await make(vpc, interfaceInput(vpc));
  const own = interfaceInput(vpc);
  await expectRefusals(server, [
    [() => make(vpc, { ...own, ServiceName: service("nothing") }), "InvalidServiceName"],
    [() => make(vpc, { ...own, ServiceName: "com.amazonaws.eu-west-1.ec2" }), "InvalidServiceName"],
    [() => make(vpc, { ServiceName: service("ec2") }), "InvalidParameter"],
    [() => make(vpc, { ...own, ServiceName: service("s3") }), "InvalidParameter"],
    [() => make(vpc, { VpcEndpointType: "GatewayLoadBalancer" }), "UnsupportedOperation"],
    [() => make(vpc, { ...own, VpcId: "vpc-0123456789abcdef0" }), "InvalidVpcID.NotFound"],
    [() => make(vpc, { ...own, ServiceName: service("sts"), SubnetIds: ["subnet-0123456789abcdef0"] }), "InvalidSubnetID.NotFound"],
    [() => make(vpc, { ...own, ServiceName: service("sts"), SubnetIds: [subnetId, sameZone] }), "DuplicateSubnetsInSameZone"],
    [() => make(vpc, { ...own, ServiceName: service("sts"), SecurityGroupIds: ["sg-0123456789abcdef0"] }), "InvalidGroup.NotFound"],
    [() => make(vpc, { ...own, ServiceName: service("sts"), RouteTableIds: [mainTable] }), "InvalidParameter"],
    [() => make(vpc, { ServiceName: service("s3"), SecurityGroupIds: [group] }), "InvalidParameter"],
    [() => make(vpc, { ...own, ServiceName: service("sts"), PolicyDocument: "{" }), "InvalidPolicyDocument"],
    [() => make(vpc, own), "InvalidParameter"],
    [() => make(vpc, { VpcId: plain?.VpcId, VpcEndpointType: "Interface" }), "InvalidParameter"],
    [() => make(vpc, { ...own, ServiceName: service("sts"), DryRun: true }), "DryRunOperation"],
    [() => ec2.modifyVpcEndpoint({ VpcEndpointId, AddSubnetIds: [sameZone] }), "DuplicateSubnetsInSameZone"],
    [() => ec2.modifyVpcEndpoint({ VpcEndpointId, RemoveSecurityGroupIds: [group] }), "InvalidParameter"],
    [() => ec2.modifyVpcEndpoint({ VpcEndpointId, AddRouteTableIds: [mainTable] }), "InvalidParameter"],
    [() => ec2.modifyVpcEndpoint({ VpcEndpointId: unknown }), "InvalidVpcEndpointId.NotFound"],
    [() => ec2.modifyVpcEndpoint({ VpcEndpointId: "vpce-x" }), "InvalidVpcEndpointId.Malformed"],
    [() => ec2.deleteVpcEndpoints({ VpcEndpointIds: ["vpce-x"] }), "InvalidVpcEndpointId.Malformed"],
    [() => ec2.describeVpcEndpointServices({ ServiceNames: [service("nothing")] }), "InvalidServiceName"],
    [() => server.ec2(otherAccount).describeVpcEndpoints({ VpcEndpointIds: [VpcEndpointId] }), "InvalidVpcEndpointId.NotFound"],
  ]);
  expect(await refusal(server.ec2(powerlessKey).modifyVpcEndpoint({ VpcEndpointId, ResetPolicy: true }))).toMatchObject({ code: "UnauthorizedOperation" });
});

test("DescribeVpcEndpointServices names the services of this installation, and those that gateway endpoints are for", async () => {
  await using server = await openStaffedServer();
  const { ServiceNames, ServiceDetails = [] } = await server.ec2().describeVpcEndpointServices({});
  expect(ServiceNames).toEqual(["cloudtrail", "dynamodb", "ebs", "ec2", "ec2-instance-connect", "s3", "ssm", "sts"].map(service));
  expect(ServiceDetails.find(({ ServiceName: name }) => name === service("ec2"))).toMatchObject({
    ServiceType: [{ ServiceType: "Interface" }],
    PrivateDnsName: "ec2.us-east-1.amazonaws.com",
    Owner: "amazon",
    VpcEndpointPolicySupported: true,
  });
});
