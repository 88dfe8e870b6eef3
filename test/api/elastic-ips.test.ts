import { expect, test } from "vitest";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { openStaffedServer, type StaffedServer } from "./simulated-hosts.ts";
import { account, otherAccount } from "./test-server.ts";
import { makeVpc } from "./vpc-parts.ts";

const id = (prefix: string) => expect.stringMatching(new RegExp(`^${prefix}-[0-9a-f]{17}$`));
const pool = expect.stringMatching(/^198\.18\.0\.\d+$/);

async function allocate(server: StaffedServer): Promise<{ AllocationId: string; PublicIp: string }> {
  const { AllocationId = "", PublicIp = "" } = await server.ec2().allocateAddress({});
  return { AllocationId, PublicIp };
}

/** A running instance, and its public address as seen now. */
async function runOne(server: StaffedServer) {
  const launched = await launchOne(server);
  await server.hosts.settle();
  const see = async () => (await server.ec2().describeInstances({ InstanceIds: [launched.instance] })).Reservations?.[0]?.Instances?.[0];
  return { ...launched, see, publicAddress: async () => (await see())?.PublicIpAddress };
}

test("An address is the account's from its allocation to its release", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const TagSpecifications = [{ ResourceType: "elastic-ip" as const, Tags: [{ Key: "Name", Value: "mine" }] }];
  const { $metadata: _metadata, ...made } = await ec2.allocateAddress({ Domain: "vpc", TagSpecifications });
  expect(made).toEqual({ PublicIp: pool, AllocationId: id("eipalloc"), PublicIpv4Pool: "amazon", NetworkBorderGroup: "us-east-1", Domain: "vpc" });
  const { PublicIp: Address = "", AllocationId = "" } = made;
  expect((await ec2.describeAddresses({ PublicIps: [Address] })).Addresses).toEqual([{ ...made, Tags: [{ Key: "Name", Value: "mine" }] }]);
  expect((await ec2.describeAddressesAttribute({ AllocationIds: [AllocationId] })).Addresses).toEqual([{ PublicIp: Address, AllocationId }]);
  const theirs = server.ec2(otherAccount);
  await expectRefusals(server, [
    [() => ec2.allocateAddress({ Address }), "InvalidAddress.NotFound"],
    [() => ec2.allocateAddress({ Address: "192.0.2.1" }), "InvalidAddress.NotFound"],
    [() => ec2.allocateAddress({ Address: "192.0.2" }), "InvalidAddress.Malformed"],
    [() => ec2.describeAddresses({ PublicIps: ["mine"] }), "InvalidAddress.Malformed"],
    [() => ec2.releaseAddress({ PublicIp: "192.0.2.256" }), "InvalidAddress.Malformed"],
    [() => ec2.allocateAddress({ NetworkBorderGroup: "us-west-1" }), "InvalidParameterValue"],
    [() => ec2.allocateAddress({ DryRun: true }), "DryRunOperation"],
    [() => theirs.releaseAddress({ AllocationId }), "InvalidAllocationID.NotFound"],
    [() => theirs.releaseAddress({ PublicIp: Address }), "AuthFailure"],
    [() => theirs.describeAddresses({ AllocationIds: [AllocationId] }), "InvalidAllocationID.NotFound"],
    [() => ec2.releaseAddress({ AllocationId, PublicIp: Address }), "InvalidParameterCombination"],
    [() => ec2.releaseAddress({}), "MissingParameter"],
    [() => ec2.releaseAddress({ AllocationId, DryRun: true }), "DryRunOperation"],
  ]);
  const named = { PublicIp: Address, AllocationId, PtrRecord: "mail.example.com." };
  expect([(await ec2.modifyAddressAttribute({ AllocationId, DomainName: "mail.example.com" })).Address, (await ec2.describeAddressesAttribute({})).Addresses]).toEqual([named, [named]]);
  await expectRefusals(server, [
    [() => ec2.releaseAddress({ AllocationId }), "InvalidAddress.Locked"],
    [() => ec2.modifyAddressAttribute({ AllocationId, DomainName: "mail" }), "InvalidParameterValue"],
    [() => ec2.modifyAddressAttribute({ AllocationId }), "MissingParameter"],
    [() => theirs.modifyAddressAttribute({ AllocationId, DomainName: "mail.example.com" }), "InvalidAllocationID.NotFound"],
    [() => ec2.modifyAddressAttribute({ AllocationId, DomainName: "mail.example.com", DryRun: true }), "DryRunOperation"],
    [() => theirs.resetAddressAttribute({ AllocationId, Attribute: "domain-name" }), "InvalidAllocationID.NotFound"],
    [() => ec2.resetAddressAttribute({ AllocationId, Attribute: "domain-name", DryRun: true }), "DryRunOperation"],
  ]);
  expect((await ec2.resetAddressAttribute({ AllocationId, Attribute: "domain-name" })).Address).toEqual({ PublicIp: Address, AllocationId });
  await ec2.releaseAddress({ AllocationId });
  await expectRefusals(server, [[() => ec2.releaseAddress({ AllocationId }), "InvalidAllocationID.NotFound"]]);
  expect((await ec2.allocateAddress({ Address })).PublicIp).toBe(Address);
  for (let count = 1; count < 5; count++) await ec2.allocateAddress({});
  await expectRefusals(server, [[() => ec2.allocateAddress({}), "AddressLimitExceeded"]]);
});

test("An Elastic IP address takes the automatic one's place for good, and its end brings a new automatic one", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const { instance: InstanceId, networkInterface, see, publicAddress } = await runOne(server);
  const automatic = await publicAddress();
  const { AllocationId, PublicIp } = await allocate(server);
  const { AssociationId } = await ec2.associateAddress({ AllocationId, InstanceId });
  const seen = await see();
  const name = `ec2-${PublicIp.replaceAll(".", "-")}.compute-1.amazonaws.com`;
  expect([AssociationId, seen?.PublicIpAddress, seen?.PublicDnsName, seen?.NetworkInterfaces?.[0]?.Association]).toEqual([
    id("eipassoc"),
    PublicIp,
    name,
    { IpOwnerId: account, PublicIp, PublicDnsName: name },
  ]);
  const PrivateIpAddress = seen?.PrivateIpAddress;
  expect((await ec2.describeAddresses({ Filters: [{ Name: "instance-id", Values: [InstanceId] }] })).Addresses).toMatchObject([
    { AllocationId, AssociationId, InstanceId, NetworkInterfaceId: networkInterface, NetworkInterfaceOwnerId: account, PrivateIpAddress },
  ]);
  const { NetworkInterfaces: [nic] = [] } = await ec2.describeNetworkInterfaces({ Filters: [{ Name: "association.allocation-id", Values: [AllocationId] }] });
  expect(nic?.PrivateIpAddresses?.[0]?.Association).toEqual({ IpOwnerId: account, PublicIp, PublicDnsName: name, AllocationId, AssociationId });
  await server.hosts.settle();
  expect(await machineAddress(server, InstanceId)).toBe(PublicIp);
  expect((await ec2.associateAddress({ AllocationId, InstanceId })).AssociationId).toBe(AssociationId);
  await ec2.disassociateAddress({ AssociationId });
  const without = await publicAddress();
  await server.hosts.settle();
  const again = await publicAddress();
  expect([automatic, without, again === PublicIp, again]).toEqual([pool, undefined, false, pool]);
  await ec2.disassociateAddress({ PublicIp });
});

/** The public address that the host of the instance was told last. */
async function machineAddress(server: StaffedServer, instance: string): Promise<unknown> {
  const row = await server.read((tx) => tx.db.selectFrom("specifications").select("body").where("id", "=", instance).executeTakeFirstOrThrow());
  return JSON.parse(row.body).interfaces[0].publicAddress;
}

test("An Elastic IP address stays with a stopped instance, and outlives a terminated one", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const { instance: InstanceId, publicAddress } = await runOne(server);
  const { AllocationId, PublicIp } = await allocate(server);
  await ec2.associateAddress({ AllocationId, InstanceId });
  await ec2.stopInstances({ InstanceIds: [InstanceId] });
  await server.hosts.settle();
  await server.hosts.settle(); // stopped, and then let go
  const stopped = await publicAddress();
  await ec2.startInstances({ InstanceIds: [InstanceId] });
  await server.hosts.settle();
  expect([stopped, await publicAddress()]).toEqual([PublicIp, PublicIp]);
  await ec2.terminateInstances({ InstanceIds: [InstanceId] });
  await server.hosts.settle();
  const { Addresses: [left] = [] } = await ec2.describeAddresses({});
  expect([left?.PublicIp, left?.AssociationId, left?.InstanceId]).toEqual([PublicIp, undefined, undefined]);
});

test("An association moves by default, and the address that stood there stays allocated", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const [first, second] = [await runOne(server), await runOne(server)];
  const [one, other] = [await allocate(server), await allocate(server)];
  await ec2.associateAddress({ AllocationId: one.AllocationId, InstanceId: first.instance });
  await ec2.associateAddress({ PublicIp: other.PublicIp, InstanceId: second.instance });
  await expectRefusals(server, [
    [() => ec2.associateAddress({ AllocationId: one.AllocationId, InstanceId: second.instance, AllowReassociation: false }), "Resource.AlreadyAssociated"],
  ]);
  await ec2.associateAddress({ AllocationId: one.AllocationId, InstanceId: second.instance });
  await server.hosts.settle();
  const { Addresses: [freed] = [] } = await ec2.describeAddresses({ AllocationIds: [other.AllocationId] });
  expect([await second.publicAddress(), freed?.AssociationId, [one.PublicIp, other.PublicIp].includes((await first.publicAddress()) ?? "")]).toEqual([one.PublicIp, undefined, false]);
});

test("A wrong association is refused with EC2's code and changes nothing", async () => {
  await using server = await openStaffedServer();
  const { ec2, subnetId: SubnetId } = await makeVpc(server);
  const { NetworkInterface: inside } = await ec2.createNetworkInterface({ SubnetId });
  const { instance: pending } = await launchOne(server);
  const { instance: InstanceId, networkInterface: NetworkInterfaceId } = await runOne(server);
  await server.write((tx) => tx.db.updateTable("instances").set({ observed_state: null, observed_run: 0 }).where("id", "=", pending as `i-${string}`).execute());
  const { AllocationId } = await allocate(server);
  const associate = (more: object) => () => ec2.associateAddress({ AllocationId, ...more });
  await expectRefusals(server, [
    [associate({}), "MissingParameter"],
    [associate({ InstanceId, NetworkInterfaceId }), "InvalidParameterCombination"],
    [associate({ InstanceId: "i-0123456789abcdef0" }), "InvalidInstanceID.NotFound"],
    [associate({ InstanceId: pending }), "IncorrectInstanceState"],
    [associate({ NetworkInterfaceId: "eni-0123456789abcdef0" }), "InvalidNetworkInterfaceID.NotFound"],
    [associate({ NetworkInterfaceId, PrivateIpAddress: "172.31.200.1" }), "InvalidParameterValue"],
    [associate({ NetworkInterfaceId: inside?.NetworkInterfaceId }), "Gateway.NotAttached"],
    [associate({ AllocationId: "eipalloc-0123456789abcdef0", InstanceId }), "InvalidAllocationID.NotFound"],
    [associate({ AllocationId: undefined, PublicIp: "192.0.2.1", InstanceId }), "InvalidAddress.NotFound"],
    [associate({ AllocationId: undefined, PublicIp: "192.0.2.1/32", InstanceId }), "InvalidAddress.Malformed"],
    [associate({ InstanceId, DryRun: true }), "DryRunOperation"],
    [() => ec2.disassociateAddress({ AssociationId: "eipassoc-0123456789abcdef0" }), "InvalidAssociationID.NotFound"],
    [() => ec2.disassociateAddress({}), "MissingParameter"],
  ]);
});

test("Releasing an associated address is refused outside the default VPC", async () => {
  await using server = await openStaffedServer();
  const { ec2, vpcId, subnetId: SubnetId } = await makeVpc(server);
  const { InternetGateway: gateway } = await ec2.createInternetGateway({});
  await ec2.attachInternetGateway({ InternetGatewayId: gateway?.InternetGatewayId, VpcId: vpcId });
  const { NetworkInterface: nic } = await ec2.createNetworkInterface({ SubnetId });
  const { AllocationId } = await allocate(server);
  await ec2.associateAddress({ AllocationId, NetworkInterfaceId: nic?.NetworkInterfaceId });
  await expectRefusals(server, [
    [() => ec2.releaseAddress({ AllocationId }), "InvalidIPAddress.InUse"],
    [() => ec2.detachInternetGateway({ InternetGatewayId: gateway?.InternetGatewayId, VpcId: vpcId }), "DependencyViolation"],
  ]);
  const { instance: InstanceId } = await runOne(server);
  await ec2.associateAddress({ AllocationId, InstanceId });
  await ec2.releaseAddress({ AllocationId });
  expect((await ec2.describeAddresses({})).Addresses).toEqual([]);
});

test("DescribeInstances finds an instance by its Elastic IP address, and no more by the automatic one that it had, and by secondary addresses", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const { instance, see, publicAddress } = await runOne(server);
  const automatic = (await publicAddress()) ?? "";
  const { AllocationId, PublicIp } = await allocate(server);
  await ec2.associateAddress({ AllocationId, InstanceId: instance });
  const NetworkInterfaceId = (await see())?.NetworkInterfaces?.[0]?.NetworkInterfaceId ?? "";
  const { AssignedPrivateIpAddresses: [secondary] = [] } = await ec2.assignPrivateIpAddresses({ NetworkInterfaceId, SecondaryPrivateIpAddressCount: 1 });
  const found = async (Name: string, value: string) => (await ec2.describeInstances({ Filters: [{ Name, Values: [value] }] })).Reservations?.length;
  expect([await found("ip-address", PublicIp), await found("ip-address", automatic), await found("dns-name", `*${PublicIp.replaceAll(".", "-")}*`)]).toEqual([1, 0, 1]);
  expect(await found("network-interface.addresses.private-ip-address", secondary?.PrivateIpAddress ?? "")).toBe(1);
});
