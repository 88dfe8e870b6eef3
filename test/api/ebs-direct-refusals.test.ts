/** What the EBS direct API refuses, with its codes, reasons and statuses. */
import { createHash, randomBytes } from "node:crypto";
import { truncateSync } from "node:fs";
import type { EBS } from "@aws-sdk/client-ebs";
import { expect, test } from "vitest";
import type { SnapshotId } from "../../src/base/ids.ts";
import { blockSize } from "../../src/block-store/block-store.ts";
import { createSnapshotRow } from "../../src/storage/snapshot.ts";
import { blockOf, download, invalid, put, refused, sha256, start, sumsOf, upload, zeroes } from "./direct-client.ts";
import { account, openTestServer, otherAccount, powerlessKey, region } from "./test-server.ts";

test("block tokens are good for their block, snapshot and account only", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const [id, other] = [await upload(ebs, { 0: blockOf("a"), 1: blockOf("b") }), await upload(ebs, { 0: blockOf("a") })];
  await server.ec2().modifySnapshotAttribute({ SnapshotId: id, CreateVolumePermission: { Add: [{ UserId: otherAccount }] } });
  const { Blocks: [zero] = [] } = await ebs.listSnapshotBlocks({ SnapshotId: id });
  const token = zero?.BlockToken ?? "";
  const altered = `${token.slice(0, -1)}${token.endsWith("A") ? "Q" : "A"}`;
  const get = (by: EBS, SnapshotId: string, BlockIndex: number, BlockToken: string) => refused(by.getSnapshotBlock({ SnapshotId, BlockIndex, BlockToken }));
  expect(await get(ebs, id, 0, token)).toEqual(["not refused", undefined, undefined]);
  const wrong = [get(ebs, id, 1, token), get(ebs, other, 0, token), get(ebs, id, 0, altered), get(ebs, id, 0, "x"), get(server.ebs(otherAccount), id, 0, token)];
  expect(await Promise.all(wrong)).toEqual(wrong.map(() => invalid("INVALID_BLOCK_TOKEN")));
  expect(await download(server.ebs(otherAccount), id)).toEqual(sumsOf({ 0: blockOf("a"), 1: blockOf("b") }));
});

test("StartSnapshot refuses what cannot be", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const parent = await upload(ebs, { 0: blockOf("a") }, { VolumeSize: 2 });
  const pending = await start(ebs);
  const unknown = "snap-0123456789abcdef0";
  const refusals: [Parameters<typeof start>[1], readonly unknown[]][] = [
    [{ VolumeSize: 0 }, invalid("INVALID_VOLUME_SIZE")],
    [{ VolumeSize: 65_537 }, invalid("INVALID_VOLUME_SIZE")],
    [{ ParentSnapshotId: parent }, invalid("INVALID_VOLUME_SIZE")],
    [{ VolumeSize: 2, ParentSnapshotId: parent, Encrypted: true }, invalid("INVALID_PARAMETER_VALUE")],
    [{ ParentSnapshotId: pending }, invalid("INVALID_SNAPSHOT_ID")],
    [{ ParentSnapshotId: "snap-x" }, invalid("INVALID_SNAPSHOT_ID")],
    [{ ParentSnapshotId: unknown }, ["ResourceNotFoundException", "SNAPSHOT_NOT_FOUND", 404]],
    [{ Timeout: 9 }, invalid("INVALID_PARAMETER_VALUE")],
    [{ Timeout: 4321 }, invalid("INVALID_PARAMETER_VALUE")],
    [{ Description: "d".repeat(256) }, invalid("INVALID_PARAMETER_VALUE")],
    [{ KmsKeyArn: "alias/mine" }, invalid("INVALID_PARAMETER_VALUE")],
    [{ Encrypted: true, KmsKeyArn: "no key" }, invalid("INVALID_CUSTOMER_KEY")],
    [{ Tags: [{ Key: "aws:x", Value: "y" }] }, invalid("INVALID_TAG")],
  ];
  for (const [input, expected] of refusals) expect([input, await refused(start(ebs, input))]).toEqual([input, expected]);
  expect(await refused(start(server.ebs(powerlessKey)))).toEqual(["AccessDeniedException", "UNAUTHORIZED_ACCOUNT", 403]);
});

test("no more than 100 snapshots may be started and not completed", async () => {
  await using server = await openTestServer();
  const row = { account, region, origin: "direct", volume_size_gib: 1 } as const;
  await server.write(async (tx) => {
    for (let count = 0; count < 100; count++) await createSnapshotRow(tx, row, server.parts.random, Date.now());
  });
  expect(await refused(start(server.ebs()))).toEqual(["ConcurrentLimitExceededException", undefined, 400]);
});

test("PutSnapshotBlock refuses blocks that are not whole, not what they say, or out of place", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const id = await start(ebs);
  const block = blockOf("a");
  const refusals: [() => Promise<unknown>, readonly unknown[]][] = [
    [() => put(ebs, id, 0, block.subarray(1)), invalid("INVALID_BLOCK")],
    [() => put(ebs, id, 0, block, { Checksum: sha256(zeroes) }), invalid("INVALID_BLOCK")],
    [() => put(ebs, id, 2048, block), invalid("INVALID_PARAMETER_VALUE")],
    [() => put(ebs, id, -1, block), invalid("INVALID_PARAMETER_VALUE")],
    [() => put(ebs, id, 0, block, { ChecksumAlgorithm: "MD5" }), invalid("INVALID_PARAMETER_VALUE")],
    [() => put(ebs, id, 0, block, { Progress: 101 }), invalid("INVALID_PARAMETER_VALUE")],
    [() => put(ebs, "snap-x", 0, block), invalid("INVALID_SNAPSHOT_ID")],
    [() => put(ebs, "snap-0123456789abcdef0", 0, block), ["ResourceNotFoundException", "SNAPSHOT_NOT_FOUND", 404]],
    [() => put(server.ebs(otherAccount), id, 0, block), ["ResourceNotFoundException", "SNAPSHOT_NOT_FOUND", 404]],
    [() => put(server.ebs(powerlessKey), id, 0, block), ["AccessDeniedException", "UNAUTHORIZED_ACCOUNT", 403]],
  ];
  for (const [call, expected] of refusals) expect(await refused(call())).toEqual(expected);
  const both = await Promise.all(["x", "y"].map((text) => refused(put(ebs, id, 5, randomBytes(blockSize).fill(text)))));
  expect(both.toSorted()).toEqual([invalid("CONFLICTING_BLOCK_UPDATE"), ["not refused", undefined, undefined]]);
});

test("a block is compared with its checksum too when its request's body is left unsigned", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const id = await start(ebs);
  ebs.middlewareStack.add((next) => (args) => {
    Object.assign((args.request as { headers: object }).headers, { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }); // requests are HTTP requests
    return next(args);
  }, { step: "build" });
  expect(await refused(put(ebs, id, 0, blockOf("a"), { Checksum: sha256(zeroes) }))).toEqual(invalid("INVALID_BLOCK"));
  expect(await put(ebs, id, 0, blockOf("a"))).toMatchObject({ Checksum: sha256(blockOf("a")) });
});

test("CompleteSnapshot refuses another number of blocks or another checksum, and a snapshot that is complete", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const id = await start(ebs);
  await put(ebs, id, 0, blockOf("a"));
  const complete = (count: number, more: object = {}) => refused(ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: count, ...more }));
  expect(await complete(2)).toEqual(invalid("INVALID_PARAMETER_VALUE"));
  expect(await complete(-1)).toEqual(invalid("INVALID_PARAMETER_VALUE"));
  expect(await complete(1, { Checksum: sha256(zeroes), ChecksumAlgorithm: "SHA256", ChecksumAggregationMethod: "LINEAR" })).toEqual(invalid("INVALID_BLOCK"));
  expect(await complete(1, { Checksum: sha256(zeroes), ChecksumAlgorithm: "SHA256" })).toEqual(invalid("INVALID_PARAMETER_VALUE"));
  expect(await refused(download(ebs, id))).toEqual(invalid("INVALID_SNAPSHOT_ID"));
  expect(await complete(1)).toEqual(["not refused", undefined, undefined]);
  expect([await complete(1), await refused(put(ebs, id, 1, blockOf("b")))]).toEqual([invalid("INVALID_SNAPSHOT_ID"), invalid("INVALID_SNAPSHOT_ID")]);
});

test("a snapshot that is left alone for its timeout cannot be written any more", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const id = await start(ebs, { Timeout: 10 });
  await put(ebs, id, 0, blockOf("a"), { Progress: 30 });
  const until = () => server.read((tx) => tx.db.selectFrom("snapshots").select(["untouched_until", "observed_percent"]).where("id", "=", id as SnapshotId).executeTakeFirstOrThrow());
  const { untouched_until: kept, observed_percent: percent } = await until();
  expect([(kept ?? 0) > Date.now() + 600_000, percent]).toEqual([true, 30]);
  await server.write((tx) => tx.db.updateTable("snapshots").set({ untouched_until: Date.now() - 1 }).where("id", "=", id as SnapshotId).execute());
  expect(await refused(put(ebs, id, 1, blockOf("b")))).toEqual(invalid("WRITE_REQUEST_TIMEOUT"));
  expect(await refused(ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: 1 }))).toEqual(invalid("WRITE_REQUEST_TIMEOUT"));
});

test("public snapshots, others' and those that an installation brings along cannot be read", async () => {
  await using server = await openTestServer();
  const [ebs, others] = [server.ebs(), server.ebs(otherAccount)];
  const id = await upload(ebs, { 0: blockOf("a") });
  expect(await refused(download(others, id))).toEqual(["ResourceNotFoundException", "SNAPSHOT_NOT_FOUND", 404]);
  await server.ec2().modifySnapshotAttribute({ SnapshotId: id, CreateVolumePermission: { Add: [{ Group: "all" }] } });
  expect(await refused(download(others, id))).toEqual(["AccessDeniedException", "UNAUTHORIZED_ACCOUNT", 403]);
  expect(await refused(put(others, id, 0, zeroes))).toEqual(["AccessDeniedException", "UNAUTHORIZED_ACCOUNT", 403]);
  expect(await download(ebs, id)).toEqual(sumsOf({ 0: blockOf("a") }));
});

test("a damaged block is an error of the service, and its data are not answered", async () => {
  await using server = await openTestServer();
  const ebs = server.ebs();
  const id = await upload(ebs, { 0: blockOf("a") });
  truncateSync(server.snapshots.store(region).pathOf(createHash("sha256").update(blockOf("a")).digest("hex")), 10);
  expect(await refused(download(ebs, id))).toEqual(["InternalServerException", undefined, 500]);
});
