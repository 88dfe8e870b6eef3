import type { CreateNatGatewayCommandInput, NatGateway } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { natGatewayReconciler } from "../../src/reconcile/nat-gateway-reconciler.ts";
import { runRound } from "../../src/reconcile/loop.ts";
import { expectRefusals } from "./refusals.ts";
import { openStaffedServer, type StaffedServer } from "./simulated-hosts.ts";
import { otherAccount } from "./test-server.ts";
import { attachGateway, makeSubnet, makeVpc, type VpcParts } from "./vpc-parts.ts";

const unknown = "nat-0123456789abcdef0";

/** A VPC with a way to the internet, and an address. */
async function furnish(server: StaffedServer): Promise<VpcParts & { readonly allocation: string; readonly gateway: string }> {
  const vpc = await makeVpc(server);
  const gateway = await attachGateway(vpc.ec2, vpc.vpcId);
  return { ...vpc, gateway, allocation: (await vpc.ec2.allocateAddress({})).AllocationId ?? "" };
}

async function make({ ec2, subnetId }: VpcParts, input: Partial<CreateNatGatewayCommandInput>): Promise<NatGateway> {
  const { NatGateway: made } = await ec2.createNatGateway({ SubnetId: subnetId, ...input });
  return made ?? {};
}

async function find({ ec2 }: VpcParts, { NatGatewayId: id = "" }: NatGateway): Promise<NatGateway | undefined> {
  return (await ec2.describeNatGateways({ NatGatewayIds: [id] })).NatGateways?.[0];
}

test("A public gateway is pending, then available with its address and an interface that is only its own; deleted, it is seen for an hour", async () => {
  await using server = await openStaffedServer();
  const vpc = await furnish(server);
  const { ec2, vpcId, subnetId, allocation } = vpc;
  const Tags = [{ Key: "Name", Value: "way out" }];
  const token = { AllocationId: allocation, ClientToken: "once", PrivateIpAddress: "10.0.0.40" };
  const made = await make(vpc, { ...token, TagSpecifications: [{ ResourceType: "natgateway", Tags }] });
  const again = await make(vpc, { ...token, TagSpecifications: [{ ResourceType: "natgateway", Tags }] });
  const { Addresses: [elastic] = [] } = await ec2.describeAddresses({ AllocationIds: [allocation] });
  const address = {
    AllocationId: allocation,
    AssociationId: elastic?.AssociationId,
    IsPrimary: true,
    NetworkInterfaceId: expect.stringMatching(/^eni-/),
    PrivateIp: "10.0.0.40",
    PublicIp: elastic?.PublicIp,
  };
  const whole = { NatGatewayId: expect.stringMatching(/^nat-0[0-9a-f]{16}$/), VpcId: vpcId, SubnetId: subnetId, ConnectivityType: "public", AvailabilityMode: "zonal", CreateTime: expect.any(Date), Tags };
  expect([made, again.NatGatewayId]).toEqual([{ ...whole, State: "pending", NatGatewayAddresses: [{ ...address, Status: "associating" }] }, made.NatGatewayId]);
  await server.hosts.settle();
  expect(await find(vpc, made)).toEqual({ ...whole, State: "available", NatGatewayAddresses: [{ ...address, Status: "succeeded" }] });
  const { NetworkInterfaces: [nic] = [] } = await ec2.describeNetworkInterfaces({ Filters: [{ Name: "requester-managed", Values: ["true"] }] });
  expect(nic).toMatchObject({
    InterfaceType: "nat_gateway",
    Description: `Interface for NAT Gateway ${made.NatGatewayId}`,
    RequesterId: "amazon-aws",
    Status: "in-use",
    SourceDestCheck: false,
    Groups: [],
    Attachment: { AttachmentId: expect.stringMatching(/^ela-attach-/), Status: "attached", InstanceOwnerId: "amazon-aws" },
    Association: { PublicIp: elastic?.PublicIp, AllocationId: allocation },
  });
  await ec2.deleteNatGateway({ NatGatewayId: made.NatGatewayId });
  expect((await find(vpc, made))?.State).toBe("deleting");
  await server.hosts.settle();
  await ec2.deleteNatGateway({ NatGatewayId: made.NatGatewayId });
  expect(await find(vpc, made)).toEqual({ ...whole, State: "deleted", DeleteTime: expect.any(Date), NatGatewayAddresses: [{ ...address, Status: "succeeded" }] });
  expect([(await ec2.describeNetworkInterfaces({})).NetworkInterfaces, (await ec2.describeAddresses({})).Addresses?.[0]?.AssociationId]).toEqual([[], undefined]);
  await ec2.releaseAddress({ AllocationId: allocation });
  await ec2.deleteSubnet({ SubnetId: subnetId });
  await server.store.write((tx) => tx.db.updateTable("due").set({ due_at: 0 }).where("kind", "=", "nat-gateway").execute());
  await runRound({ store: server.store, reconcilers: [natGatewayReconciler], clock: { ...systemClock, now: () => Date.now() + 3_600_001 }, log: silentLog });
  await expectRefusals(server, [[() => ec2.describeNatGateways({ NatGatewayIds: [made.NatGatewayId ?? ""] }), "NatGatewayNotFound"]]);
  expect((await ec2.describeTags({ Filters: [{ Name: "resource-type", Values: ["natgateway"] }] })).Tags).toEqual([]);
});

test("A private gateway has a private address only, and a route leads to it until it is deleted", async () => {
  await using server = await openStaffedServer();
  const vpc = await makeVpc(server);
  const { ec2, mainTable: RouteTableId } = vpc;
  const made = await make(vpc, { ConnectivityType: "private" });
  await server.hosts.settle();
  const [address] = (await find(vpc, made))?.NatGatewayAddresses ?? [];
  expect([address?.AllocationId, address?.PublicIp, address?.PrivateIp]).toEqual([undefined, undefined, expect.stringMatching(/^10\.0\.0\./)]);
  const route = { RouteTableId, DestinationCidrBlock: "192.168.0.0/16", NatGatewayId: made.NatGatewayId };
  await ec2.createRoute(route);
  const found = async () => {
    const { RouteTables: [table] = [] } = await ec2.describeRouteTables({ Filters: [{ Name: "route.nat-gateway-id", Values: [made.NatGatewayId ?? ""] }] });
    return table?.Routes?.find(({ NatGatewayId: id }) => id !== undefined);
  };
  const shown = { DestinationCidrBlock: "192.168.0.0/16", NatGatewayId: made.NatGatewayId, Origin: "CreateRoute" };
  expect(await found()).toEqual({ ...shown, State: "active" });
  await ec2.deleteNatGateway({ NatGatewayId: made.NatGatewayId });
  expect(await found()).toEqual({ ...shown, State: "blackhole" });
  await expectRefusals(server, [[() => ec2.replaceRoute(route), "InvalidNatGatewayID.NotFound"]]);
});

test("What a gateway lacks is its failure, with EC2's code, and takes nothing", async () => {
  await using server = await openStaffedServer();
  const vpc = await furnish(server);
  const { ec2, vpcId, allocation, gateway } = vpc;
  const [small, far] = [await makeSubnet(ec2, vpcId, "10.0.9.0/28"), await makeSubnet(ec2, vpcId, "10.0.10.0/24", "us-east-1f")];
  for (let count = 0; count < 11; count++) await ec2.createNetworkInterface({ SubnetId: small });
  const { AllocationId: taken } = await ec2.allocateAddress({});
  const { NetworkInterface: nic } = await ec2.createNetworkInterface({ SubnetId: vpc.subnetId });
  await ec2.associateAddress({ AllocationId: taken, NetworkInterfaceId: nic?.NetworkInterfaceId });
  const associated = await make(vpc, { AllocationId: taken });
  const full = await make(vpc, { SubnetId: small, ConnectivityType: "private" });
  const hostless = await make(vpc, { SubnetId: far, ConnectivityType: "private" });
  await ec2.disassociateAddress({ PublicIp: (await ec2.describeAddresses({ AllocationIds: [taken ?? ""] })).Addresses?.[0]?.PublicIp });
  await ec2.detachInternetGateway({ InternetGatewayId: gateway, VpcId: vpcId });
  const cutOff = await make(vpc, { AllocationId: allocation });
  await server.hosts.settle();
  const all = [associated, full, hostless, cutOff];
  const seen = await Promise.all(all.map(async (each) => [each.State, (await find(vpc, each))?.State, (await find(vpc, each))?.FailureCode]));
  expect(seen).toEqual(["Resource.AlreadyAssociated", "InsufficientFreeAddressesInSubnet", "InternalError", "Gateway.NotAttached"].map((code) => ["pending", "failed", code]));
  expect((await find(vpc, cutOff))?.FailureMessage).toBe(`Network ${vpcId} has no Internet gateway attached`);
  expect((await ec2.describeNetworkInterfaces({ Filters: [{ Name: "requester-managed", Values: ["true"] }] })).NetworkInterfaces).toEqual([]);
  await ec2.deleteNatGateway({ NatGatewayId: cutOff.NatGatewayId });
  expect((await find(vpc, cutOff))?.State).toBe("deleted");
});

test("What a gateway has, nobody else may take or change", async () => {
  await using server = await openStaffedServer();
  const vpc = await furnish(server);
  const { ec2, vpcId, subnetId: SubnetId, allocation: AllocationId } = vpc;
  const made = await make(vpc, { AllocationId });
  await server.hosts.settle();
  const { NetworkInterfaces: [nic] = [] } = await ec2.describeNetworkInterfaces({ Filters: [{ Name: "interface-type", Values: ["nat_gateway"] }] });
  const NetworkInterfaceId = nic?.NetworkInterfaceId ?? "";
  const { NetworkInterface: other } = await ec2.createNetworkInterface({ SubnetId });
  const { AllocationId: another } = await ec2.allocateAddress({});
  await expectRefusals(server, [
    [() => ec2.deleteNetworkInterface({ NetworkInterfaceId }), "InvalidParameterValue"],
    [() => ec2.detachNetworkInterface({ AttachmentId: nic?.Attachment?.AttachmentId }), "OperationNotPermitted"],
    [() => ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, SourceDestCheck: { Value: true } }), "AuthFailure"],
    [() => ec2.resetNetworkInterfaceAttribute({ NetworkInterfaceId, SourceDestCheck: "true" }), "AuthFailure"],
    [() => ec2.assignPrivateIpAddresses({ NetworkInterfaceId, SecondaryPrivateIpAddressCount: 1 }), "AuthFailure"],
    [() => ec2.unassignPrivateIpAddresses({ NetworkInterfaceId, PrivateIpAddresses: ["10.0.0.9"] }), "AuthFailure"],
    [() => ec2.associateAddress({ AllocationId: another, NetworkInterfaceId }), "AuthFailure"],
    [() => ec2.associateAddress({ AllocationId, NetworkInterfaceId: other?.NetworkInterfaceId }), "AuthFailure"],
    [() => ec2.disassociateAddress({ AssociationId: nic?.Association?.AssociationId }), "AuthFailure"],
    [() => ec2.createRoute({ RouteTableId: vpc.mainTable, DestinationCidrBlock: "0.0.0.0/0", NetworkInterfaceId }), "AuthFailure"],
    [() => ec2.releaseAddress({ AllocationId }), "InvalidIPAddress.InUse"],
    [() => ec2.deleteSubnet({ SubnetId }), "DependencyViolation"],
    [() => ec2.deleteVpc({ VpcId: vpcId }), "DependencyViolation"],
  ]);
  expect((await find(vpc, made))?.State).toBe("available");
});

test("A wrong request is refused with EC2's code and makes nothing", async () => {
  await using server = await openStaffedServer();
  const vpc = await furnish(server);
  const { ec2, mainTable, vpcId, subnetId: SubnetId, allocation: AllocationId } = vpc;
  const { Vpc: elsewhere } = await ec2.createVpc({ CidrBlock: "10.9.0.0/16" });
  const foreign = await make(vpc, { SubnetId: await makeSubnet(ec2, elsewhere?.VpcId ?? "", "10.9.0.0/24", "us-east-1b"), ConnectivityType: "private" });
  const create = (input: Partial<CreateNatGatewayCommandInput>) => () => ec2.createNatGateway({ SubnetId, AllocationId, ...input });
  await expectRefusals(server, [
    [create({ SubnetId: undefined }), "MissingParameter"],
    [create({ AllocationId: undefined }), "MissingParameter"],
    [create({ SubnetId: "subnet-0123456789abcdef0" }), "InvalidSubnetID.NotFound"],
    [create({ AllocationId: "eipalloc-0123456789abcdef0" }), "InvalidAllocationID.NotFound"],
    [create({ ConnectivityType: "private" }), "InvalidParameterCombination"],
    [create({ ConnectivityType: "public!" as "public" }), "InvalidParameterValue"],
    [create({ PrivateIpAddress: "10.0.1.5" }), "InvalidParameterValue"],
    [create({ SecondaryPrivateIpAddressCount: 1 }), "InvalidParameterCombination"],
    [create({ SecondaryAllocationIds: [AllocationId] }), "InvalidParameterCombination"],
    [create({ SecondaryPrivateIpAddresses: ["10.0.0.9"] }), "InvalidParameterValue"],
    [create({ AllocationId: undefined, ConnectivityType: "private", SecondaryAllocationIds: [AllocationId] }), "InvalidParameterCombination"],
    [create({ AllocationId: undefined, ConnectivityType: "private", SecondaryPrivateIpAddressCount: 8 }), "AddressLimitExceeded"],
    [create({ AvailabilityMode: "regional", VpcId: vpcId }), "UnsupportedOperation"],
    [create({ DryRun: true }), "DryRunOperation"],
    [() => ec2.deleteNatGateway({ NatGatewayId: unknown }), "NatGatewayNotFound"],
    [() => ec2.deleteNatGateway({ NatGatewayId: "nat" }), "NatGatewayMalformed"],
    [() => ec2.deleteNatGateway({ NatGatewayId: foreign.NatGatewayId, DryRun: true }), "DryRunOperation"],
    [() => server.ec2(otherAccount).deleteNatGateway({ NatGatewayId: foreign.NatGatewayId }), "NatGatewayNotFound"],
    [() => ec2.createRoute({ RouteTableId: mainTable, DestinationCidrBlock: "0.0.0.0/0", NatGatewayId: foreign.NatGatewayId }), "InvalidParameterValue"],
  ]);
  for (let count = 0; count < 5; count++) await make(vpc, { ConnectivityType: "private" });
  await expectRefusals(server, [[create({}), "NatGatewayLimitExceeded"]]);
  const { NatGateways: found } = await ec2.describeNatGateways({ Filter: [{ Name: "vpc-id", Values: [vpcId] }, { Name: "state", Values: ["pending"] }] });
  expect(found?.length).toBe(5);
});
