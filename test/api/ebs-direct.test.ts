import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { blockSize } from "../../src/block-store/block-store.ts";
import { blockOf, download, invalid, put, refused, sha256, start, sumsOf, upload, zeroes } from "./direct-client.ts";
import { account, openTestServer, region } from "./test-server.ts";

test("a snapshot written block by block is pending until it is completed, and then reads as it was written", async () => {
  await using server = await openTestServer();
  const [ebs, ec2] = [server.ebs(), server.ec2()];
  const started = await ebs.startSnapshot({ VolumeSize: 2, Description: "mine", Tags: [{ Key: "team", Value: "blue" }], Timeout: 10 });
  const { SnapshotId: id = "", StartTime: time, $metadata: metadata, ...rest } = started;
  expect([metadata.httpStatusCode, time instanceof Date, rest]).toEqual([
    201,
    true,
    { OwnerId: account, Status: "pending", VolumeSize: 2, BlockSize: blockSize, Description: "mine", Tags: [{ Key: "team", Value: "blue" }], SseType: "none" },
  ]);
  const blocks = { 0: blockOf("first"), 7: randomBytes(blockSize), 8: zeroes, 4095: blockOf("last") };
  await Promise.all(Object.entries(blocks).map(([index, data]) => put(ebs, id, Number(index), data, { Progress: 40 })));
  await put(ebs, id, 0, blockOf("first again"));
  const { Snapshots: [pending] = [] } = await ec2.describeSnapshots({ SnapshotIds: [id] });
  const aggregate = createHash("sha256");
  for (const data of [blockOf("first again"), blocks[7], zeroes, blocks[4095]]) aggregate.update(createHash("sha256").update(data).digest());
  const checksum = { Checksum: aggregate.digest("base64"), ChecksumAlgorithm: "SHA256", ChecksumAggregationMethod: "LINEAR" } as const;
  const completed = await ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: 4, ...checksum });
  expect([pending?.State, completed.Status, completed.$metadata.httpStatusCode]).toEqual(["pending", "completed", 202]);
  const { Snapshots: [snapshot] = [] } = await ec2.describeSnapshots({ SnapshotIds: [id] });
  expect([snapshot?.State, snapshot?.Progress, snapshot?.VolumeSize, snapshot?.Description, snapshot?.Tags]).toEqual(["completed", "100%", 2, "mine", [{ Key: "team", Value: "blue" }]]);
  expect(await download(ebs, id)).toEqual(sumsOf({ ...blocks, 0: blockOf("first again") }));
});

test("a snapshot over a parent has the parent's blocks where it has none of its own, and only what differs is changed", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const parent = await upload(ebs, { 0: blockOf("a"), 1: blockOf("b"), 2: blockOf("c") });
  const child = await upload(ebs, { 1: blockOf("B"), 9: blockOf("new") }, { ParentSnapshotId: parent });
  expect(await download(ebs, child)).toEqual(sumsOf({ 0: blockOf("a"), 1: blockOf("B"), 2: blockOf("c"), 9: blockOf("new") }));
  const { ChangedBlocks: changes = [], VolumeSize: size } = await ebs.listChangedBlocks({ FirstSnapshotId: parent, SecondSnapshotId: child });
  const has = changes.map((change) => [change.BlockIndex, change.FirstBlockToken !== undefined, change.SecondBlockToken !== undefined]);
  expect([size, has]).toEqual([1, [[1, true, true], [9, false, true]]]);
  const old = await ebs.getSnapshotBlock({ SnapshotId: parent, BlockIndex: 1, BlockToken: changes[0]?.FirstBlockToken });
  expect(sha256((await old.BlockData?.transformToByteArray()) ?? zeroes)).toBe(sha256(blockOf("b")));
  const all = await ebs.listChangedBlocks({ SecondSnapshotId: child });
  expect(all.ChangedBlocks?.map(({ BlockIndex: index }) => index)).toEqual([0, 1, 2, 9]);
  const stranger = await upload(ebs, { 0: blockOf("a") });
  expect(await refused(ebs.listChangedBlocks({ FirstSnapshotId: stranger, SecondSnapshotId: child }))).toEqual(invalid("UNRELATED_SNAPSHOTS"));
});

test("a parent may be deleted while the snapshot over it is written", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const parent = await upload(ebs, { 0: blockOf("a"), 1: blockOf("b") });
  const child = await start(ebs, { ParentSnapshotId: parent });
  await server.ec2().deleteSnapshot({ SnapshotId: parent });
  await server.snapshots.store(region).removeSnapshot(parent);
  await server.snapshots.store(region).sweep(Date.now());
  await put(ebs, child, 1, blockOf("B"));
  await ebs.completeSnapshot({ SnapshotId: child, ChangedBlocksCount: 1 });
  expect(await download(ebs, child)).toEqual(sumsOf({ 0: blockOf("a"), 1: blockOf("B") }));
});

test("encrypted snapshots read as any other, say their key, and are sealed in the store", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const key = `arn:aws:kms:${region}:${account}:key/01234567-89ab-cdef-0123-456789abcdef`;
  const mine = await ebs.startSnapshot({ VolumeSize: 1, Encrypted: true, KmsKeyArn: key });
  const managed = await ebs.startSnapshot({ VolumeSize: 1, Encrypted: true });
  expect([mine.SseType, mine.KmsKeyArn, managed.SseType]).toEqual(["sse-kms", key, "sse-ebs"]);
  await put(ebs, mine.SnapshotId ?? "", 3, blockOf("secret"));
  await ebs.completeSnapshot({ SnapshotId: mine.SnapshotId, ChangedBlocksCount: 1 });
  const child = await ebs.startSnapshot({ VolumeSize: 1, ParentSnapshotId: mine.SnapshotId });
  await ebs.completeSnapshot({ SnapshotId: child.SnapshotId, ChangedBlocksCount: 0 });
  expect([child.KmsKeyArn, await download(ebs, child.SnapshotId ?? "")]).toEqual([key, sumsOf({ 3: blockOf("secret") })]);
  const folders = new Set<string>();
  for await (const { folder } of server.snapshots.store(region).listBlocks()) folders.add(folder.split("/")[0] ?? "");
  expect([...folders]).toEqual(["sealed"]);
});

test("with encryption by default every snapshot is encrypted, and none is made over one that is not", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const plain = await upload(ebs, { 0: blockOf("a") });
  await server.ec2().enableEbsEncryptionByDefault({});
  const started = await ebs.startSnapshot({ VolumeSize: 1 });
  expect([started.SseType, await refused(start(ebs, { ParentSnapshotId: plain }))]).toEqual(["sse-ebs", invalid("INVALID_PARAMETER_VALUE")]);
});

test("lists come in pages, whose tokens belong to their list; a token goes before a starting index", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const id = await start(ebs);
  const indexes = Array.from({ length: 150 }, (_, index) => index * 3);
  await Promise.all(indexes.map((index) => put(ebs, id, index, blockOf("same"))));
  await ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: 150 });
  const first = await ebs.listSnapshotBlocks({ SnapshotId: id, MaxResults: 5 });
  const second = await ebs.listSnapshotBlocks({ SnapshotId: id, MaxResults: 100, NextToken: first.NextToken, StartingBlockIndex: 400 });
  expect([...(first.Blocks ?? []), ...(second.Blocks ?? [])].map(({ BlockIndex: index }) => index)).toEqual(indexes);
  expect([first.Blocks?.length, second.NextToken, first.BlockSize, first.VolumeSize]).toEqual([100, undefined, blockSize, 1]);
  const days = ((first.ExpiryTime?.getTime() ?? 0) - Date.now()) / 86_400_000;
  expect(Math.round(days)).toBe(7);
  const late = await ebs.listChangedBlocks({ SecondSnapshotId: id, StartingBlockIndex: 440 });
  expect(late.ChangedBlocks?.map(({ BlockIndex: index }) => index)).toEqual([441, 444, 447]);
  expect(await refused(ebs.listChangedBlocks({ SecondSnapshotId: id, NextToken: first.NextToken }))).toEqual(invalid("INVALID_PAGE_TOKEN"));
  expect(await refused(ebs.listSnapshotBlocks({ SnapshotId: id, NextToken: "abc" }))).toEqual(invalid("INVALID_PAGE_TOKEN"));
  expect(await refused(ebs.listSnapshotBlocks({ SnapshotId: id, MaxResults: 10_001 }))).toEqual(invalid("INVALID_PARAMETER_VALUE"));
});

test("a client token gives the same snapshot again, and not to another request", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const ClientToken = "t".repeat(255);
  const [one, again] = [await start(ebs, { ClientToken }), await start(ebs, { ClientToken })];
  expect([one, await start(ebs, { ClientToken: "other" }) === one]).toEqual([again, false]);
  expect(await refused(start(ebs, { ClientToken, VolumeSize: 2 }))).toEqual(["ConflictException", undefined, 409]);
  expect(await refused(start(ebs, { ClientToken: "t".repeat(256) }))).toEqual(invalid("INVALID_PARAMETER_VALUE"));
});

test("blocks that were answered are there after the control plane was killed", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const id = await start(ebs);
  for (let index = 0; index < 8; index++) await put(ebs, id, index, blockOf(`block ${index};`));
  await server.snapshots.writers.close(); // what was in memory is gone; the journals are not
  await ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: 8 });
  expect(Object.keys(await download(ebs, id))).toHaveLength(8);
});

test("a snapshot that was sealed by a call that was killed before its answer is completed by the next one", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const id = await start(ebs);
  await put(ebs, id, 0, blockOf("a"));
  await server.snapshots.writers.close();
  const writer = await server.snapshots.store(region).beginSnapshot(id, { volumeSizeGib: 1, keepZeroes: true });
  await writer.seal();
  expect((await ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: 1 })).Status).toBe("completed");
  expect(await download(ebs, id)).toEqual(sumsOf({ 0: blockOf("a") }));
});
