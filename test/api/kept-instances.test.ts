/** DescribeInstances keeps lists of instances, their views and the bytes of those: a change anywhere in what a view is made from must show at once. */
import type { Instance } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import type { InstanceId, InterfaceId, VolumeId, VpcId } from "../../src/base/ids.ts";
import type { Tx } from "../../src/store/store.ts";
import { launchOne, type Launched } from "./launch-one.ts";
import { openTestServer, type TestServer } from "./test-server.ts";

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
