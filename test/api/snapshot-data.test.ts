/** The movement of blocks behind CopySnapshot and ImportSnapshot: real stores, real disk images, and the control plane's reconcilers. */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { jsonLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { blockSize } from "../../src/block-store/block-store.ts";
import { openBlockJobs } from "../../src/reconcile/block-jobs.ts";
import { runRound } from "../../src/reconcile/loop.ts";
import { snapshotCopyReconciler } from "../../src/reconcile/snapshot-copy-reconciler.ts";
import { snapshotImportReconciler } from "../../src/reconcile/snapshot-import-reconciler.ts";
import { snapshotReconciler } from "../../src/reconcile/snapshot-reconciler.ts";
import { snapshotKeyOf } from "../../src/storage/kms-key.ts";
import { blockOf, sha256, sumsOf, upload } from "./direct-client.ts";
import { openTestServer, region, type TestServer } from "./test-server.ts";

const far = "eu-west-1";
const digestOf = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

interface Movers {
  readonly folder: string;
  /** Lets the reconcilers work until the condition holds. */
  until(holds: () => Promise<boolean>): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function openMovers({ store, snapshots }: TestServer): Promise<Movers> {
  const folder = await mkdtemp(join(tmpdir(), "hostelry-movers-"));
  const log = jsonLog((line) => void process.stderr.write(line), Date.now);
  const jobs = openBlockJobs(log);
  const parts = {
    store,
    blocks: snapshots.store,
    jobs,
    clock: systemClock,
    random: systemRandom,
    imagesDirectory: join(folder, "images"),
    importDirectory: join(folder, "import"),
    scratchDirectory: join(folder, "scratch"),
    simulated: false,
  };
  for (const name of ["images", "import/bucket"]) mkdirSync(join(folder, name), { recursive: true });
  const reconcilers = [snapshotCopyReconciler(parts), snapshotImportReconciler(parts), snapshotReconciler(store, snapshots.store, jobs)];
  const round = () => runRound({ store, reconcilers, clock: systemClock, log });
  return {
    folder,
    until: (holds) =>
      vi.waitFor(async () => {
        await round();
        if (!(await holds())) throw new Error("not yet");
      }, { timeout: 60_000, interval: 20 }),
    async [Symbol.asyncDispose]() {
      await jobs.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function read(server: TestServer, id: string, inRegion: string): Promise<Record<number, string>> {
  const manifest = await server.snapshots.store(inRegion).openManifest(id);
  const key = await server.read(async (tx) => {
    const row = await tx.db.selectFrom("snapshots").innerJoin("kms_keys", "kms_keys.id", "snapshots.kms_key_id").selectAll("kms_keys").where("snapshots.id", "=", id as never).executeTakeFirst();
    return row === undefined ? undefined : Buffer.from(snapshotKeyOf(row), "base64");
  });
  const found: Record<number, string> = {};
  for (const { index, digest } of manifest ?? []) found[index] = sha256(await server.snapshots.store(inRegion).get(digest, key));
  return found;
}

const stateOf = async (server: TestServer, id: string, inRegion: string) => (await server.ec2(undefined, inRegion).describeSnapshots({ SnapshotIds: [id] })).Snapshots?.[0];

test("a copy in the region is only names; one in another region is second names of the files; an encrypted one is sealed anew", async () => {
  await using server = await openTestServer();
  await using movers = await openMovers(server);
  const blocks = { 0: blockOf("a"), 3: randomBytes(blockSize), 2047: blockOf("z") };
  const id = await upload(server.ebs(), blocks);
  const from = { SourceSnapshotId: id, SourceRegion: region };
  const { SnapshotId: near = "" } = await server.ec2().copySnapshot(from);
  const { SnapshotId: plain = "" } = await server.ec2(undefined, far).copySnapshot(from);
  const { SnapshotId: sealed = "" } = await server.ec2(undefined, far).copySnapshot({ ...from, Encrypted: true });
  const all = [[near, region], [plain, far], [sealed, far]] as const;
  await movers.until(async () => (await Promise.all(all.map(([copy, at]) => stateOf(server, copy, at)))).every((snapshot) => snapshot?.State === "completed"));
  for (const [copy, at] of all) expect(await read(server, copy, at)).toEqual(sumsOf(blocks));
  const moved = await server.read((tx) => tx.db.selectFrom("snapshots").select(["id", "total_blocks", "moved_blocks"]).where("origin", "=", "copy").execute());
  expect(Object.fromEntries(moved.map((row) => [row.id, [row.total_blocks, row.moved_blocks]]))).toEqual({ [near]: [3, 0], [plain]: [3, 3], [sealed]: [3, 3] });
  const file = (inRegion: string) => statSync(server.snapshots.store(inRegion).pathOf(digestOf(blocks[0])));
  expect(file(far).ino).toBe(file(region).ino);
});

test("a second copy into a region moves only what is not there, and a copy of an encrypted snapshot can be read", async () => {
  await using server = await openTestServer();
  await using movers = await openMovers(server);
  const [first, second] = [await upload(server.ebs(), { 0: blockOf("a"), 1: blockOf("b") }), await upload(server.ebs(), { 0: blockOf("a"), 1: blockOf("c") })];
  const copies: string[] = [];
  for (const SourceSnapshotId of [first, second]) {
    const { SnapshotId: copy = "" } = await server.ec2(undefined, far).copySnapshot({ SourceSnapshotId, SourceRegion: region, Encrypted: true });
    await movers.until(async () => (await stateOf(server, copy, far))?.State === "completed");
    copies.push(copy);
  }
  const moved = await server.read((tx) => tx.db.selectFrom("snapshots").select("moved_blocks").where("id", "=", (copies[1] ?? "") as never).executeTakeFirstOrThrow());
  expect(moved.moved_blocks).toBe(1);
  const { SnapshotId: back = "" } = await server.ec2().copySnapshot({ SourceSnapshotId: copies[0], SourceRegion: far });
  await movers.until(async () => (await stateOf(server, back, region))?.State === "completed");
  expect(await read(server, back, region)).toEqual(sumsOf({ 0: blockOf("a"), 1: blockOf("b") }));
});

test("a copy that was interrupted goes on with what is there, and one that is deleted leaves nothing", async () => {
  await using server = await openTestServer();
  await using movers = await openMovers(server);
  const blocks = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [index, blockOf(`block ${index};`)]));
  const id = await upload(server.ebs(), blocks);
  const { SnapshotId: copy = "" } = await server.ec2(undefined, far).copySnapshot({ SourceSnapshotId: id, SourceRegion: region });
  const store = server.snapshots.store(far);
  const writer = await store.beginSnapshot(copy, { volumeSizeGib: 1 });
  for (const index of [0, 1, 2]) await writer.put(index, blockOf(`block ${index};`));
  await writer.close();
  await movers.until(async () => (await stateOf(server, copy, far))?.State === "completed");
  expect(await read(server, copy, far)).toEqual(sumsOf(blocks));
  await server.ec2(undefined, far).deleteSnapshot({ SnapshotId: copy });
  await movers.until(async () => (await store.listSnapshots()).length + (await store.listJournals()).length === 0);
  expect((await store.sweep(Date.now())).removed).toBe(12);
});

test("a snapshot whose content is an image file is copied from the file", async () => {
  await using server = await openTestServer();
  await using movers = await openMovers(server);
  const raw = join(movers.folder, "raw");
  writeFileSync(raw, Buffer.concat([blockOf("boot"), Buffer.alloc(blockSize), blockOf("root")]));
  execFileSync("truncate", ["-s", "1G", raw]);
  execFileSync("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", raw, join(movers.folder, "images", "debian-12.qcow2")]);
  const { Images: [image] = [] } = await server.ec2().describeImages({ Filters: [{ Name: "name", Values: ["debian-12*"] }] });
  const source = image?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId;
  const { SnapshotId: copy = "" } = await server.ec2().copySnapshot({ SourceSnapshotId: source, SourceRegion: region });
  await movers.until(async () => (await stateOf(server, copy, region))?.State === "completed");
  expect(await read(server, copy, region)).toEqual(sumsOf({ 0: blockOf("boot"), 2: blockOf("root") }));
});

test.each(["RAW", "VMDK", "VHD", "VHDX"])("a disk image in the format %s becomes a snapshot", async (Format) => {
  await using server = await openTestServer();
  await using movers = await openMovers(server);
  const raw = join(movers.folder, "import", "disk.raw");
  writeFileSync(raw, Buffer.concat([blockOf("boot"), Buffer.alloc(blockSize), blockOf("root")]));
  execFileSync("truncate", ["-s", "1G", raw]);
  const file = join(movers.folder, "import", "bucket", "disk");
  const format = { RAW: "raw", VMDK: "vmdk", VHD: "vpc", VHDX: "vhdx" }[Format] ?? "";
  execFileSync("qemu-img", ["convert", "-f", "raw", "-O", format, ...(format === "vpc" ? ["-o", "force_size"] : []), raw, file]);
  const ec2 = server.ec2();
  const { ImportTaskId: task = "" } = await ec2.importSnapshot({ Description: "mine", DiskContainer: { Format, UserBucket: { S3Bucket: "bucket", S3Key: "disk" } } });
  const detail = async () => (await ec2.describeImportSnapshotTasks({ ImportTaskIds: [task] })).ImportSnapshotTasks?.[0]?.SnapshotTaskDetail;
  await movers.until(async () => (await detail())?.Status === "completed");
  const done = await detail();
  const snapshot = await stateOf(server, done?.SnapshotId ?? "", region);
  expect([done?.DiskImageSize, snapshot?.State, snapshot?.VolumeSize, snapshot?.Description]).toEqual([statSync(file).size, "completed", 1, "mine"]);
  expect(await read(server, done?.SnapshotId ?? "", region)).toEqual(sumsOf({ 0: blockOf("boot"), 2: blockOf("root") }));
});

test("what is not below the import folder, refers to other files or is no disk image is not imported", async () => {
  await using server = await openTestServer();
  await using movers = await openMovers(server);
  const folder = join(movers.folder, "import");
  writeFileSync(join(movers.folder, "secret"), blockOf("secret"));
  symlinkSync(join(movers.folder, "secret"), join(folder, "link"));
  writeFileSync(join(folder, "text"), "this is no disk");
  writeFileSync(
    join(folder, "reference.vmdk"),
    `# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW 1024 FLAT "${join(movers.folder, "secret")}" 0\nddb.adapterType = "ide"\nddb.geometry.cylinders = "1"\nddb.geometry.heads = "16"\nddb.geometry.sectors = "63"\n`,
  );
  const ec2 = server.ec2();
  const importOf = async (Url: string, Format: string): Promise<string> => {
    const { ImportTaskId: task = "" } = await ec2.importSnapshot({ DiskContainer: { Format, Url } });
    const detail = async () => (await ec2.describeImportSnapshotTasks({ ImportTaskIds: [task] })).ImportSnapshotTasks?.[0]?.SnapshotTaskDetail;
    await movers.until(async () => (await detail())?.Status === "deleted");
    return (await detail())?.StatusMessage ?? "";
  };
  const outside = /^ClientError: there is no file '.*' below the installation's import folder$/;
  expect(await importOf(`file://${join(movers.folder, "secret")}`, "RAW")).toMatch(outside);
  expect(await importOf("file:///../secret", "RAW")).toMatch(outside);
  expect(await importOf("file:///link", "RAW")).toMatch(outside);
  expect(await importOf("s3://bucket/none", "RAW")).toMatch(outside);
  expect(await importOf("file:///text", "VMDK")).toBe("ClientError: the disk image cannot be read in the format that was given");
  expect(await importOf("file:///reference.vmdk", "VMDK")).toBe("ClientError: the disk image refers to other files");
  expect(await server.snapshots.store(region).listJournals()).toEqual([]);
});
