import { expect, test } from "vitest";
import type { InterfaceSpecification, MachineSpecification } from "../../src/host/protocol/specification.ts";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { hvmImage } from "./seed.ts";
import { openStaffedServer, type StaffedServer } from "./simulated-hosts.ts";
import { otherAccount } from "./test-server.ts";
import { makeSubnet, makeVpc, type VpcParts } from "./vpc-parts.ts";

const unknown = "eni-0123456789abcdef0";

async function makeNic({ ec2, subnetId: SubnetId }: Pick<VpcParts, "ec2" | "subnetId">, more: object = {}): Promise<string> {
  return (await ec2.createNetworkInterface({ SubnetId, ...more })).NetworkInterface?.NetworkInterfaceId ?? "";
}

/** A running instance in the VPC's subnet. */
async function runInside(server: StaffedServer, SubnetId: string, more: object = {}): Promise<string> {
  const { instance } = await launchOne(server, { SubnetId, ...more });
  await server.hosts.settle();
  return instance;
}

async function seen(server: StaffedServer, id: string) {
  return (await server.ec2().describeNetworkInterfaces({ NetworkInterfaceIds: [id] })).NetworkInterfaces?.[0];
}

/** What the instance's host was told of its interfaces last. */
async function readTold(server: StaffedServer, instance: string): Promise<readonly InterfaceSpecification[]> {
  const row = await server.read((tx) => tx.db.selectFrom("specifications").select("body").where("id", "=", instance).executeTakeFirstOrThrow());
  return (JSON.parse(row.body) as MachineSpecification).interfaces; // written by publish
}

async function toldInterfaces(server: StaffedServer, instance: string): Promise<string[]> {
  return (await readTold(server, instance)).map(({ id }) => id);
}

test("An interface is made with its addresses, groups and description, and removed with them", async () => {
  await using server = await openStaffedServer();
  const { ec2, vpcId, subnetId } = await makeVpc(server);
  const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({ Filters: [{ Name: "vpc-id", Values: [vpcId] }] });
  const { NetworkInterface: made } = await ec2.createNetworkInterface({
    SubnetId: subnetId,
    Description: "mine",
    PrivateIpAddresses: [{ PrivateIpAddress: "10.0.0.9" }, { PrivateIpAddress: "10.0.0.7", Primary: true }],
    TagSpecifications: [{ ResourceType: "network-interface", Tags: [{ Key: "Name", Value: "nic" }] }],
  });
  const NetworkInterfaceId = made?.NetworkInterfaceId ?? "";
  expect(made).toMatchObject({
    Status: "pending",
    Description: "mine",
    PrivateIpAddress: "10.0.0.7",
    PrivateIpAddresses: [
      { PrivateIpAddress: "10.0.0.7", Primary: true, PrivateDnsName: "ip-10-0-0-7.ec2.internal" },
      { PrivateIpAddress: "10.0.0.9", Primary: false },
    ],
    Groups: [{ GroupId: group?.GroupId, GroupName: "default" }],
    SourceDestCheck: true,
    TagSet: [{ Key: "Name", Value: "nic" }],
  });
  expect((await seen(server, NetworkInterfaceId))?.Status).toBe("available");
  const make = (more: object) => () => ec2.createNetworkInterface({ SubnetId: subnetId, ...more });
  await expectRefusals(server, [
    [make({ PrivateIpAddress: "10.0.0.9" }), "InvalidIPAddress.InUse"],
    [make({ PrivateIpAddress: "10.0.0.3" }), "InvalidParameterValue"],
    [make({ PrivateIpAddress: "10.0.1.9" }), "InvalidParameterValue"],
    [make({ PrivateIpAddresses: [{ PrivateIpAddress: "10.0.0.7" }] }), "InvalidIPAddress.InUse"],
    [make({ Groups: ["sg-0123456789abcdef0"] }), "InvalidGroup.NotFound"],
    [make({ SubnetId: "subnet-0123456789abcdef0" }), "InvalidSubnetID.NotFound"],
    [make({ InterfaceType: "efa" }), "UnsupportedOperation"],
    [make({ Ipv6AddressCount: 1 }), "InvalidParameterValue"],
    [make({ DryRun: true }), "DryRunOperation"],
    [() => ec2.deleteNetworkInterface({ NetworkInterfaceId: unknown }), "InvalidNetworkInterfaceID.NotFound"],
    [() => ec2.deleteNetworkInterface({ NetworkInterfaceId, DryRun: true }), "DryRunOperation"],
    [() => server.ec2(otherAccount).deleteNetworkInterface({ NetworkInterfaceId }), "InvalidNetworkInterfaceID.NotFound"],
  ]);
  await ec2.deleteNetworkInterface({ NetworkInterfaceId });
  await makeNic({ ec2, subnetId }, { PrivateIpAddress: "10.0.0.9" });
});

test("An interface is attached to a running instance and detached when its host has let go", async () => {
  await using server = await openStaffedServer();
  const { ec2, vpcId, subnetId } = await makeVpc(server);
  const InstanceId = await runInside(server, subnetId);
  const NetworkInterfaceId = await makeNic({ ec2, subnetId });
  const { AttachmentId } = await ec2.attachNetworkInterface({ NetworkInterfaceId, InstanceId, DeviceIndex: 1 });
  expect(await seen(server, NetworkInterfaceId)).toMatchObject({
    Status: "in-use",
    Attachment: { AttachmentId, InstanceId, DeviceIndex: 1, Status: "attached", DeleteOnTermination: false },
  });
  await server.hosts.settle();
  expect((await toldInterfaces(server, InstanceId))[1]).toBe(NetworkInterfaceId);
  const elsewhere = await makeNic({ ec2, subnetId: await makeSubnet(ec2, vpcId, "10.0.1.0/24", "us-east-1b") });
  const [free, primary] = [await makeNic({ ec2, subnetId }), (await toldInterfaces(server, InstanceId))[0] ?? ""];
  const attach = (more: object) => () => ec2.attachNetworkInterface({ NetworkInterfaceId: free, InstanceId, DeviceIndex: 2, ...more });
  await expectRefusals(server, [
    [attach({}), "AttachmentLimitExceeded"],
    [attach({ DeviceIndex: 1 }), "InvalidParameterValue"],
    [attach({ NetworkInterfaceId }), "InvalidNetworkInterface.InUse"],
    [attach({ NetworkInterfaceId: elsewhere }), "InvalidParameterCombination"],
    [attach({ NetworkInterfaceId: unknown }), "InvalidNetworkInterfaceID.NotFound"],
    [attach({ InstanceId: "i-0123456789abcdef0" }), "InvalidInstanceID.NotFound"],
    [attach({ DeviceIndex: -1 }), "InvalidParameterValue"],
    [() => ec2.deleteNetworkInterface({ NetworkInterfaceId }), "InvalidParameterValue"],
    [() => ec2.detachNetworkInterface({ AttachmentId: "eni-attach-0123456789abcdef0" }), "InvalidAttachmentID.NotFound"],
    [() => ec2.detachNetworkInterface({ AttachmentId: "attachment" }), "InvalidNetworkInterfaceAttachmentId.Malformed"],
    [() => ec2.detachNetworkInterface({ AttachmentId, DryRun: true }), "DryRunOperation"],
  ]);
  const first = (await seen(server, primary))?.Attachment?.AttachmentId;
  await expectRefusals(server, [[() => ec2.detachNetworkInterface({ AttachmentId: first }), "OperationNotPermitted"]]);
  await ec2.detachNetworkInterface({ AttachmentId });
  const during = await seen(server, NetworkInterfaceId);
  await server.hosts.settle();
  const after = await seen(server, NetworkInterfaceId);
  expect([during?.Attachment?.Status, during?.Status, after?.Attachment, after?.Status]).toEqual(["detaching", "in-use", undefined, "available"]);
  expect(await toldInterfaces(server, InstanceId)).toEqual([primary]);
});

test("A stopped instance takes and gives back an interface at once, and no type that cannot hold it", async () => {
  await using server = await openStaffedServer();
  const { ec2, subnetId } = await makeVpc(server);
  const InstanceId = await runInside(server, subnetId, { InstanceType: "t3.large" });
  await ec2.stopInstances({ InstanceIds: [InstanceId] });
  await server.hosts.settle();
  await server.hosts.settle(); // stopped, and then let go
  const NetworkInterfaceId = await makeNic({ ec2, subnetId }, { SecondaryPrivateIpAddressCount: 2 });
  const { AttachmentId } = await ec2.attachNetworkInterface({ NetworkInterfaceId, InstanceId, DeviceIndex: 1 });
  const secondary = ((await seen(server, NetworkInterfaceId))?.PrivateIpAddresses ?? []).flatMap(({ Primary: primary, PrivateIpAddress: address = "" }) => (primary === true ? [] : [address]));
  await expectRefusals(server, [[() => ec2.modifyInstanceAttribute({ InstanceId, InstanceType: { Value: "t3.nano" } }), "PrivateIpAddressLimitExceeded"]]);
  await ec2.unassignPrivateIpAddresses({ NetworkInterfaceId, PrivateIpAddresses: secondary });
  await ec2.modifyInstanceAttribute({ InstanceId, InstanceType: { Value: "t3.nano" } });
  await ec2.detachNetworkInterface({ AttachmentId });
  expect((await seen(server, NetworkInterfaceId))?.Status).toBe("available");
});

test("A launch takes interfaces that exist and makes others, of which each ends as it should", async () => {
  await using server = await openStaffedServer();
  const { ec2, subnetId: SubnetId } = await makeVpc(server);
  const kept = await makeNic({ ec2, subnetId: SubnetId });
  const launch = (NetworkInterfaces: object[], more: object = {}) => () =>
    ec2.runInstances({ ImageId: hvmImage, InstanceType: "t3.micro", MinCount: 1, MaxCount: 1, NetworkInterfaces, ...more });
  await expectRefusals(server, [
    [launch([{ DeviceIndex: 1, SubnetId }]), "InvalidParameter"],
    [launch([{ DeviceIndex: 0, SubnetId }, { DeviceIndex: 0, SubnetId }]), "InvalidParameter"],
    [launch([{ DeviceIndex: 0, SubnetId, AssociatePublicIpAddress: true }, { DeviceIndex: 1, SubnetId }]), "InvalidParameterCombination"],
    [launch([{ DeviceIndex: 0, NetworkInterfaceId: kept }], { MaxCount: 2 }), "InvalidParameterCombination"],
    [launch([{ DeviceIndex: 0, NetworkInterfaceId: kept, SubnetId }]), "InvalidParameterCombination"],
    [launch([{ DeviceIndex: 0, NetworkInterfaceId: unknown }]), "InvalidNetworkInterfaceID.NotFound"],
    [launch([0, 1, 2].map((DeviceIndex) => ({ DeviceIndex, SubnetId }))), "AttachmentLimitExceeded"],
    [launch([{ DeviceIndex: 0, SubnetId, SecondaryPrivateIpAddressCount: 2 }]), "InvalidInterface.IpAddressLimitExceeded"],
  ]);
  const { Instances: [launched] = [] } = await launch([
    { DeviceIndex: 1, SubnetId, DeleteOnTermination: true },
    { DeviceIndex: 0, NetworkInterfaceId: kept },
  ])();
  const InstanceIds = [launched?.InstanceId ?? ""];
  const shown = launched?.NetworkInterfaces?.map((nic) => [nic.Attachment?.DeviceIndex, nic.NetworkInterfaceId === kept, nic.Attachment?.DeleteOnTermination]);
  expect([shown, launched?.PublicIpAddress]).toEqual([
    [
      [0, true, false],
      [1, false, true],
    ],
    undefined,
  ]);
  await expectRefusals(server, [[launch([{ DeviceIndex: 0, NetworkInterfaceId: kept }]), "InvalidNetworkInterface.InUse"]]);
  await server.hosts.settle();
  await ec2.terminateInstances({ InstanceIds });
  await server.hosts.settle();
  const { NetworkInterfaces: left } = await ec2.describeNetworkInterfaces({});
  expect(left?.map((nic) => [nic.NetworkInterfaceId, nic.Status])).toEqual([[kept, "available"]]);
});

test("One attribute of an interface changes at a time", async () => {
  await using server = await openStaffedServer();
  const { ec2, vpcId, subnetId } = await makeVpc(server);
  const NetworkInterfaceId = await makeNic({ ec2, subnetId });
  const { GroupId: group = "" } = await ec2.createSecurityGroup({ GroupName: "web", Description: "web", VpcId: vpcId });
  const modify = (more: object) => () => ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, ...more });
  await modify({ Groups: [group] })();
  await modify({ Description: { Value: "router" } })();
  await modify({ SourceDestCheck: { Value: false } })();
  const attribute = async (Attribute: "groupSet" | "description" | "sourceDestCheck") => ec2.describeNetworkInterfaceAttribute({ NetworkInterfaceId, Attribute });
  expect([(await attribute("groupSet")).Groups, (await attribute("description")).Description, (await attribute("sourceDestCheck")).SourceDestCheck]).toEqual([
    [{ GroupId: group, GroupName: "web" }],
    { Value: "router" },
    { Value: false },
  ]);
  await ec2.resetNetworkInterfaceAttribute({ NetworkInterfaceId, SourceDestCheck: "true" });
  expect((await attribute("sourceDestCheck")).SourceDestCheck).toEqual({ Value: true });
  const { SecurityGroups: groups = [] } = await ec2.describeSecurityGroups({ Filters: [{ Name: "group-name", Values: ["default"] }] });
  const foreign = groups.find((each) => each.VpcId !== vpcId)?.GroupId;
  await expectRefusals(server, [
    [modify({}), "InvalidParameterCombination"],
    [modify({ Description: { Value: "a" }, SourceDestCheck: { Value: true } }), "InvalidParameterCombination"],
    [modify({ Groups: [foreign] }), "InvalidParameter"],
    [modify({ Attachment: { AttachmentId: "eni-attach-0123456789abcdef0", DeleteOnTermination: true } }), "InvalidAttachmentID.NotFound"],
    [modify({ NetworkInterfaceId: unknown, Description: { Value: "a" } }), "InvalidNetworkInterfaceID.NotFound"],
    [modify({ Description: { Value: "a" }, DryRun: true }), "DryRunOperation"],
    [() => ec2.resetNetworkInterfaceAttribute({ NetworkInterfaceId }), "MissingParameter"],
    [() => ec2.describeNetworkInterfaceAttribute({ NetworkInterfaceId }), "MissingParameter"],
  ]);
});

test("Secondary addresses are given, moved with their Elastic IP address, and taken away", async () => {
  await using server = await openStaffedServer();
  const { ec2, vpcId, subnetId } = await makeVpc(server);
  const { InternetGateway: gateway } = await ec2.createInternetGateway({});
  await ec2.attachInternetGateway({ InternetGatewayId: gateway?.InternetGatewayId, VpcId: vpcId });
  const [first, second] = [await makeNic({ ec2, subnetId }, { PrivateIpAddress: "10.0.0.10" }), await makeNic({ ec2, subnetId }, { PrivateIpAddress: "10.0.0.11" })];
  const assign = (NetworkInterfaceId: string, more: object) => () => ec2.assignPrivateIpAddresses({ NetworkInterfaceId, ...more });
  const { AssignedPrivateIpAddresses: assigned } = await assign(first, { PrivateIpAddresses: ["10.0.0.20"] })();
  expect(assigned).toEqual([{ PrivateIpAddress: "10.0.0.20" }]);
  const { AllocationId } = await ec2.allocateAddress({});
  await ec2.associateAddress({ AllocationId, NetworkInterfaceId: first, PrivateIpAddress: "10.0.0.20" });
  await expectRefusals(server, [
    [assign(second, { PrivateIpAddresses: ["10.0.0.20"] }), "Resource.AlreadyAssigned"],
    [assign(second, { PrivateIpAddresses: ["10.0.0.10"], AllowReassignment: true }), "InvalidIPAddress.InUse"],
    [assign(second, { PrivateIpAddresses: ["10.0.9.10"] }), "InvalidParameterValue"],
    [assign(second, {}), "MissingParameter"],
    [assign(second, { PrivateIpAddresses: ["10.0.0.21"], SecondaryPrivateIpAddressCount: 1 }), "InvalidParameterCombination"],
    [assign(second, { SecondaryPrivateIpAddressCount: 0 }), "InvalidParameterValue"],
    [assign(unknown, { SecondaryPrivateIpAddressCount: 1 }), "InvalidNetworkInterfaceID.NotFound"],
    [() => ec2.unassignPrivateIpAddresses({ NetworkInterfaceId: first, PrivateIpAddresses: ["10.0.0.10"] }), "InvalidParameterValue"],
    [() => ec2.unassignPrivateIpAddresses({ NetworkInterfaceId: second, PrivateIpAddresses: ["10.0.0.20"] }), "InvalidParameterValue"],
  ]);
  await assign(second, { PrivateIpAddresses: ["10.0.0.20"], AllowReassignment: true })();
  const { Addresses: [moved] = [] } = await ec2.describeAddresses({});
  expect([moved?.NetworkInterfaceId, moved?.PrivateIpAddress, (await seen(server, first))?.PrivateIpAddresses?.length]).toEqual([second, "10.0.0.20", 1]);
  await ec2.unassignPrivateIpAddresses({ NetworkInterfaceId: second, PrivateIpAddresses: ["10.0.0.20"] });
  expect((await ec2.describeAddresses({})).Addresses?.[0]?.AssociationId).toBeUndefined();
  const InstanceId = await runInside(server, subnetId);
  await ec2.attachNetworkInterface({ NetworkInterfaceId: first, InstanceId, DeviceIndex: 1 });
  await assign(first, { PrivateIpAddresses: ["10.0.0.22"] })();
  await expectRefusals(server, [[assign(first, { SecondaryPrivateIpAddressCount: 1 }), "PrivateIpAddressLimitExceeded"]]);
  const told = async () => (await server.hosts.settle(), (await readTold(server, InstanceId))[1]?.secondaryAddresses);
  expect(await told()).toEqual([{ privateAddress: "10.0.0.22" }]);
  await assign(second, { PrivateIpAddresses: ["10.0.0.22"], AllowReassignment: true })();
  expect(await told()).toBeUndefined();
});

test("A launch gives its interfaces prefixes, by itself and by a template, and none that somebody has or that its type has no room for", async () => {
  await using server = await openStaffedServer();
  const { ec2, subnetId: SubnetId } = await makeVpc(server);
  await ec2.createNetworkInterface({ SubnetId, PrivateIpAddress: "10.0.0.10", Ipv4Prefixes: [{ Ipv4Prefix: "10.0.0.32/28" }] });
  const described = (more: object) => [{ DeviceIndex: 0, SubnetId, ...more }];
  const launch = (more: object, request: object = {}) => () =>
    ec2.runInstances({ ImageId: hvmImage, InstanceType: "t3.micro", MinCount: 1, MaxCount: 1, NetworkInterfaces: described(more), ...request });
  const named = (Ipv4Prefix: string) => ({ Ipv4Prefixes: [{ Ipv4Prefix }] });
  await expectRefusals(server, [
    [launch(named("10.0.0.32/28")), "InvalidIPAddress.InUse"],
    [launch(named("10.0.9.0/28")), "InvalidParameterValue"],
    [launch({ ...named("10.0.0.64/28"), PrivateIpAddress: "10.0.0.70" }), "InvalidParameterValue"],
    [launch({ ...named("10.0.0.64/28"), Ipv4PrefixCount: 1 }), "InvalidParameterCombination"],
    [launch({ Ipv4PrefixCount: 1, SecondaryPrivateIpAddressCount: 1 }), "InvalidParameterCombination"],
    [launch(named("10.0.0.64/28"), { MaxCount: 2 }), "InvalidParameterCombination"],
    [launch({ ...named("172.31.0.64/28"), SubnetId: undefined }), "MissingParameter"],
    [launch({ Ipv4PrefixCount: 2 }), "InvalidInterface.IpAddressLimitExceeded"],
  ]);
  const { LaunchTemplate: template } = await ec2.createLaunchTemplate({ LaunchTemplateName: "prefixed", LaunchTemplateData: { ImageId: hvmImage, InstanceType: "t3.micro", NetworkInterfaces: described(named("10.0.0.80/28")) } });
  const byTemplate = () => ec2.runInstances({ MinCount: 1, MaxCount: 1, LaunchTemplate: { LaunchTemplateId: template?.LaunchTemplateId } });
  const prefixesOf = async (run: () => ReturnType<typeof byTemplate>) => (await run()).Instances?.[0]?.NetworkInterfaces?.[0]?.Ipv4Prefixes;
  const [own, templates, any] = [await prefixesOf(launch({ ...named("10.0.0.64/28"), PrivateIpAddress: "10.0.0.11" })), await prefixesOf(byTemplate), await prefixesOf(launch({ Ipv4PrefixCount: 1 }))];
  expect([own, any?.length, templates]).toEqual([[{ Ipv4Prefix: "10.0.0.64/28" }], 1, [{ Ipv4Prefix: "10.0.0.80/28" }]]);
});

test("Prefixes of 16 addresses are given as a whole, count as one each, and none of their addresses is given to others", async () => {
  await using server = await openStaffedServer();
  const { ec2, vpcId, subnetId } = await makeVpc(server);
  const created = await ec2.createNetworkInterface({ SubnetId: subnetId, Ipv4Prefixes: [{ Ipv4Prefix: "10.0.0.32/28" }] });
  const NetworkInterfaceId = created.NetworkInterface?.NetworkInterfaceId ?? "";
  expect([created.NetworkInterface?.Ipv4Prefixes, created.NetworkInterface?.PrivateIpAddresses?.length]).toEqual([[{ Ipv4Prefix: "10.0.0.32/28" }], 1]);
  const free = async (SubnetId: string) => (await ec2.describeSubnets({ SubnetIds: [SubnetId] })).Subnets?.[0]?.AvailableIpAddressCount;
  expect(await free(subnetId)).toBe(256 - 5 - 1 - 16);
  const other = await makeNic({ ec2, subnetId });
  const assign = (more: object, NetworkInterfaceId = other) => () => ec2.assignPrivateIpAddresses({ NetworkInterfaceId, ...more });
  const { AssignedIpv4Prefixes: assigned, AssignedPrivateIpAddresses: addresses } = await assign({ Ipv4PrefixCount: 2 })();
  expect([assigned?.length, addresses, (await seen(server, other))?.Ipv4Prefixes?.length]).toEqual([2, [], 2]);
  const { AllocationId } = await ec2.allocateAddress({});
  const [small, empty] = [await makeSubnet(ec2, vpcId, "10.0.7.0/28"), await makeSubnet(ec2, vpcId, "10.0.8.0/24")];
  const crowded = await makeNic({ ec2, subnetId: small });
  await expectRefusals(server, [
    [assign({ Ipv4Prefixes: ["10.0.0.32/28"] }), "InvalidIPAddress.InUse"],
    [assign({ PrivateIpAddresses: ["10.0.0.40"], AllowReassignment: true }), "InvalidIPAddress.InUse"],
    [assign({ Ipv4Prefixes: ["10.0.0.0/28"] }), "InvalidParameterValue"],
    [assign({ Ipv4Prefixes: ["10.0.9.0/28"] }), "InvalidParameterValue"],
    [assign({ Ipv4Prefixes: ["10.0.0.64/27"] }), "InvalidParameterValue"],
    [assign({ Ipv4Prefixes: ["10.0.0.64/28"], Ipv4PrefixCount: 1 }), "InvalidParameterCombination"],
    [assign({ Ipv4PrefixCount: 1, SecondaryPrivateIpAddressCount: 1 }), "InvalidParameterCombination"],
    [assign({ Ipv4PrefixCount: 1 }, crowded), "InsufficientCidrBlocks"],
    [() => ec2.createNetworkInterface({ SubnetId: empty, PrivateIpAddress: "10.0.8.65", Ipv4Prefixes: [{ Ipv4Prefix: "10.0.8.64/28" }] }), "InvalidParameterValue"],
    [() => ec2.associateAddress({ AllocationId, NetworkInterfaceId, PrivateIpAddress: "10.0.0.40" }), "InvalidParameterValue"],
    [() => ec2.unassignPrivateIpAddresses({ NetworkInterfaceId, PrivateIpAddresses: ["10.0.0.40"] }), "InvalidParameterValue"],
    [() => ec2.unassignPrivateIpAddresses({ NetworkInterfaceId: other, Ipv4Prefixes: ["10.0.0.32/28"] }), "InvalidParameterValue"],
  ]);
  const InstanceId = await runInside(server, subnetId);
  await ec2.attachNetworkInterface({ NetworkInterfaceId, InstanceId, DeviceIndex: 1 });
  await expectRefusals(server, [[assign({ Ipv4PrefixCount: 1 }, NetworkInterfaceId), "PrivateIpAddressLimitExceeded"]]);
  await ec2.unassignPrivateIpAddresses({ NetworkInterfaceId: other, Ipv4Prefixes: assigned?.map(({ Ipv4Prefix: prefix }) => prefix ?? "") });
  expect((await seen(server, other))?.Ipv4Prefixes).toBeUndefined();
  await ec2.deleteNetworkInterface({ NetworkInterfaceId: other });
});
