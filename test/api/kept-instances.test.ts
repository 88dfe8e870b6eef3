/** DescribeInstances keeps lists of instances, their views and the bytes of those: a change anywhere in what a view is made from must show at once. */
import type { Instance } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import type { InstanceId, InterfaceId, SubnetId, VolumeId, VpcId } from "../../src/base/ids.ts";
import type { Tx } from "../../src/store/store.ts";
import { launchOne, type Launched } from "./launch-one.ts";
import { openStaffedServer, type StaffedServer } from "./simulated-hosts.ts";
import { account, openTestServer, otherAccount, region, type TestServer } from "./test-server.ts";

interface Change {
  readonly table: string;
  readonly write: (tx: Tx, of: Launched) => Promise<unknown>;
  /** What of the view changes. */
  readonly seen: (instance: Instance) => unknown;
  readonly becomes: unknown;
}

const changes: readonly Change[] = [
  {
    table: "instances",
    write: (tx, { instance }) => tx.db.updateTable("instances").set({ monitoring: 1 }).where("id", "=", instance as InstanceId).execute(), // from an answer, as all below
    seen: ({ Monitoring: monitoring }) => monitoring?.State,
    becomes: "enabled",
  },
  {
    table: "network_interfaces",
    write: (tx, { networkInterface }) => tx.db.updateTable("network_interfaces").set({ description: "new" }).where("id", "=", networkInterface as InterfaceId).execute(),
    seen: ({ NetworkInterfaces: [nic] = [] }) => nic?.Description,
    becomes: "new",
  },
  {
    table: "interface_addresses",
    write: (tx, { networkInterface, subnetId }) => {
      const row = { interface_id: networkInterface as InterfaceId, subnet_id: subnetId as SubnetId, address: "172.31.0.200", created_at: 0 };
      return tx.db.insertInto("interface_addresses").values(row).execute();
    },
    seen: (instance) => addressesOf(instance).map(({ PrivateIpAddress: address }) => address)[1],
    becomes: "172.31.0.200",
  },
  {
    table: "elastic_ips: one more",
    write: (tx, { networkInterface }) => {
      const association = { association_id: "eipassoc-0", interface_id: networkInterface as InterfaceId, private_address: "172.31.0.200" };
      const row = { id: "eipalloc-0" as const, account, region, public_address: "192.0.2.1", ...association, created_at: 0 };
      return tx.db.insertInto("elastic_ips").values(row).execute();
    },
    seen: (instance) => addressesOf(instance)[1]?.Association?.PublicIp,
    becomes: "192.0.2.1",
  },
  {
    table: "elastic_ips: the same one",
    write: (tx) => tx.db.updateTable("elastic_ips").set({ account: otherAccount }).execute(),
    seen: (instance) => addressesOf(instance)[1]?.Association?.IpOwnerId,
    becomes: otherAccount,
  },
  {
    table: "volume_attachments",
    write: (tx, { volume }) => tx.db.updateTable("volume_attachments").set({ delete_on_termination: 0 }).where("volume_id", "=", volume as VolumeId).execute(),
    seen: ({ BlockDeviceMappings: [mapping] = [] }) => mapping?.Ebs?.DeleteOnTermination,
    becomes: false,
  },
  {
    table: "tags",
    write: (tx, { instance }) => tx.db.updateTable("tags").set({ value: "new" }).where("resource_id", "=", instance).execute(),
    seen: ({ Tags: tags }) => tags,
    becomes: [{ Key: "Name", Value: "new" }],
  },
  {
    table: "security_groups",
    write: (tx, { vpcId }) => tx.db.updateTable("security_groups").set({ name: "new" }).where("vpc_id", "=", vpcId as VpcId).execute(),
    seen: ({ SecurityGroups: [group] = [] }) => group?.GroupName,
    becomes: "new",
  },
  {
    table: "vpcs",
    write: (tx, { vpcId }) => tx.db.updateTable("vpcs").set({ enable_dns_hostnames: 0 }).where("id", "=", vpcId as VpcId).execute(),
    seen: ({ PublicDnsName: name }) => name,
    becomes: "",
  },
];

const addressesOf = ({ NetworkInterfaces: [nic] = [] }: Instance) => nic?.PrivateIpAddresses ?? [];

const listings: Readonly<Record<string, (of: Launched) => object>> = {
  "the whole list": () => ({}),
  "a list by id": ({ instance }) => ({ InstanceIds: [instance] }),
  "a filtered list": ({ instance }) => ({ Filters: [{ Name: "instance-id", Values: [instance] }] }),
  "a page": () => ({ MaxResults: 5 }),
};

async function describeTwo(server: TestServer, of: Launched, input: object): Promise<{ changed: Instance; other: Instance | undefined }> {
  const { Reservations: reservations = [] } = await server.ec2().describeInstances(input);
  const instances = reservations.flatMap(({ Instances: each = [] }) => each);
  const changed = instances.find(({ InstanceId: id }) => id === of.instance);
  if (changed === undefined) throw new Error("the instance is not in the answer");
  return { changed, other: instances.find((each) => each !== changed) };
}

test.each(Object.entries(listings))("DescribeInstances shows each change at once in %s that it keeps", async (_name, toInput) => {
  await using server = await openTestServer();
  const launched = await launchOne(server, { TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "Name", Value: "old" }] }] });
  await launchOne(server);
  const input = toInput(launched);
  for (const { table, write, seen, becomes } of changes) {
    for (let turn = 0; turn < 3; turn++) expect([table, seen((await describeTwo(server, launched, input)).changed)]).not.toEqual([table, becomes]);
    const before = await describeTwo(server, launched, input);
    await server.write((tx) => write(tx, launched));
    const after = await describeTwo(server, launched, input);
    expect([table, seen(after.changed)]).toEqual([table, becomes]);
    if (table === "instances" || table === "tags") expect(after.other).toEqual(before.other);
  }
});

test("DescribeInstances shows an instance that came, and one that went, in a list that it keeps", async () => {
  await using server = await openTestServer();
  const [first, ids] = [await launchOne(server), async () => (await server.ec2().describeInstances({})).Reservations?.map((each) => each.Instances?.[0]?.InstanceId).toSorted()];
  for (let turn = 0; turn < 3; turn++) expect(await ids()).toEqual([first.instance]);
  const second = await launchOne(server);
  expect(await ids()).toEqual([first.instance, second.instance].toSorted());
  await server.write((tx) => tx.db.deleteFrom("instances").where("id", "=", first.instance as InstanceId).execute());
  expect(await ids()).toEqual([second.instance]);
});

interface Step {
  readonly call: string;
  readonly perform: () => Promise<unknown>;
  /** What of the view changes. */
  readonly seen: (instance: Instance) => unknown;
  readonly becomes: unknown;
}

/** What is done to the first instance of the server, in this order. */
async function networkSteps(server: StaffedServer, { instance: InstanceId, networkInterface, subnetId: SubnetId, vpcId: VpcId }: Launched): Promise<Step[]> {
  const ec2 = server.ec2();
  const { AllocationId, PublicIp } = await ec2.allocateAddress({});
  const { NetworkInterface: { NetworkInterfaceId = "" } = {} } = await ec2.createNetworkInterface({ SubnetId });
  const { GroupId = "" } = await ec2.createSecurityGroup({ GroupName: "further", Description: "further", VpcId });
  const secondary = "172.31.0.200";
  const second = ({ NetworkInterfaces: nics = [] }: Instance) => nics.find((nic) => nic.NetworkInterfaceId === NetworkInterfaceId);
  const secondAttachment = async () => {
    const { NetworkInterfaces: [nic] = [] } = await ec2.describeNetworkInterfaces({ NetworkInterfaceIds: [NetworkInterfaceId] });
    return nic?.Attachment?.AttachmentId;
  };
  const modifySecond = (input: object) => () => ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, ...input });
  const publicAddresses = (instance: Instance) => addressesOf(instance).map((address) => address.Association?.PublicIp);
  const groups = (of: Pick<Instance, "SecurityGroups">) => of.SecurityGroups?.map((group) => group.GroupName);
  return [
    { call: "AssociateAddress", perform: () => ec2.associateAddress({ AllocationId, InstanceId }), seen: (instance) => instance.PublicIpAddress, becomes: PublicIp },
    { call: "ModifyVpcAttribute", perform: () => ec2.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: false } }), seen: (instance) => instance.PublicDnsName, becomes: "" },
    { call: "DisassociateAddress", perform: () => ec2.disassociateAddress({ PublicIp }), seen: publicAddresses, becomes: [undefined] },
    {
      call: "AssignPrivateIpAddresses",
      perform: () => ec2.assignPrivateIpAddresses({ NetworkInterfaceId: networkInterface, PrivateIpAddresses: [secondary] }),
      seen: (instance) => addressesOf(instance)[1]?.PrivateIpAddress,
      becomes: secondary,
    },
    {
      call: "AssociateAddress to a secondary address",
      perform: () => ec2.associateAddress({ AllocationId, NetworkInterfaceId: networkInterface, PrivateIpAddress: secondary }),
      seen: publicAddresses,
      becomes: [undefined, PublicIp],
    },
    {
      call: "UnassignPrivateIpAddresses",
      perform: () => ec2.unassignPrivateIpAddresses({ NetworkInterfaceId: networkInterface, PrivateIpAddresses: [secondary] }),
      seen: publicAddresses,
      becomes: [undefined],
    },
    {
      call: "AttachNetworkInterface",
      perform: () => ec2.attachNetworkInterface({ NetworkInterfaceId, InstanceId, DeviceIndex: 1 }),
      seen: (instance) => instance.NetworkInterfaces?.map((nic) => nic.NetworkInterfaceId),
      becomes: [networkInterface, NetworkInterfaceId],
    },
    { call: "ModifyNetworkInterfaceAttribute: description", perform: modifySecond({ Description: { Value: "new" } }), seen: (instance) => second(instance)?.Description, becomes: "new" },
    { call: "ModifyNetworkInterfaceAttribute: groups", perform: modifySecond({ Groups: [GroupId] }), seen: (instance) => second(instance)?.Groups?.[0]?.GroupId, becomes: GroupId },
    { call: "ModifyNetworkInterfaceAttribute: check", perform: modifySecond({ SourceDestCheck: { Value: false } }), seen: (instance) => second(instance)?.SourceDestCheck, becomes: false },
    {
      call: "ModifyNetworkInterfaceAttribute: attachment",
      perform: async () => modifySecond({ Attachment: { AttachmentId: await secondAttachment(), DeleteOnTermination: true } })(),
      seen: (instance) => second(instance)?.Attachment?.DeleteOnTermination,
      becomes: true,
    },
    {
      call: "DetachNetworkInterface",
      perform: async () => ec2.detachNetworkInterface({ AttachmentId: await secondAttachment() }),
      seen: (instance) => second(instance)?.Attachment?.Status,
      becomes: "detaching",
    },
    { call: "the host, which lets go", perform: () => server.hosts.settle(), seen: (instance) => instance.NetworkInterfaces?.length, becomes: 1 },
    { call: "ModifyInstanceAttribute: groups", perform: () => ec2.modifyInstanceAttribute({ InstanceId, Groups: [GroupId] }), seen: groups, becomes: ["further"] },
    { call: "StopInstances", perform: () => ec2.stopInstances({ InstanceIds: [InstanceId] }), seen: (instance) => instance.State?.Name, becomes: "stopping" },
  ];
}

test.each(Object.entries(listings))("DescribeInstances shows at once in %s that it keeps what each call does to an instance's network", async (_name, toInput) => {
  await using server = await openStaffedServer();
  const launched = await launchOne(server);
  await launchOne(server);
  await server.hosts.settle();
  const input = toInput(launched);
  for (const { call, perform, seen, becomes } of await networkSteps(server, launched)) {
    for (let turn = 0; turn < 3; turn++) expect([call, seen((await describeTwo(server, launched, input)).changed)]).not.toEqual([call, becomes]);
    const before = await describeTwo(server, launched, input);
    await perform();
    const after = await describeTwo(server, launched, input);
    expect([call, seen(after.changed)]).toEqual([call, becomes]);
    if (call !== "ModifyVpcAttribute") expect(after.other).toEqual(before.other);
  }
});
