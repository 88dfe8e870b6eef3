/** Snapshots as they are taken, fail and are removed. */
import { expect, test } from "vitest";
import type { VolumeId } from "../../src/base/ids.ts";
import { openHostDesk } from "../../src/reconcile/hosts/host-desk.ts";
import { addToSum, takeFromSum } from "../../src/storage/volume-sums.ts";
import { launchOne } from "./launch-one.ts";
import { openStaffedServer, storedSnapshots } from "./simulated-hosts.ts";
import { completedSnapshot, describeOne, launchTwoVolumes, snapshotOf } from "./snapshot-steps.ts";
import { account, codeOf, otherAccount, secretKey } from "./test-server.ts";

test("CreateSnapshot answers a pending snapshot, which goes on as its storage node says", async () => {
  await using server = await openStaffedServer();
  const { root } = await launchTwoVolumes(server);
  const tags = [{ Key: "for", Value: "me" }];
  const { $metadata: _, ...created } = await server.ec2().createSnapshot({ VolumeId: root, Description: "before the change", TagSpecifications: [{ ResourceType: "snapshot", Tags: tags }] });
  const id = created.SnapshotId ?? "";
  const expected = {
    SnapshotId: expect.stringMatching(/^snap-0[0-9a-f]{16}$/),
    VolumeId: root,
    State: "pending",
    StartTime: expect.any(Date),
    Progress: "0%",
    OwnerId: account,
    Description: "before the change",
    VolumeSize: 8,
    Encrypted: false,
    StorageTier: "standard",
    Tags: tags,
  };
  expect(created).toEqual(expected);
  await server.hosts.settleSnapshots({ state: "frozen", percent: 45 });
  expect(await describeOne(server, id)).toEqual({ ...expected, Progress: "45%" });
  await server.hosts.settleSnapshots({ state: "frozen", percent: 20 });
  expect((await describeOne(server, id))?.Progress).toBe("45%");
  await server.hosts.settleSnapshots(storedSnapshots);
  const completed = { ...expected, State: "completed", Progress: "100%", CompletionTime: expect.any(Date), FullSnapshotSizeInBytes: 8 * 524_288 };
  expect(await describeOne(server, id)).toEqual(completed);
  await server.hosts.settleSnapshots({ state: "failed", percent: 0, reason: "late" });
  expect(await describeOne(server, id)).toEqual(completed);
});

test("CreateSnapshot answers when its storage node has fixed the moment, or has failed to", async () => {
  await using server = await openStaffedServer({ longestSettleMs: 600_000 });
  const { root, data } = await launchTwoVolumes(server);
  for (const [VolumeId, state] of [[root, "frozen"], [data, "failed"]] as const) {
    let answered = false;
    const call = server.ec2().createSnapshot({ VolumeId }).then(() => (answered = true));
    const isOrdered = async () => (await server.ec2().describeSnapshots({ Filters: [{ Name: "volume-id", Values: [VolumeId] }] })).Snapshots?.length === 1;
    await expect.poll(isOrdered).toBe(true);
    expect(answered).toBe(false);
    await server.hosts.settleSnapshots({ state, percent: 0 });
    expect(await call).toBe(true);
  }
});

test("A failed snapshot is in error, with the reason", async () => {
  await using server = await openStaffedServer();
  const { root } = await launchTwoVolumes(server);
  const id = await snapshotOf(server, root);
  await server.hosts.settleSnapshots({ state: "failed", percent: 0, reason: "The store is full" });
  expect([(await describeOne(server, id))?.State, (await describeOne(server, id))?.StateMessage]).toEqual(["error", "The store is full"]);
});

test("CreateSnapshot refuses what is no volume, another's, or in no state for it, and changes nothing", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const { root, data } = await launchTwoVolumes(server);
  const creating = (await launchOne(server)).volume;
  const before = await server.dump();
  expect([
    await codeOf(ec2.createSnapshot({ VolumeId: "disk" })),
    await codeOf(ec2.createSnapshot({ VolumeId: "vol-0000000000000dead" })),
    await codeOf(ec2.createSnapshot({ VolumeId: creating })),
    await codeOf(ec2.createSnapshot({ VolumeId: root, Description: "x".repeat(256) })),
    await codeOf(ec2.createSnapshot({ VolumeId: root, TagSpecifications: [{ ResourceType: "volume", Tags: [{ Key: "a" }] }] })),
    await codeOf(ec2.createSnapshot({ VolumeId: root, Location: "local" })),
    await codeOf(ec2.createSnapshot({ VolumeId: root, DryRun: true })),
  ]).toEqual(["InvalidVolumeID.Malformed", "InvalidVolume.NotFound", "IncorrectState", "InvalidParameterValue", "InvalidParameterValue", "UnsupportedOperation", "DryRunOperation"]);
  expect(await server.dump()).toBe(before);
  expect(await codeOf(server.ec2(otherAccount).createSnapshot({ VolumeId: data }))).toBe("InvalidVolume.NotFound");
});

test("Snapshots of one volume start 15 seconds apart while one is under way, and five at once are the most", async () => {
  await using server = await openStaffedServer();
  const { root } = await launchTwoVolumes(server);
  const age = () => server.write((tx) => tx.db.updateTable("snapshots").set(({ eb }) => ({ created_at: eb("created_at", "-", 15_000) })).where("origin", "=", "volume").execute());
  await snapshotOf(server, root);
  expect(await codeOf(snapshotOf(server, root))).toBe("SnapshotCreationPerVolumeRateExceeded");
  for (let count = 1; count < 5; count++) {
    await age();
    await snapshotOf(server, root);
  }
  await age();
  expect(await codeOf(snapshotOf(server, root))).toBe("ConcurrentSnapshotLimitExceeded");
  await server.hosts.settleSnapshots(storedSnapshots);
  await snapshotOf(server, root);
});

test("CreateSnapshots takes all volumes of an instance at one moment, or those that are not left out", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const { instance, root, data } = await launchTwoVolumes(server);
  await ec2.createTags({ Resources: [data], Tags: [{ Key: "disk", Value: "data" }, { Key: "who", Value: "volume" }] });
  const { Snapshots: both = [] } = await ec2.createSnapshots({
    InstanceSpecification: { InstanceId: instance },
    CopyTagsFromSource: "volume",
    TagSpecifications: [{ ResourceType: "snapshot", Tags: [{ Key: "who", Value: "snapshot" }] }],
  });
  expect(both.map((snapshot) => [snapshot.VolumeId, snapshot.State, snapshot.Tags])).toEqual([
    [root, "pending", [{ Key: "who", Value: "snapshot" }]],
    [data, "pending", [{ Key: "disk", Value: "data" }, { Key: "who", Value: "snapshot" }]],
  ]);
  await server.hosts.settleWithout("host", "storage");
  const bodies = await server.read((tx) => tx.db.selectFrom("specifications").select("body").where("id", "in", [root, data]).execute());
  expect(bodies.map(({ body }) => JSON.parse(body).snapshots.map((order: { together: string[] }) => order.together))).toEqual([[[root, data]], [[root, data]]]);
  await server.hosts.settleSnapshots(storedSnapshots);
  const volumes = async (more: object) => (await ec2.createSnapshots({ InstanceSpecification: { InstanceId: instance, ...more } })).Snapshots?.map((snapshot) => snapshot.VolumeId);
  expect(await volumes({ ExcludeBootVolume: true })).toEqual([data]);
  await server.hosts.settleSnapshots(storedSnapshots);
  expect(await volumes({ ExcludeDataVolumeIds: [data] })).toEqual([root]);
  const before = await server.dump();
  expect([
    await codeOf(volumes({ ExcludeBootVolume: true, ExcludeDataVolumeIds: [data] })),
    await codeOf(volumes({ ExcludeDataVolumeIds: [root] })),
    await codeOf(volumes({ ExcludeDataVolumeIds: ["vol-0000000000000dead"] })),
    await codeOf(volumes({ InstanceId: "i-0000000000000dead" })),
    await codeOf(server.ec2(otherAccount).createSnapshots({ InstanceSpecification: { InstanceId: instance } })),
    await codeOf(ec2.createSnapshots({ InstanceSpecification: { InstanceId: instance, ExcludeBootVolume: true }, DryRun: true })),
  ]).toEqual(["InvalidParameterCombination", "InvalidParameterCombination", "InvalidVolume.NotFound", "InvalidInstanceID.NotFound", "InvalidInstanceID.NotFound", "DryRunOperation"]);
  expect(await server.dump()).toBe(before);
});

test("Of snapshots taken together none is good when one fails", async () => {
  await using server = await openStaffedServer();
  const { instance, data } = await launchTwoVolumes(server);
  const { Snapshots: both = [] } = await server.ec2().createSnapshots({ InstanceSpecification: { InstanceId: instance } });
  await server.hosts.settleWithout("host", "storage");
  const desk = openHostDesk(server.store, { now: Date.now }, secretKey);
  const id = both.find((snapshot) => snapshot.VolumeId === data)?.SnapshotId as `snap-${string}`;
  const report = { kind: "volume", id: data as VolumeId, generation: 99, state: "available", snapshots: [{ id, state: "failed", percent: 0, reason: "broken" }] } as const;
  const node = await server.read((tx) => tx.db.selectFrom("volumes").select("storage_node").where("id", "=", data as VolumeId).executeTakeFirstOrThrow());
  await desk.report(node.storage_node, { incarnation: 1, reports: [report] });
  desk.close();
  const { Snapshots: after = [] } = await server.ec2().describeSnapshots({ SnapshotIds: both.map((snapshot) => snapshot.SnapshotId ?? "") });
  expect(after.map((snapshot) => snapshot.State)).toEqual(["error", "error"]);
});

test("A deleted snapshot is gone at once, and its blocks when nobody needs them any more", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const { root } = await launchTwoVolumes(server);
  const id = await snapshotOf(server, root);
  await ec2.createTags({ Resources: [id], Tags: [{ Key: "a", Value: "b" }] });
  await server.hosts.settleSnapshots({ state: "frozen", percent: 50 });
  const before = await server.dump();
  expect([
    await codeOf(ec2.deleteSnapshot({ SnapshotId: "snap" })),
    await codeOf(ec2.deleteSnapshot({ SnapshotId: "snap-0000000000000dead" })),
    await codeOf(server.ec2(otherAccount).deleteSnapshot({ SnapshotId: id })),
    await codeOf(ec2.deleteSnapshot({ SnapshotId: id, DryRun: true })),
  ]).toEqual(["InvalidSnapshotID.Malformed", "InvalidSnapshot.NotFound", "InvalidSnapshot.NotFound", "DryRunOperation"]);
  expect(await server.dump()).toBe(before);

  await ec2.deleteSnapshot({ SnapshotId: id });
  expect([await codeOf(ec2.describeSnapshots({ SnapshotIds: [id] })), await codeOf(ec2.deleteSnapshot({ SnapshotId: id }))]).toEqual(["InvalidSnapshot.NotFound", "InvalidSnapshot.NotFound"]);
  await server.hosts.settleWithout("host", "storage");
  expect(server.hosts.removedSnapshots).toEqual([]); // the storage node has yet to confirm that it stores it no longer
  await server.hosts.settleSnapshots({ state: "frozen", percent: 50 });
  expect(server.hosts.removedSnapshots).toEqual([id]);
  expect(await server.read((tx) => tx.db.selectFrom("snapshots").select("id").where("origin", "!=", "file").execute())).toEqual([]);
});

test("Blocks of a deleted snapshot stay while a volume lacks them and while a copy is made", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const id = await completedSnapshot(server);
  const { SnapshotId: copy = "" } = await server.ec2(account, "eu-west-1").copySnapshot({ SourceRegion: "us-east-1", SourceSnapshotId: id });
  await server.write(async (tx) => {
    const row = await tx.db.selectFrom("volumes").selectAll().executeTakeFirstOrThrow();
    const condition = JSON.stringify({ sizeGib: 8, initializedPercent: 10 });
    await tx.db.insertInto("volumes").values({ ...row, id: "vol-0000000000000000f", port: 60_000, snapshot_id: id, source_file: null, observed_condition: condition }).execute();
    await addToSum(tx, row);
  });
  await ec2.deleteSnapshot({ SnapshotId: id });
  const removed = async () => {
    await server.hosts.settleWithout("host", "storage");
    return server.hosts.removedSnapshots;
  };
  expect(await removed()).toEqual([]);
  await server.write((tx) => tx.db.updateTable("volumes").set({ observed_condition: JSON.stringify({ sizeGib: 8 }) }).where("id", "=", "vol-0000000000000000f").execute());
  expect(await removed()).toEqual([]);
  await server.write((tx) => tx.db.updateTable("snapshots").set({ observed_state: "completed" }).where("id", "=", copy as `snap-${string}`).execute());
  expect(await removed()).toEqual([id]);
});

test("A snapshot whose volume is gone before it was stored fails", async () => {
  await using server = await openStaffedServer();
  const { root } = await launchTwoVolumes(server);
  const id = await snapshotOf(server, root);
  await server.write(async (tx) => {
    for (const row of await tx.db.deleteFrom("volumes").where("id", "=", root as VolumeId).returningAll().execute()) await takeFromSum(tx, row);
    await tx.db.insertInto("due").values({ kind: "snapshot", key: id, due_at: 0, attempts: 0 }).execute();
  });
  await server.hosts.settleWithout("host", "storage");
  expect((await describeOne(server, id))?.State).toBe("error");
});
