import { expect, test } from "vitest";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { openStaffedServer, type StaffedServer } from "./simulated-hosts.ts";
import { otherAccount } from "./test-server.ts";
import { attachGateway, makeSubnet, makeVpc, type VpcParts } from "./vpc-parts.ts";

const unknownTable = "rtb-0123456789abcdef0";
const anywhere = "0.0.0.0/0";

async function makeTable({ ec2, vpcId: VpcId }: VpcParts): Promise<string> {
  return (await ec2.createRouteTable({ VpcId })).RouteTable?.RouteTableId ?? "";
}

async function makeNic({ ec2, subnetId: SubnetId }: VpcParts): Promise<string> {
  return (await ec2.createNetworkInterface({ SubnetId })).NetworkInterface?.NetworkInterfaceId ?? "";
}

/** Destination, target and state of each route. */
async function routesOf({ ec2 }: VpcParts, table: string): Promise<(string | undefined)[][]> {
  const { RouteTables: [found] = [] } = await ec2.describeRouteTables({ RouteTableIds: [table] });
  return (found?.Routes ?? []).map((route) => [route.DestinationCidrBlock, route.GatewayId ?? route.NetworkInterfaceId, route.State]);
}

test("A route leads to a gateway until that is gone, and then nowhere", async () => {
  await using server = await openStaffedServer();
  const vpc = await makeVpc(server);
  const { ec2, vpcId: VpcId } = vpc;
  const table = await makeTable(vpc);
  const gateway = await attachGateway(ec2, VpcId);
  const route = { RouteTableId: table, DestinationCidrBlock: "8.8.8.8/8", GatewayId: gateway };
  expect((await ec2.createRoute(route)).Return).toBe(true);
  await ec2.createRoute(route);
  const local = ["10.0.0.0/16", "local", "active"];
  expect(await routesOf(vpc, table)).toEqual([["8.0.0.0/8", gateway, "active"], local]);
  await ec2.detachInternetGateway({ InternetGatewayId: gateway, VpcId });
  expect(await routesOf(vpc, table)).toEqual([["8.0.0.0/8", gateway, "blackhole"], local]);
  await ec2.deleteRoute({ RouteTableId: table, DestinationCidrBlock: "8.0.0.0/8" });
  expect(await routesOf(vpc, table)).toEqual([local]);
});

test("A route to an interface is a blackhole unless a running instance has the interface", async () => {
  await using server = await openStaffedServer();
  const vpc = await makeVpc(server);
  const { ec2, mainTable } = vpc;
  const { instance, networkInterface } = await launchOne(server, { SubnetId: vpc.subnetId });
  await ec2.createRoute({ RouteTableId: mainTable, DestinationCidrBlock: anywhere, InstanceId: instance });
  const { RouteTables: [table] = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "route.instance-id", Values: [instance] }] });
  expect(table?.Routes?.find((route) => route.DestinationCidrBlock === anywhere)).toMatchObject({ InstanceId: instance, NetworkInterfaceId: networkInterface, State: "active" });
  await server.hosts.settle();
  await ec2.stopInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  await server.hosts.settle(); // stopped, and then let go
  const free = await makeNic(vpc);
  const stopped = await routesOf(vpc, mainTable);
  await ec2.replaceRoute({ RouteTableId: mainTable, DestinationCidrBlock: anywhere, NetworkInterfaceId: free });
  const detached = await routesOf(vpc, mainTable);
  await ec2.deleteNetworkInterface({ NetworkInterfaceId: free });
  expect([stopped[1], detached[1], (await routesOf(vpc, mainTable))[1]]).toEqual([
    [anywhere, networkInterface, "blackhole"],
    [anywhere, free, "blackhole"],
    [anywhere, free, "blackhole"],
  ]);
});

test("Inside the VPC whole subnets can be sent to an interface, and the local route too, until it is made local again", async () => {
  await using server = await openStaffedServer();
  const vpc = await makeVpc(server);
  const { ec2, mainTable: RouteTableId } = vpc;
  const NetworkInterfaceId = await makeNic(vpc);
  const gateway = await attachGateway(ec2, vpc.vpcId);
  await ec2.createRoute({ RouteTableId, DestinationCidrBlock: "10.0.0.0/24", NetworkInterfaceId });
  await ec2.replaceRoute({ RouteTableId, DestinationCidrBlock: "10.0.0.0/16", NetworkInterfaceId });
  expect((await routesOf(vpc, RouteTableId)).map(([destination, target]) => [destination, target])).toEqual([
    ["10.0.0.0/24", NetworkInterfaceId],
    ["10.0.0.0/16", NetworkInterfaceId],
  ]);
  await ec2.replaceRoute({ RouteTableId, DestinationCidrBlock: "10.0.0.0/16", LocalTarget: true });
  await expectRefusals(server, [
    [() => ec2.createRoute({ RouteTableId, DestinationCidrBlock: "10.0.9.0/24", NetworkInterfaceId }), "InvalidParameterValue"],
    [() => ec2.createRoute({ RouteTableId, DestinationCidrBlock: "10.0.9.0/24", GatewayId: gateway }), "InvalidParameterValue"],
    [() => ec2.replaceRoute({ RouteTableId, DestinationCidrBlock: "10.0.0.0/24", LocalTarget: true }), "InvalidParameterValue"],
    [() => ec2.deleteRoute({ RouteTableId, DestinationCidrBlock: "10.0.0.0/16" }), "InvalidParameterValue"],
  ]);
});

test("A wrong route is refused with EC2's code and changes nothing", async () => {
  await using server = await openStaffedServer();
  const vpc = await makeVpc(server);
  const { ec2, mainTable: RouteTableId } = vpc;
  const gateway = await attachGateway(ec2, vpc.vpcId);
  const NetworkInterfaceId = await makeNic(vpc);
  await ec2.createRoute({ RouteTableId, DestinationCidrBlock: anywhere, GatewayId: gateway });
  const { InternetGateways: [foreign] = [] } = await ec2.describeInternetGateways({ Filters: [{ Name: "attachment.vpc-id", Values: [await defaultVpc(server)] }] });
  const make = (more: object) => () => ec2.createRoute({ RouteTableId, DestinationCidrBlock: "9.0.0.0/8", ...more });
  await expectRefusals(server, [
    [make({ DestinationCidrBlock: anywhere, NetworkInterfaceId }), "RouteAlreadyExists"],
    [make({ DestinationCidrBlock: "nine", GatewayId: gateway }), "InvalidParameterValue"],
    [make({ DestinationCidrBlock: undefined, GatewayId: gateway }), "MissingParameter"],
    [make({ DestinationCidrBlock: "169.254.169.0/24", GatewayId: gateway }), "RouteNotSupported"],
    [make({}), "MissingParameter"],
    [make({ GatewayId: gateway, NetworkInterfaceId }), "InvalidParameterCombination"],
    [make({ GatewayId: "igw-0123456789abcdef0" }), "InvalidGatewayID.NotFound"],
    [make({ GatewayId: foreign?.InternetGatewayId }), "InvalidParameterValue"],
    [make({ NetworkInterfaceId: "eni-0123456789abcdef0" }), "InvalidNetworkInterfaceID.NotFound"],
    [make({ InstanceId: "i-0123456789abcdef0" }), "InvalidInstanceID.NotFound"],
    [make({ NatGatewayId: "nat-0123456789abcdef0" }), "InvalidNatGatewayID.NotFound"],
    [make({ TransitGatewayId: "tgw-0123456789abcdef0" }), "UnsupportedOperation"],
    [make({ RouteTableId: unknownTable, GatewayId: gateway }), "InvalidRouteTableID.NotFound"],
    [make({ RouteTableId: "table", GatewayId: gateway }), "InvalidRouteTableId.Malformed"],
    [make({ GatewayId: gateway, DryRun: true }), "DryRunOperation"],
    [() => ec2.replaceRoute({ RouteTableId, DestinationCidrBlock: "9.0.0.0/8", GatewayId: gateway }), "InvalidParameterValue"],
    [() => ec2.deleteRoute({ RouteTableId, DestinationCidrBlock: "9.0.0.0/8" }), "InvalidRoute.NotFound"],
    [() => ec2.deleteRoute({ RouteTableId, DestinationCidrBlock: anywhere, DryRun: true }), "DryRunOperation"],
    [() => server.ec2(otherAccount).deleteRoute({ RouteTableId, DestinationCidrBlock: anywhere }), "InvalidRouteTableID.NotFound"],
  ]);
});

async function defaultVpc(server: StaffedServer): Promise<string> {
  return (await server.ec2().describeVpcs({ Filters: [{ Name: "is-default", Values: ["true"] }] })).Vpcs?.[0]?.VpcId ?? "";
}

test("A subnet has one table of its own or the main one, and tables in use stay", async () => {
  await using server = await openStaffedServer();
  const vpc = await makeVpc(server);
  const { ec2, subnetId: SubnetId, mainTable } = vpc;
  const [first, second] = [await makeTable(vpc), await makeTable(vpc)];
  const made = await ec2.associateRouteTable({ RouteTableId: first, SubnetId });
  const again = await ec2.associateRouteTable({ RouteTableId: first, SubnetId });
  expect([made.AssociationState, again.AssociationId]).toEqual([{ State: "associated" }, made.AssociationId]);
  const { RouteTables: [own] = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "association.subnet-id", Values: [SubnetId] }] });
  expect(own?.Associations).toEqual([{ Main: false, RouteTableAssociationId: made.AssociationId, RouteTableId: first, SubnetId, AssociationState: { State: "associated" } }]);
  const { Subnets: [foreign] = [] } = await ec2.describeSubnets({ Filters: [{ Name: "vpc-id", Values: [await defaultVpc(server)] }] });
  const other = await makeSubnet(ec2, vpc.vpcId, "10.0.1.0/24");
  await expectRefusals(server, [
    [() => ec2.associateRouteTable({ RouteTableId: second, SubnetId }), "Resource.AlreadyAssociated"],
    [() => ec2.associateRouteTable({ RouteTableId: second, SubnetId: foreign?.SubnetId }), "InvalidParameterValue"],
    [() => ec2.associateRouteTable({ RouteTableId: unknownTable, SubnetId: other }), "InvalidRouteTableID.NotFound"],
    [() => ec2.associateRouteTable({ RouteTableId: second, SubnetId: other, DryRun: true }), "DryRunOperation"],
    [() => ec2.deleteRouteTable({ RouteTableId: first }), "DependencyViolation"],
    [() => ec2.deleteRouteTable({ RouteTableId: mainTable }), "DependencyViolation"],
    [() => ec2.deleteRouteTable({ RouteTableId: unknownTable }), "InvalidRouteTableID.NotFound"],
    [() => ec2.disassociateRouteTable({ AssociationId: "rtbassoc-0123456789abcdef0" }), "InvalidAssociationID.NotFound"],
  ]);
  const moved = await ec2.replaceRouteTableAssociation({ AssociationId: made.AssociationId, RouteTableId: second });
  await ec2.deleteRouteTable({ RouteTableId: first });
  await ec2.disassociateRouteTable({ AssociationId: moved.NewAssociationId });
  await ec2.deleteRouteTable({ RouteTableId: second });
  expect((await ec2.describeRouteTables({ Filters: [{ Name: "vpc-id", Values: [vpc.vpcId] }] })).RouteTables?.map((table) => table.RouteTableId)).toEqual([mainTable]);
});

test("Another table becomes the main one, and the main one's association cannot be removed", async () => {
  await using server = await openStaffedServer();
  const vpc = await makeVpc(server);
  const { ec2, mainTable } = vpc;
  const table = await makeTable(vpc);
  const mainOf = async () => (await ec2.describeRouteTables({ Filters: [{ Name: "vpc-id", Values: [vpc.vpcId] }, { Name: "association.main", Values: ["true"] }] })).RouteTables ?? [];
  const [before] = await mainOf();
  const AssociationId = before?.Associations?.[0]?.RouteTableAssociationId;
  await expectRefusals(server, [
    [() => ec2.disassociateRouteTable({ AssociationId }), "InvalidParameterValue"],
    [() => ec2.replaceRouteTableAssociation({ AssociationId, RouteTableId: unknownTable }), "InvalidRouteTableID.NotFound"],
    [() => ec2.replaceRouteTableAssociation({ AssociationId, RouteTableId: table, DryRun: true }), "DryRunOperation"],
  ]);
  const { NewAssociationId } = await ec2.replaceRouteTableAssociation({ AssociationId, RouteTableId: table });
  const after = await mainOf();
  expect(after.map((each) => [each.RouteTableId, each.Associations?.[0]?.RouteTableAssociationId])).toEqual([[table, NewAssociationId]]);
  await ec2.deleteRouteTable({ RouteTableId: mainTable });
});
