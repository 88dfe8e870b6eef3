/** `fsck`, `snapshot show` and `volume show` against real stores, files and rows. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { blockSize } from "../../src/block-store/block-store.ts";
import { renderCheck } from "../../src/cli/commands/fsck.ts";
import { renderSnapshot } from "../../src/cli/commands/snapshot-show.ts";
import { checkStorage } from "../../src/cli/storage/check-storage.ts";
import { showSnapshot } from "../../src/cli/storage/show-snapshot.ts";
import { showVolume } from "../../src/cli/storage/show-volume.ts";
import { createSnapshotRow } from "../../src/storage/snapshot.ts";
import { blockOf } from "./direct-client.ts";
import { launchOne } from "./launch-one.ts";
import { openStaffedServer } from "./simulated-hosts.ts";
import { account, openTestServer, region, type TestServer } from "./test-server.ts";

const digestOf = (text: string) => createHash("sha256").update(blockOf(text)).digest("hex");

/** A completed snapshot with these blocks. */
async function seal(server: TestServer, texts: readonly string[]): Promise<string> {
  const row = await server.write((tx) => createSnapshotRow(tx, { account, region, origin: "import", volume_size_gib: 1, observed_state: "completed", observed_percent: 100 }, server.parts.random, Date.now()));
  const writer = await server.snapshots.store(region).beginSnapshot(row.id, { volumeSizeGib: 1 });
  for (const [index, text] of texts.entries()) await writer.put(index, blockOf(text));
  await writer.seal();
  return row.id;
}

const check = (server: TestServer, repair = false) => checkStorage({ store: server.store, snapshots: server.snapshots, clock: systemClock, dataDirectory: server.folder, simulated: false }, repair);

test("fsck finds nothing where nothing is wrong, and says what it looked at", async () => {
  await using server = await openTestServer();
  await seal(server, ["a", "b", "a"]);
  await seal(server, ["a", "c"]);
  const found = await check(server);
  expect(found).toEqual({ snapshots: 2, blocks: 3, volumes: 0, attachments: 0, findings: [] });
  expect(renderCheck(found)).toBe("2 snapshots with 3 blocks, 0 volumes, 0 attachments: all is well.");
});

test("fsck names damaged and missing blocks and damaged manifests, and repairs none of them", async () => {
  await using server = await openTestServer();
  const store = server.snapshots.store(region);
  const [one, two] = [await seal(server, ["a", "b"]), await seal(server, ["c"])];
  truncateSync(store.pathOf(digestOf("a")), 30);
  rmSync(store.pathOf(digestOf("b")));
  truncateSync(join(server.folder, "snapshots", region, "manifests", two), 100);
  for (const repair of [false, true]) {
    const { findings } = await check(server, repair);
    expect(findings.map(({ subject, repaired }) => [subject, repaired]).toSorted()).toEqual([[two, false], [digestOf("a"), false], [digestOf("b"), false]].toSorted());
    expect(findings.map(({ problem }) => problem).join("\n")).toContain(`it is block 1 of ${one}`);
  }
});

test("fsck repairs what belongs to nothing and marks a snapshot without its manifest as failed", async () => {
  await using server = await openTestServer();
  const store = server.snapshots.store(region);
  const [kept, lost, stray] = [await seal(server, ["kept"]), await seal(server, ["lost"]), await seal(server, ["stray"])];
  rmSync(join(server.folder, "snapshots", region, "manifests", lost));
  await server.write((tx) => tx.db.deleteFrom("snapshots").where("id", "=", stray as never).execute());
  const writer = await store.beginSnapshot("snap-0123456789abcdef0", { volumeSizeGib: 1 });
  await writer.put(0, blockOf("journal"));
  await writer.close();
  const before = await check(server);
  expect(before.findings.map(({ subject, repaired }) => [subject, repaired])).toEqual([["snap-0123456789abcdef0", false], [stray, false], [lost, false], [region, false]]);
  expect(renderCheck(before)).toContain("What is safe to repair is repaired with --repair.");
  const repaired = await check(server, true);
  expect(repaired.findings.every((finding) => finding.repaired)).toBe(true);
  expect((await check(server)).findings).toEqual([]);
  const states = await server.read((tx) => tx.db.selectFrom("snapshots").select(["id", "observed_state"]).where("origin", "=", "import").execute());
  expect(Object.fromEntries(states.map((row) => [row.id, row.observed_state]))).toEqual({ [kept]: "completed", [lost]: "failed" });
  expect((await store.sweep(Date.now())).examined).toBe(1);
});

test("fsck leaves alone what is being written", async () => {
  await using server = await openTestServer();
  const row = await server.write((tx) => createSnapshotRow(tx, { account, region, origin: "direct", volume_size_gib: 1 }, server.parts.random, Date.now()));
  const writer = await server.snapshots.store(region).beginSnapshot(row.id, { volumeSizeGib: 1 });
  await writer.put(0, blockOf("a"));
  expect((await check(server, true)).findings).toEqual([]);
  expect(await writer.seal()).toEqual({ total: 1, moved: 1 });
});

test("fsck compares volumes' files and attachments with the rows", async () => {
  await using server = await openTestServer();
  const { instance, volume } = await launchOne(server);
  await server.reportRunning(instance);
  const folder = join(server.folder, "storage", "storage-a", "volumes");
  mkdirSync(folder, { recursive: true });
  expect((await check(server)).findings.map(({ subject }) => subject)).toEqual([volume]);
  const { storage_node: node } = await server.read((tx) => tx.db.selectFrom("volumes").select("storage_node").executeTakeFirstOrThrow());
  const mine = join(server.folder, "storage", node, "volumes");
  mkdirSync(mine, { recursive: true });
  execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", join(mine, `${volume}.0.qcow2`), "1G"]);
  expect(await check(server)).toMatchObject({ volumes: 1, attachments: 1, findings: [] });
  writeFileSync(join(mine, `${volume}.0.qcow2`), "no qcow2 any more");
  writeFileSync(join(mine, "vol-0123456789abcdef0.0.qcow2"), "");
  expect((await check(server)).findings.map(({ subject, problem }) => `${subject} ${problem}`)).toEqual([
    `vol-0123456789abcdef0.0.qcow2 is a file of vol-0123456789abcdef0 on ${node}, but there is no such volume there`,
    `${volume}.0.qcow2 is no qcow2 file any more`,
  ]);
});

test("snapshot show tells the state, the blocks, what they take and who needs them", async () => {
  await using server = await openTestServer();
  await seal(server, ["a", "x"]);
  const id = await seal(server, ["a", "b", "b"]);
  const { ImageId: image } = await server.ec2().registerImage({ Name: "mine", Architecture: "x86_64", VirtualizationType: "hvm", RootDeviceName: "/dev/xvda", BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { SnapshotId: id } }] });
  const facts = await showSnapshot(server, id);
  expect(facts).toMatchObject({ id, region, account, state: "completed", origin: "import", volumeSizeGib: 1, encrypted: false, heldBy: [image] });
  expect(facts?.blocks).toMatchObject({ total: 3, moved: 1, distinct: 2, shared: 1, bytes: 3 * blockSize });
  const text = facts === undefined ? "" : renderSnapshot(facts);
  expect(text).toContain("3, of them 1 new with it; 2 different, 1 of these in other snapshots too");
  expect(text).toMatch(/1\.5 MiB in 0\.0 MiB of files, 1 : \d+/);
  expect(await showSnapshot(server, "snap-none")).toBeUndefined();
});

test("volume show tells whose a volume is, what it began as and who holds it", async () => {
  await using server = await openStaffedServer();
  const { instance } = await launchOne(server);
  await server.hosts.settle();
  const { Volumes: [root] = [] } = await server.ec2().describeVolumes({});
  const show = (id: string) => server.read((tx) => showVolume(tx, id));
  const host = await server.read((tx) => tx.db.selectFrom("instances").select("host_id").executeTakeFirstOrThrow());
  expect(await show(root?.VolumeId ?? "")).toMatchObject({ id: root?.VolumeId, account, zone: root?.AvailabilityZone, sizeGib: root?.Size, type: "gp3", encrypted: false, state: "in-use", snapshot: root?.SnapshotId, heldBy: [{ instance, device: root?.Attachments?.[0]?.Device, state: "attached", host: host.host_id }] });
  const { VolumeId: own = "" } = await server.ec2().createVolume({ AvailabilityZone: `${region}a`, Size: 1 });
  expect(await show(own)).toMatchObject({ heldBy: [], state: "creating" });
  expect([(await show(own))?.snapshot, await show("vol-none")]).toEqual([undefined, undefined]);
});
