/** IPv6 of VPCs: blocks, addresses and ways out, as rows. */
import { expect, test } from "vitest";
import { toVpcSpecification } from "../../src/network/vpc-specification.ts";
import { hvmImage } from "./seed.ts";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { openTestServer, otherAccount, type TestServer } from "./test-server.ts";
import { attachGateway, ipv6CidrsOf, makeSubnet, makeVpc } from "./vpc-parts.ts";

const blockForm = /^3fff:abc:de[f][0-9a-f](?::[0-9a-f]{1,2}00)?::\/56$/;
const allOut = (text: string) => expect.objectContaining({ IpProtocol: "-1", Ipv6Ranges: [{ CidrIpv6: text }] });

/** A VPC with IPv6 and a subnet of both families. */
async function makeDual(server: TestServer) {
  const parts = await makeVpc(server);
  await parts.ec2.associateVpcCidrBlock({ VpcId: parts.vpcId, AmazonProvidedIpv6CidrBlock: true });
  const [first = "", second = "", third = ""] = await ipv6CidrsOf(parts.ec2, parts.vpcId);
  await parts.ec2.associateSubnetCidrBlock({ SubnetId: parts.subnetId, Ipv6CidrBlock: first });
  const addressOf = (last: string, block = first) => block.replace("::/64", `::${last}`);
  return { ...parts, first, second, third, addressOf };
}

test("A VPC gets a /56 of its own, at its making or later, with a local route and what default groups and ACLs say", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { Vpc: made } = await ec2.createVpc({ CidrBlock: "10.1.0.0/16", AmazonProvidedIpv6CidrBlock: true });
  const { vpcId } = await makeVpc(server);
  const { Ipv6CidrBlockAssociation: later } = await ec2.associateVpcCidrBlock({ VpcId: vpcId, AmazonProvidedIpv6CidrBlock: true });
  const of = { Filters: [{ Name: "vpc-id", Values: [vpcId] }] };
  const [{ Vpcs: [vpc] = [] }, { RouteTables: [table] = [] }] = [await ec2.describeVpcs({ VpcIds: [vpcId] }), await ec2.describeRouteTables(of)];
  const block = vpc?.Ipv6CidrBlockAssociationSet?.[0];
  expect([block, made?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock, later?.Ipv6CidrBlockState]).toEqual([
    { ...later, Ipv6CidrBlock: expect.stringMatching(blockForm), Ipv6CidrBlockState: { State: "associated" }, Ipv6Pool: "Amazon", NetworkBorderGroup: "us-east-1" },
    expect.stringMatching(blockForm),
    { State: "associating" },
  ]);
  expect(made?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock).not.toBe(block?.Ipv6CidrBlock);
  expect(table?.Routes).toContainEqual({ DestinationIpv6CidrBlock: block?.Ipv6CidrBlock, GatewayId: "local", Origin: "CreateRouteTable", State: "active" });

  const [{ SecurityGroups: [group] = [] }, { NetworkAcls: [acl] = [] }] = [await ec2.describeSecurityGroups(of), await ec2.describeNetworkAcls(of)];
  expect([group?.IpPermissionsEgress?.[0]?.Ipv6Ranges, group?.IpPermissions?.[0]?.Ipv6Ranges]).toEqual([[{ CidrIpv6: "::/0" }], []]);
  expect(acl?.Entries?.map(({ RuleNumber, Egress, RuleAction, CidrBlock, Ipv6CidrBlock }) => [RuleNumber, Egress, RuleAction, CidrBlock ?? Ipv6CidrBlock])).toEqual(
    [true, false].flatMap((egress) => [[100, egress, "allow", "0.0.0.0/0"], [101, egress, "allow", "::/0"], [32_767, egress, "deny", "0.0.0.0/0"], [32_768, egress, "deny", "::/0"]]),
  );
  const { GroupId } = await ec2.createSecurityGroup({ VpcId: vpcId, GroupName: "new", Description: "d" });
  const { SecurityGroups: [fresh] = [] } = await ec2.describeSecurityGroups({ GroupIds: [GroupId ?? ""] });
  expect(fresh?.IpPermissionsEgress).toContainEqual(allOut("::/0"));

  const found = await ec2.describeVpcs({ Filters: [{ Name: "ipv6-cidr-block-association.ipv6-cidr-block", Values: [block?.Ipv6CidrBlock ?? ""] }] });
  expect(found.Vpcs?.map(({ VpcId }) => VpcId)).toEqual([vpcId]);
  await ec2.disassociateVpcCidrBlock({ AssociationId: block?.AssociationId ?? "" });
  const [{ Vpcs: [bare] = [] }, { RouteTables: [without] = [] }] = [await ec2.describeVpcs({ VpcIds: [vpcId] }), await ec2.describeRouteTables(of)];
  expect([bare?.Ipv6CidrBlockAssociationSet, without?.Routes?.length]).toEqual([[], 1]);
});

test("A default group and ACL that somebody has changed stay as they are", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId } = await makeVpc(server);
  const of = { Filters: [{ Name: "vpc-id", Values: [vpcId] }] };
  const [{ SecurityGroups: [group] = [] }, { NetworkAcls: [acl] = [] }] = [await ec2.describeSecurityGroups(of), await ec2.describeNetworkAcls(of)];
  await ec2.revokeSecurityGroupEgress({ GroupId: group?.GroupId, IpPermissions: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }] });
  await ec2.deleteNetworkAclEntry({ NetworkAclId: acl?.NetworkAclId, RuleNumber: 100, Egress: true });
  await ec2.associateVpcCidrBlock({ VpcId: vpcId, AmazonProvidedIpv6CidrBlock: true });
  const [{ SecurityGroups: [after] = [] }, { NetworkAcls: [changed] = [] }] = [await ec2.describeSecurityGroups(of), await ec2.describeNetworkAcls(of)];
  expect([after?.IpPermissionsEgress, changed?.Entries?.filter(({ RuleAction }) => RuleAction === "allow").map(({ RuleNumber, Egress }) => [RuleNumber, Egress])]).toEqual([[], [[100, false], [101, false]]]);
});

test("A subnet gets a /64 of its VPC's block, and new interfaces an address of it when it says so", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId, first, second } = await makeDual(server);
  const { Subnet: subnet } = await ec2.createSubnet({ VpcId: vpcId, CidrBlock: "10.0.7.0/24", AvailabilityZone: "us-east-1a", Ipv6CidrBlock: second });
  const SubnetId = subnet?.SubnetId ?? "";
  expect([subnet?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock, subnet?.AssignIpv6AddressOnCreation]).toEqual([second, false]);
  await ec2.modifySubnetAttribute({ SubnetId, AssignIpv6AddressOnCreation: { Value: true } });
  const { NetworkInterface: nic } = await ec2.createNetworkInterface({ SubnetId });
  const { Instances: [instance] = [] } = await ec2.runInstances({ ImageId: hvmImage, InstanceType: "t3.micro", MinCount: 1, MaxCount: 1, SubnetId });
  const own = [nic?.Ipv6Addresses?.[0]?.Ipv6Address, instance?.Ipv6Address, instance?.NetworkInterfaces?.[0]?.Ipv6Addresses?.[0]?.Ipv6Address];
  expect(own.map((address) => address?.startsWith(second.replace("::/64", ":")))).toEqual([true, true, true]);
  const { Subnets: found = [] } = await ec2.describeSubnets({ Filters: [{ Name: "ipv6-cidr-block-association.ipv6-cidr-block", Values: [first, second] }, { Name: "assign-ipv6-address-on-creation", Values: ["true"] }] });
  expect(found.map((each) => each.SubnetId)).toEqual([SubnetId]);
  const { NetworkInterface: none } = await ec2.createNetworkInterface({ SubnetId, Ipv6AddressCount: 0 });
  expect(none?.Ipv6Addresses).toEqual([]);
});

test("An interface gets IPv6 addresses, named or any, at its making, at launch and later, and loses them", async () => {
  await using server = await openTestServer();
  const { ec2, subnetId: SubnetId, addressOf } = await makeDual(server);
  const [named, second, third] = [addressOf("a"), addressOf("b"), addressOf("c")];
  const { NetworkInterface: nic } = await ec2.createNetworkInterface({ SubnetId, Ipv6Addresses: [{ Ipv6Address: named.replace("::a", "::000A") }] });
  const NetworkInterfaceId = nic?.NetworkInterfaceId ?? "";
  expect([nic?.Ipv6Address, nic?.Ipv6Addresses]).toEqual([named, [{ Ipv6Address: named, IsPrimaryIpv6: false }]]);
  const assigned = await ec2.assignIpv6Addresses({ NetworkInterfaceId, Ipv6Addresses: [third, second] });
  const { AssignedIpv6Addresses: [any = ""] = [] } = await ec2.assignIpv6Addresses({ NetworkInterfaceId, Ipv6AddressCount: 1 });
  expect(assigned).toMatchObject({ NetworkInterfaceId, AssignedIpv6Addresses: [third, second] });
  await ec2.unassignIpv6Addresses({ NetworkInterfaceId, Ipv6Addresses: [third] });
  const { NetworkInterfaces: [held] = [] } = await ec2.describeNetworkInterfaces({ Filters: [{ Name: "ipv6-addresses.ipv6-address", Values: [second] }] });
  expect(held?.Ipv6Addresses?.map((each) => each.Ipv6Address)).toEqual([named, second, any]);

  const launched = await ec2.runInstances({ ImageId: hvmImage, InstanceType: "t3.micro", MinCount: 1, MaxCount: 1, NetworkInterfaces: [{ DeviceIndex: 0, SubnetId, Ipv6Addresses: [{ Ipv6Address: third }] }] });
  const id = launched.Instances?.[0]?.InstanceId ?? "";
  expect((await ec2.runInstances({ ImageId: hvmImage, InstanceType: "t3.micro", MinCount: 2, MaxCount: 2, SubnetId, Ipv6AddressCount: 2 })).Instances?.map((each) => each.NetworkInterfaces?.[0]?.Ipv6Addresses?.length)).toEqual([2, 2]);
  const { Reservations: [found] = [] } = await ec2.describeInstances({ Filters: [{ Name: "ipv6-address", Values: [third] }] });
  expect(found?.Instances?.map((each) => [each.InstanceId, each.Ipv6Address])).toEqual([[id, third]]);
  await ec2.assignIpv6Addresses({ NetworkInterfaceId: found?.Instances?.[0]?.NetworkInterfaces?.[0]?.NetworkInterfaceId ?? "", Ipv6AddressCount: 1 });
  const { Reservations: [again] = [] } = await ec2.describeInstances({ InstanceIds: [id] });
  expect(again?.Instances?.[0]?.NetworkInterfaces?.[0]?.Ipv6Addresses?.length).toBe(2);
});

test("An interface gets prefixes of IPv6, named or any, at its making, at launch and later; each counts as one address, and nobody else gets an address of it", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId: VpcId, subnetId: SubnetId, first, second } = await makeDual(server);
  const prefixOf = (number: string, block = first) => block.replace("::/64", `:${number}::/80`);
  const within = (number: string) => prefixOf(number).replace("/80", "9");
  const named = (number: string) => ({ Ipv6Prefixes: [{ Ipv6Prefix: prefixOf(number) }] });
  const { NetworkInterface: nic } = await ec2.createNetworkInterface({ SubnetId, ...named("a"), Ipv6AddressCount: 1 });
  const NetworkInterfaceId = nic?.NetworkInterfaceId ?? "";
  expect([nic?.Ipv6Prefixes, nic?.Ipv6Addresses?.length]).toEqual([named("a").Ipv6Prefixes, 1]);
  const assign = (more: object) => ec2.assignIpv6Addresses({ NetworkInterfaceId, ...more });
  const { AssignedIpv6Prefixes: [any = ""] = [], AssignedIpv6Addresses: besides } = await assign({ Ipv6PrefixCount: 1 });
  expect([any, besides]).toEqual([expect.stringMatching(/::\/80$/), []]);
  const launch = (more: object, MaxCount = 1) => ec2.runInstances({ ImageId: hvmImage, InstanceType: "t3.micro", MinCount: 1, MaxCount, NetworkInterfaces: [{ DeviceIndex: 0, SubnetId, ...more }] });
  const { Instances: [instance] = [] } = await launch({ ...named("b"), Ipv6Addresses: [{ Ipv6Address: within("c") }] });
  expect(instance?.NetworkInterfaces?.[0]).toMatchObject({ ...named("b"), Ipv6Addresses: [{ Ipv6Address: within("c") }] });
  const launched = instance?.NetworkInterfaces?.[0]?.NetworkInterfaceId ?? "";
  const { NetworkInterface: plain } = await ec2.createNetworkInterface({ SubnetId: await makeSubnet(ec2, VpcId, "10.0.1.0/24") });
  const { Subnet: other } = await ec2.createSubnet({ VpcId, CidrBlock: "10.0.2.0/24", Ipv6CidrBlock: second });
  await ec2.createNetworkInterface({ SubnetId: other?.SubnetId, Ipv6PrefixCount: 1 });
  const told = await server.read(async (tx) => toVpcSpecification(tx, { ...(await tx.db.selectFrom("vpcs").selectAll().where("id", "=", VpcId as `vpc-${string}`).executeTakeFirstOrThrow()), network_identifier: 1 }));
  expect(told.interfaces.find(({ id }) => id === launched)?.ipv6Addresses).toEqual([within("c"), prefixOf("b")]);
  await expectRefusals(server, [
    [() => assign({ Ipv6Prefixes: [prefixOf("b")] }), "InvalidIPAddress.InUse"],
    [() => assign({ Ipv6Prefixes: [prefixOf("c")] }), "InvalidIPAddress.InUse"],
    [() => assign({ Ipv6Addresses: [within("b")] }), "InvalidIPAddress.InUse"],
    [() => assign({ Ipv6Prefixes: [prefixOf("0")] }), "InvalidParameterValue"],
    [() => assign({ Ipv6Prefixes: [prefixOf("ffff")] }), "InvalidParameterValue"],
    [() => assign({ Ipv6Prefixes: [prefixOf("d", second)] }), "InvalidParameterValue"],
    [() => assign({ Ipv6Prefixes: [prefixOf("d").replace("/80", "/96")] }), "InvalidParameterValue"],
    [() => assign({ Ipv6Prefixes: [prefixOf("d")], Ipv6Addresses: [within("d")] }), "InvalidParameterValue"],
    [() => assign({ Ipv6Prefixes: [prefixOf("d")], Ipv6PrefixCount: 1 }), "InvalidParameterCombination"],
    [() => launch(named("d"), 2), "InvalidParameterCombination"],
    [() => launch({ Ipv6PrefixCount: 3 }), "Ipv6AddressLimitExceeded"],
    [() => ec2.assignIpv6Addresses({ NetworkInterfaceId: launched, Ipv6PrefixCount: 1 }), "Ipv6AddressLimitExceeded"],
    [() => ec2.assignIpv6Addresses({ NetworkInterfaceId: plain?.NetworkInterfaceId, Ipv6PrefixCount: 1 }), "InvalidParameterValue"],
    [() => ec2.unassignIpv6Addresses({ NetworkInterfaceId, Ipv6Prefixes: [prefixOf("b")] }), "InvalidParameterValue"],
    [() => ec2.disassociateSubnetCidrBlock({ AssociationId: other?.Ipv6CidrBlockAssociationSet?.[0]?.AssociationId }), "InvalidCidrBlock.InUse"],
  ]);
  const taken = await ec2.unassignIpv6Addresses({ NetworkInterfaceId, Ipv6Prefixes: [any, prefixOf("a")] });
  const { NetworkInterfaces: [left] = [] } = await ec2.describeNetworkInterfaces({ NetworkInterfaceIds: [NetworkInterfaceId] });
  expect([taken.UnassignedIpv6Prefixes, left?.Ipv6Prefixes, left?.Ipv6Addresses?.length]).toEqual([[any, prefixOf("a")], undefined, 1]);
  expect((await assign({ Ipv6Addresses: [within("a")] })).AssignedIpv6Addresses).toEqual([within("a")]);
});

test("IPv6 goes out by an internet gateway or by an egress-only one, whose routes lead nowhere when it is gone", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId: VpcId, mainTable: RouteTableId } = await makeDual(server);
  const { EgressOnlyInternetGateway: gateway } = await ec2.createEgressOnlyInternetGateway({ VpcId, TagSpecifications: [{ ResourceType: "egress-only-internet-gateway", Tags: [{ Key: "a", Value: "b" }] }] });
  const EgressOnlyInternetGatewayId = gateway?.EgressOnlyInternetGatewayId ?? "";
  expect(gateway).toEqual({ EgressOnlyInternetGatewayId: expect.stringMatching(/^eigw-0[0-9a-f]{16}$/), Attachments: [{ State: "attached", VpcId }], Tags: [{ Key: "a", Value: "b" }] });
  await ec2.createRoute({ RouteTableId, DestinationIpv6CidrBlock: "::/0", EgressOnlyInternetGatewayId });
  await ec2.createRoute({ RouteTableId, DestinationIpv6CidrBlock: "2001:DB8::1/32", GatewayId: await attachGateway(ec2, VpcId) });
  const routes = async () => {
    const { RouteTables: [table] = [] } = await ec2.describeRouteTables({ RouteTableIds: [RouteTableId] });
    return table?.Routes?.filter(({ Origin }) => Origin === "CreateRoute").map((route) => [route.DestinationIpv6CidrBlock, (route.EgressOnlyInternetGatewayId ?? route.GatewayId)?.slice(0, 4), route.State]);
  };
  expect(await routes()).toEqual([["::/0", "eigw", "active"], ["2001:db8::/32", "igw-", "active"]]);
  const found = await ec2.describeEgressOnlyInternetGateways({ EgressOnlyInternetGatewayIds: [EgressOnlyInternetGatewayId], Filters: [{ Name: "tag:a", Values: ["b"] }] });
  expect(found.EgressOnlyInternetGateways).toEqual([gateway]);
  expect((await ec2.deleteEgressOnlyInternetGateway({ EgressOnlyInternetGatewayId })).ReturnCode).toBe(true);
  expect(await routes()).toContainEqual(["::/0", "eigw", "blackhole"]);
  await ec2.deleteRoute({ RouteTableId, DestinationIpv6CidrBlock: "0:0::/0" });
  expect(await routes()).toEqual([["2001:db8::/32", "igw-", "active"]]);
});

test("What is wrong about IPv6 is refused with EC2's codes and changes nothing", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId: VpcId, subnetId: SubnetId, mainTable: RouteTableId, first, second, third, addressOf } = await makeDual(server);
  const other = server.ec2(otherAccount);
  const bare = await makeSubnet(ec2, VpcId, "10.0.1.0/24");
  const block = (await ec2.describeVpcs({ VpcIds: [VpcId] })).Vpcs?.[0]?.Ipv6CidrBlockAssociationSet?.[0];
  const subnetBlock = (await ec2.describeSubnets({ SubnetIds: [SubnetId] })).Subnets?.[0]?.Ipv6CidrBlockAssociationSet?.[0];
  const { NetworkInterface: nic } = await ec2.createNetworkInterface({ SubnetId, Ipv6Addresses: [{ Ipv6Address: addressOf("a") }] });
  const NetworkInterfaceId = nic?.NetworkInterfaceId ?? "";
  const { NetworkInterface: plain } = await ec2.createNetworkInterface({ SubnetId: bare });
  const { EgressOnlyInternetGateway: gateway } = await ec2.createEgressOnlyInternetGateway({ VpcId });
  const EgressOnlyInternetGatewayId = gateway?.EgressOnlyInternetGatewayId ?? "";
  const { networkInterface } = await launchOne(server, { SubnetId, InstanceType: "t3.micro" });
  const assign = (more: object) => () => ec2.assignIpv6Addresses({ NetworkInterfaceId, ...more });
  const launch = (more: object) => () => ec2.runInstances({ ImageId: hvmImage, InstanceType: "t3.micro", MinCount: 1, MaxCount: 2, SubnetId, ...more });
  const route = (more: object) => () => ec2.createRoute({ RouteTableId, ...more });
  await expectRefusals(server, [
    [() => ec2.associateVpcCidrBlock({ VpcId, AmazonProvidedIpv6CidrBlock: true, CidrBlock: "10.1.0.0/16" }), "InvalidParameterCombination"],
    [() => ec2.associateVpcCidrBlock({ VpcId, Ipv6CidrBlock: "2001:db8::/56" }), "MissingParameter"],
    [() => ec2.associateVpcCidrBlock({ VpcId, AmazonProvidedIpv6CidrBlock: true, Ipv6CidrBlockNetworkBorderGroup: "us-west-2" }), "InvalidParameterValue"],
    [() => other.associateVpcCidrBlock({ VpcId, AmazonProvidedIpv6CidrBlock: true }), "InvalidVpcID.NotFound"],
    [() => ec2.disassociateVpcCidrBlock({ AssociationId: block?.AssociationId ?? "" }), "InvalidCidrBlock.InUse"],
    [() => ec2.createSubnet({ VpcId, CidrBlock: "10.0.2.0/24", Ipv6CidrBlock: "here" }), "InvalidParameterValue"],
    [() => ec2.createSubnet({ VpcId, CidrBlock: "10.0.2.0/24", Ipv6CidrBlock: "2001:db8::/64" }), "InvalidSubnet.Range"],
    [() => ec2.createSubnet({ VpcId, CidrBlock: "10.0.2.0/24", Ipv6CidrBlock: second.replace("/64", "/80") }), "InvalidSubnet.Range"],
    [() => ec2.createSubnet({ VpcId, CidrBlock: "10.0.2.0/24", Ipv6CidrBlock: first }), "InvalidSubnet.Conflict"],
    [() => ec2.associateSubnetCidrBlock({ SubnetId, Ipv6CidrBlock: second }), "CidrLimitExceeded"],
    [() => ec2.associateSubnetCidrBlock({ SubnetId: bare, Ipv6CidrBlock: first }), "InvalidSubnet.Conflict"],
    [() => other.associateSubnetCidrBlock({ SubnetId: bare, Ipv6CidrBlock: second }), "InvalidSubnetID.NotFound"],
    [() => ec2.disassociateSubnetCidrBlock({ AssociationId: subnetBlock?.AssociationId ?? "" }), "InvalidCidrBlock.InUse"],
    [() => ec2.disassociateSubnetCidrBlock({ AssociationId: "subnet-cidr-assoc-0123" }), "InvalidSubnetCidrBlockAssociationID.NotFound"],
    [() => ec2.modifySubnetAttribute({ SubnetId: bare, AssignIpv6AddressOnCreation: { Value: true } }), "InvalidParameterValue"],
    [() => ec2.createNetworkInterface({ SubnetId: bare, Ipv6AddressCount: 1 }), "InvalidParameterValue"],
    [() => ec2.createNetworkInterface({ SubnetId, EnablePrimaryIpv6: true }), "UnsupportedOperation"],
    [assign({}), "MissingParameter"],
    [assign({ Ipv6AddressCount: 1, Ipv6Addresses: [addressOf("b")] }), "InvalidParameterCombination"],
    [assign({ Ipv6Addresses: ["b"] }), "InvalidParameterValue"],
    [assign({ Ipv6Addresses: [addressOf("b"), addressOf("0:b")] }), "InvalidParameterValue"],
    [assign({ Ipv6Addresses: [addressOf("a")] }), "InvalidIPAddress.InUse"],
    [assign({ Ipv6Addresses: [addressOf("3")] }), "InvalidParameterValue"],
    [assign({ Ipv6Addresses: [addressOf("b", third)] }), "InvalidParameterValue"],
    [() => ec2.assignIpv6Addresses({ NetworkInterfaceId: networkInterface, Ipv6AddressCount: 3 }), "Ipv6AddressLimitExceeded"],
    [() => ec2.assignIpv6Addresses({ NetworkInterfaceId: plain?.NetworkInterfaceId ?? "", Ipv6AddressCount: 1 }), "InvalidParameterValue"],
    [() => other.assignIpv6Addresses({ NetworkInterfaceId, Ipv6AddressCount: 1 }), "InvalidNetworkInterfaceID.NotFound"],
    [() => ec2.unassignIpv6Addresses({ NetworkInterfaceId, Ipv6Addresses: [addressOf("b")] }), "InvalidParameterValue"],
    [() => ec2.unassignIpv6Addresses({ NetworkInterfaceId }), "MissingParameter"],
    [launch({ Ipv6Addresses: [{ Ipv6Address: addressOf("b") }] }), "InvalidParameterCombination"],
    [launch({ Ipv6AddressCount: 3 }), "Ipv6AddressLimitExceeded"],
    [launch({ SubnetId: bare, Ipv6AddressCount: 1 }), "InvalidParameterValue"],
    [launch({ SubnetId: undefined, Ipv6AddressCount: 1, NetworkInterfaces: [{ DeviceIndex: 0, SubnetId }] }), "InvalidParameterCombination"],
    [route({ DestinationIpv6CidrBlock: "all", EgressOnlyInternetGatewayId }), "InvalidParameterValue"],
    [route({ DestinationCidrBlock: "0.0.0.0/0", EgressOnlyInternetGatewayId }), "InvalidParameterValue"],
    [route({ DestinationCidrBlock: "0.0.0.0/0", DestinationIpv6CidrBlock: "::/0", EgressOnlyInternetGatewayId }), "InvalidParameterCombination"],
    [route({ DestinationIpv6CidrBlock: "::/0", EgressOnlyInternetGatewayId: "eigw-0123456789abcdef0" }), "InvalidGatewayID.NotFound"],
    [route({ DestinationIpv6CidrBlock: "::/0", NatGatewayId: "nat-0123456789abcdef0" }), "UnsupportedOperation"],
    [route({ DestinationIpv6CidrBlock: first, EgressOnlyInternetGatewayId }), "InvalidParameterValue"],
    [() => ec2.deleteRoute({ RouteTableId, DestinationIpv6CidrBlock: block?.Ipv6CidrBlock ?? "" }), "InvalidParameterValue"],
    [() => ec2.deleteRoute({ RouteTableId, DestinationIpv6CidrBlock: "::/0" }), "InvalidRoute.NotFound"],
    [() => ec2.createEgressOnlyInternetGateway({ VpcId: "vpc-0123456789abcdef0" }), "InvalidVpcID.NotFound"],
    [() => ec2.deleteEgressOnlyInternetGateway({ EgressOnlyInternetGatewayId: "eigw-0123456789abcdef0" }), "InvalidGatewayID.NotFound"],
    [() => other.deleteEgressOnlyInternetGateway({ EgressOnlyInternetGatewayId }), "InvalidGatewayID.NotFound"],
    [() => ec2.deleteEgressOnlyInternetGateway({ EgressOnlyInternetGatewayId: "eigw-1" }), "InvalidEgressOnlyInternetGatewayId.Malformed"],
    [() => ec2.deleteEgressOnlyInternetGateway({ EgressOnlyInternetGatewayId, DryRun: true }), "DryRunOperation"],
  ]);
});
