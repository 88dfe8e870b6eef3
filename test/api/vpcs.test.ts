import { expect, test } from "vitest";
import { expectRefusals } from "./refusals.ts";
import { account, openTestServer, otherAccount, refusal } from "./test-server.ts";
import { makeSubnet, makeVpc } from "./vpc-parts.ts";

const unknownVpc = "vpc-0123456789abcdef0";
const id = (prefix: string) => expect.stringMatching(new RegExp(`^${prefix}-[0-9a-f]{17}$`));

test("A new VPC comes with a main route table, a default security group, a default network ACL and the default DHCP options", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { Vpc: made } = await ec2.createVpc({ CidrBlock: "10.1.2.3/16", TagSpecifications: [{ ResourceType: "vpc", Tags: [{ Key: "Name", Value: "mine" }] }] });
  const VpcId = made?.VpcId ?? "";
  const { Vpcs: vpcs } = await ec2.describeVpcs({ VpcIds: [VpcId] });
  expect(made).toEqual({ ...vpcs?.[0], State: "pending" });
  expect(vpcs).toEqual([
    {
      VpcId: id("vpc"),
      OwnerId: account,
      State: "available",
      CidrBlock: "10.1.0.0/16",
      DhcpOptionsId: id("dopt"),
      InstanceTenancy: "default",
      IsDefault: false,
      CidrBlockAssociationSet: [{ AssociationId: id("vpc-cidr-assoc"), CidrBlock: "10.1.0.0/16", CidrBlockState: { State: "associated" } }],
      Ipv6CidrBlockAssociationSet: [],
      Tags: [{ Key: "Name", Value: "mine" }],
    },
  ]);
  const Filters = [{ Name: "vpc-id", Values: [VpcId] }];
  const { RouteTables: [table] = [] } = await ec2.describeRouteTables({ Filters });
  const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({ Filters });
  const { NetworkAcls: [acl] = [] } = await ec2.describeNetworkAcls({ Filters });
  expect([table?.Associations?.map((each) => each.Main), table?.Routes?.map((route) => [route.DestinationCidrBlock, route.GatewayId]), group?.GroupName, acl?.IsDefault]).toEqual([
    [true],
    [["10.1.0.0/16", "local"]],
    "default",
    true,
  ]);
  const attributes = async (Attribute: "enableDnsSupport" | "enableDnsHostnames") => ec2.describeVpcAttribute({ VpcId, Attribute });
  expect([(await attributes("enableDnsSupport")).EnableDnsSupport, (await attributes("enableDnsHostnames")).EnableDnsHostnames]).toEqual([{ Value: true }, { Value: false }]);
});

test("A VPC goes with all that it came with, and only when nothing else is in it", async () => {
  await using server = await openTestServer();
  await server.ec2().describeVpcs({});
  const before = await server.dump();
  const { ec2, vpcId, subnetId } = await makeVpc(server);
  const message = `The vpc '${vpcId}' has dependencies and cannot be deleted.`;
  expect(await refusal(ec2.deleteVpc({ VpcId: vpcId }))).toEqual({ code: "DependencyViolation", message, status: 400 });
  await expectRefusals(server, [
    [() => ec2.deleteVpc({ VpcId: unknownVpc }), "InvalidVpcID.NotFound"],
    [() => ec2.deleteVpc({ VpcId: "vpc" }), "InvalidVpcID.Malformed"],
    [() => server.ec2(otherAccount).deleteVpc({ VpcId: vpcId }), "InvalidVpcID.NotFound"],
    [() => ec2.deleteVpc({ VpcId: vpcId, DryRun: true }), "DependencyViolation"],
  ]);
  await ec2.deleteSubnet({ SubnetId: subnetId });
  await expectRefusals(server, [[() => ec2.deleteVpc({ VpcId: vpcId, DryRun: true }), "DryRunOperation"]]);
  await ec2.deleteVpc({ VpcId: vpcId });
  const rest = (await server.dump()).split("\n");
  const lost = before.split("\n").filter((row) => !rest.includes(row) && !row.includes('"kind":"vpc"'));
  const left = rest.filter((row) => (row.includes(vpcId) && !row.includes('"kind":"vpc"')) || row.includes("10.0.0.0/16"));
  expect([lost, left]).toEqual([[], []]);
});

test("What cannot be a VPC is refused with EC2's code and changes nothing", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  await ec2.describeVpcs({});
  await expectRefusals(server, [
    [() => ec2.createVpc({ CidrBlock: "10.0.0.0/15" }), "InvalidVpc.Range"],
    [() => ec2.createVpc({ CidrBlock: "10.0.0.0/29" }), "InvalidVpc.Range"],
    [() => ec2.createVpc({ CidrBlock: "169.254.0.0/16" }), "InvalidVpc.Range"],
    [() => ec2.createVpc({ CidrBlock: "127.0.0.0/16" }), "InvalidVpc.Range"],
    [() => ec2.createVpc({ CidrBlock: "224.0.0.0/16" }), "InvalidVpc.Range"],
    [() => ec2.createVpc({ CidrBlock: "10.0.0.0" }), "InvalidParameterValue"],
    [() => ec2.createVpc({}), "MissingParameter"],
    [() => ec2.createVpc({ CidrBlock: "10.0.0.0/16", InstanceTenancy: "host" }), "InvalidParameterValue"],
    [() => ec2.createVpc({ CidrBlock: "10.0.0.0/16", Ipv6Pool: "ipv6pool-ec2-0123", Ipv6CidrBlock: "2001:db8::/56" }), "UnsupportedOperation"],
    [() => ec2.createVpc({ CidrBlock: "10.0.0.0/16", TagSpecifications: [{ ResourceType: "subnet", Tags: [{ Key: "a" }] }] }), "InvalidParameterValue"],
    [() => ec2.createVpc({ CidrBlock: "10.0.0.0/16", DryRun: true }), "DryRunOperation"],
    [() => ec2.createDefaultVpc({}), "DefaultVpcAlreadyExists"],
  ]);
  for (let index = 0; index < 4; index++) await ec2.createVpc({ CidrBlock: "10.0.0.0/16" });
  await expectRefusals(server, [[() => ec2.createVpc({ CidrBlock: "10.0.0.0/16" }), "VpcLimitExceeded"]]);
});

test("One attribute of a VPC changes at a time", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId: VpcId } = await makeVpc(server);
  await expectRefusals(server, [
    [() => ec2.modifyVpcAttribute({ VpcId }), "InvalidParameterCombination"],
    [() => ec2.modifyVpcAttribute({ VpcId, EnableDnsSupport: { Value: true }, EnableDnsHostnames: { Value: true } }), "InvalidParameterCombination"],
    [() => ec2.modifyVpcAttribute({ VpcId: unknownVpc, EnableDnsSupport: { Value: true } }), "InvalidVpcID.NotFound"],
  ]);
  await ec2.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: true } });
  await expectRefusals(server, [[() => ec2.modifyVpcAttribute({ VpcId, EnableDnsSupport: { Value: false } }), "InvalidParameterCombination"]]);
  await ec2.modifyVpcAttribute({ VpcId, EnableNetworkAddressUsageMetrics: { Value: true } });
  const shown = await ec2.describeVpcAttribute({ VpcId, Attribute: "enableNetworkAddressUsageMetrics" });
  expect([(await ec2.describeVpcAttribute({ VpcId, Attribute: "enableDnsHostnames" })).EnableDnsHostnames, shown.EnableNetworkAddressUsageMetrics]).toEqual([{ Value: true }, { Value: true }]);
});

test("A further block is in every route table, may hold subnets, and goes when none is in it", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId: VpcId, mainTable } = await makeVpc(server);
  const { CidrBlockAssociation: block } = await ec2.associateVpcCidrBlock({ VpcId, CidrBlock: "10.1.0.0/20" });
  const AssociationId = block?.AssociationId ?? "";
  expect(block).toEqual({ AssociationId: id("vpc-cidr-assoc"), CidrBlock: "10.1.0.0/20", CidrBlockState: { State: "associating" } });
  const { RouteTable: later } = await ec2.createRouteTable({ VpcId });
  const locals = async () => {
    const { RouteTables: tables } = await ec2.describeRouteTables({ RouteTableIds: [mainTable, later?.RouteTableId ?? ""] });
    return tables?.map((table) => table.Routes?.map((route) => route.DestinationCidrBlock).toSorted());
  };
  const both = ["10.0.0.0/16", "10.1.0.0/20"];
  expect(await locals()).toEqual([both, both]);
  const subnet = await makeSubnet(ec2, VpcId, "10.1.0.0/24");
  const [primary] = (await ec2.describeVpcs({ VpcIds: [VpcId] })).Vpcs?.[0]?.CidrBlockAssociationSet ?? [];
  await expectRefusals(server, [
    [() => ec2.disassociateVpcCidrBlock({ AssociationId }), "InvalidCidrBlock.InUse"],
    [() => ec2.disassociateVpcCidrBlock({ AssociationId: primary?.AssociationId }), "OperationNotPermitted"],
    [() => ec2.disassociateVpcCidrBlock({ AssociationId: "vpc-cidr-assoc-0123456789abcdef0" }), "InvalidVpcCidrBlockAssociationID.NotFound"],
  ]);
  await ec2.deleteSubnet({ SubnetId: subnet });
  await ec2.disassociateVpcCidrBlock({ AssociationId });
  expect(await locals()).toEqual([["10.0.0.0/16"], ["10.0.0.0/16"]]);
});

test("Blocks that do not go together are refused", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId: VpcId, mainTable } = await makeVpc(server);
  const add = (CidrBlock: string) => () => ec2.associateVpcCidrBlock({ VpcId, CidrBlock });
  await ec2.createRoute({ RouteTableId: mainTable, DestinationCidrBlock: "100.64.3.0/24", NetworkInterfaceId: await makeNic(server) });
  await expectRefusals(server, [
    [add("10.0.128.0/17"), "InvalidVpc.Range"],
    [add("192.168.0.0/16"), "InvalidVpc.Range"],
    [add("172.16.0.0/16"), "InvalidVpc.Range"],
    [add("198.19.0.0/24"), "InvalidVpc.Range"],
    [add("10.2.0.0/15"), "InvalidVpc.Range"],
    [add("100.64.0.0/16"), "InvalidVpc.Range"],
    [add("rubbish"), "InvalidParameterValue"],
    [() => ec2.associateVpcCidrBlock({ VpcId: unknownVpc, CidrBlock: "10.9.0.0/16" }), "InvalidVpcID.NotFound"],
  ]);
  for (const cidr of ["100.65.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16"]) await add(cidr)();
  await expectRefusals(server, [[add("10.5.0.0/16"), "CidrLimitExceeded"]]);

  async function makeNic(of: typeof server): Promise<string> {
    const SubnetId = (await of.ec2().describeSubnets({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] })).Subnets?.[0]?.SubnetId;
    return (await ec2.createNetworkInterface({ SubnetId })).NetworkInterface?.NetworkInterfaceId ?? "";
  }
});

test("A deleted default VPC and default subnet can be made again", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2(undefined, "us-west-1");
  const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({});
  const { Subnets: subnets = [] } = await ec2.describeSubnets({});
  const lost = subnets.find((subnet) => subnet.AvailabilityZone === "us-west-1b");
  await ec2.deleteSubnet({ SubnetId: lost?.SubnetId });
  await expectRefusals(server, [
    [() => ec2.createDefaultSubnet({ AvailabilityZone: "us-west-1a" }), "DefaultSubnetAlreadyExistsInAvailabilityZone"],
    [() => ec2.createDefaultSubnet({ AvailabilityZone: "us-west-1z" }), "InvalidParameterValue"],
    [() => ec2.createDefaultSubnet({ AvailabilityZone: "us-west-1b", DryRun: true }), "DryRunOperation"],
  ]);
  const { Subnet: again } = await ec2.createDefaultSubnet({ AvailabilityZone: "us-west-1b" });
  expect([again?.CidrBlock, again?.DefaultForAz, again?.MapPublicIpOnLaunch]).toEqual(["172.31.16.0/20", true, true]);
  for (const { SubnetId } of (await ec2.describeSubnets({})).Subnets ?? []) await ec2.deleteSubnet({ SubnetId });
  const { InternetGateways: [gateway] = [] } = await ec2.describeInternetGateways({});
  await ec2.detachInternetGateway({ InternetGatewayId: gateway?.InternetGatewayId, VpcId: vpc?.VpcId });
  await ec2.deleteVpc({ VpcId: vpc?.VpcId });
  await expectRefusals(server, [[() => ec2.createDefaultSubnet({ AvailabilityZone: "us-west-1a" }), "DefaultVpcDoesNotExist"]]);
  const { Vpc: made } = await ec2.createDefaultVpc({});
  expect([made?.IsDefault, made?.CidrBlock, (await ec2.describeSubnets({})).Subnets?.length]).toEqual([true, "172.31.0.0/16", 2]);
});
