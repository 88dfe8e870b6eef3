import { expect, test } from "vitest";
import { expectRefusals } from "./refusals.ts";
import { account, openTestServer, otherAccount } from "./test-server.ts";
import { makeSubnet, makeVpc } from "./vpc-parts.ts";

const unknownSubnet = "subnet-0123456789abcdef0";

test("A subnet has its size less five and those in use to give out", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId } = await makeVpc(server);
  const { Subnet: made } = await ec2.createSubnet({
    VpcId: vpcId,
    CidrBlock: "10.0.1.99/28",
    AvailabilityZoneId: "use1-az2",
    TagSpecifications: [{ ResourceType: "subnet", Tags: [{ Key: "Name", Value: "small" }] }],
  });
  const SubnetId = made?.SubnetId ?? "";
  expect(made).toMatchObject({ CidrBlock: "10.0.1.96/28", AvailabilityZone: "us-east-1b", State: "available", AvailableIpAddressCount: 11, DefaultForAz: false, MapPublicIpOnLaunch: false });
  expect(made?.Tags).toEqual([{ Key: "Name", Value: "small" }]);
  await ec2.createNetworkInterface({ SubnetId, SecondaryPrivateIpAddressCount: 3 });
  const count = async () => (await ec2.describeSubnets({ SubnetIds: [SubnetId] })).Subnets?.[0]?.AvailableIpAddressCount;
  expect(await count()).toBe(7);
  const { NetworkInterface: full } = await ec2.createNetworkInterface({ SubnetId, SecondaryPrivateIpAddressCount: 6 });
  expect([await count(), new Set(full?.PrivateIpAddresses?.map((each) => each.PrivateIpAddress)).size]).toEqual([0, 7]);
  await expectRefusals(server, [[() => ec2.createNetworkInterface({ SubnetId }), "InsufficientFreeAddressesInSubnet"]]);
});

test("What cannot be a subnet is refused with EC2's code and changes nothing", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId: VpcId } = await makeVpc(server);
  const make = (CidrBlock: string, more: object = {}) => () => ec2.createSubnet({ VpcId, CidrBlock, ...more });
  await expectRefusals(server, [
    [make("10.0.0.0/25"), "InvalidSubnet.Conflict"],
    [make("10.0.0.0/16"), "InvalidSubnet.Conflict"],
    [make("10.1.0.0/24"), "InvalidSubnet.Range"],
    [make("10.0.1.0/29"), "InvalidSubnet.Range"],
    [make("10.0.0.0/8"), "InvalidSubnet.Range"],
    [make("10.0.1.0"), "InvalidParameterValue"],
    [make("10.0.1.0/24", { AvailabilityZone: "eu-west-1a" }), "InvalidParameterValue"],
    [make("10.0.1.0/24", { AvailabilityZone: "us-east-1a", AvailabilityZoneId: "use1-az1" }), "InvalidParameterCombination"],
    [make("10.0.1.0/24", { DryRun: true }), "DryRunOperation"],
    [() => ec2.createSubnet({ VpcId: "vpc-0123456789abcdef0", CidrBlock: "10.0.1.0/24" }), "InvalidVpcID.NotFound"],
    [() => ec2.createSubnet({ VpcId }), "MissingParameter"],
    [() => ec2.createSubnet({ VpcId, Ipv6Native: true }), "UnsupportedOperation"],
  ]);
});

test("A subnet goes when no interface is in it", async () => {
  await using server = await openTestServer();
  const { ec2, vpcId, subnetId: SubnetId } = await makeVpc(server);
  const { NetworkInterface: nic } = await ec2.createNetworkInterface({ SubnetId });
  const other = await makeSubnet(ec2, vpcId, "10.0.1.0/24");
  await expectRefusals(server, [
    [() => ec2.deleteSubnet({ SubnetId }), "DependencyViolation"],
    [() => ec2.deleteSubnet({ SubnetId: unknownSubnet }), "InvalidSubnetID.NotFound"],
    [() => ec2.deleteSubnet({ SubnetId: "subnet" }), "InvalidSubnetID.Malformed"],
    [() => ec2.deleteSubnet({ SubnetId: other, DryRun: true }), "DryRunOperation"],
    [() => server.ec2(otherAccount).deleteSubnet({ SubnetId: other }), "InvalidSubnetID.NotFound"],
  ]);
  await ec2.deleteNetworkInterface({ NetworkInterfaceId: nic?.NetworkInterfaceId });
  await ec2.deleteSubnet({ SubnetId });
  const { Subnets: left } = await ec2.describeSubnets({ Filters: [{ Name: "vpc-id", Values: [vpcId] }] });
  expect(left?.map((subnet) => [subnet.SubnetId, subnet.OwnerId])).toEqual([[other, account]]);
});

test("Launches in a subnet get a public address when it is told so", async () => {
  await using server = await openTestServer();
  const { ec2, subnetId: SubnetId } = await makeVpc(server);
  await ec2.modifySubnetAttribute({ SubnetId, MapPublicIpOnLaunch: { Value: true } });
  await ec2.modifySubnetAttribute({ SubnetId, AssignIpv6AddressOnCreation: { Value: false } });
  expect((await ec2.describeSubnets({ SubnetIds: [SubnetId] })).Subnets?.[0]?.MapPublicIpOnLaunch).toBe(true);
  await expectRefusals(server, [
    [() => ec2.modifySubnetAttribute({ SubnetId }), "InvalidParameterCombination"],
    [() => ec2.modifySubnetAttribute({ SubnetId, MapPublicIpOnLaunch: { Value: true }, EnableDns64: { Value: false } }), "InvalidParameterCombination"],
    [() => ec2.modifySubnetAttribute({ SubnetId, EnableDns64: { Value: true } }), "UnsupportedOperation"],
    [() => ec2.modifySubnetAttribute({ SubnetId, PrivateDnsHostnameTypeOnLaunch: "resource-name" }), "UnsupportedOperation"],
    [() => ec2.modifySubnetAttribute({ SubnetId: unknownSubnet, MapPublicIpOnLaunch: { Value: true } }), "InvalidSubnetID.NotFound"],
  ]);
});
