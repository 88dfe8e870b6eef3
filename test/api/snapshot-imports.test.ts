import { expect, test } from "vitest";
import { account, codeOf, openTestServer, otherAccount } from "./test-server.ts";

const file = { Format: "RAW", Url: "file:///disk.raw" };

test("ImportSnapshot answers a task, the same for the same token, which its owner sees and cancels", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const input = { DiskContainer: file, Description: "old disk", ClientToken: "once", TagSpecifications: [{ ResourceType: "import-snapshot-task" as const, Tags: [{ Key: "a", Value: "b" }] }] };
  const { $metadata: _, ...task } = await ec2.importSnapshot(input);
  const id = task.ImportTaskId ?? "";
  const expected = {
    ImportTaskId: expect.stringMatching(/^import-snap-0[0-9a-f]{16}$/),
    Description: "old disk",
    SnapshotTaskDetail: { Description: "old disk", Format: "RAW", Status: "active", StatusMessage: "pending", Progress: "0", Encrypted: false, Url: "file:///disk.raw" },
    Tags: [{ Key: "a", Value: "b" }],
  };
  expect(task).toEqual(expected);
  expect((await ec2.importSnapshot(input)).ImportTaskId).toBe(id);
  const tasks = async (more: object = {}) => (await ec2.describeImportSnapshotTasks(more)).ImportSnapshotTasks;
  expect([await tasks(), await tasks({ ImportTaskIds: [id] }), await tasks({ Filters: [{ Name: "task-state", Values: ["completed"] }] })]).toEqual([[expected], [expected], []]);
  expect(await ec2.cancelImportTask({ ImportTaskId: id, CancelReason: "wrong disk" })).toMatchObject({ ImportTaskId: id, PreviousState: "active", State: "deleting" });
  expect((await tasks())?.[0]?.SnapshotTaskDetail).toMatchObject({ Status: "deleting", StatusMessage: "wrong disk" });
});

test("ImportSnapshot of a bucket's object under a key shows both", async () => {
  await using server = await openTestServer();
  const { SnapshotTaskDetail: detail } = await server.ec2().importSnapshot({ DiskContainer: { Format: "vmdk", UserBucket: { S3Bucket: "disks", S3Key: "old/one.vmdk" } }, Encrypted: true });
  expect(detail).toMatchObject({ Format: "VMDK", Encrypted: true, KmsKeyId: expect.stringContaining(account), UserBucket: { S3Bucket: "disks", S3Key: "old/one.vmdk" } });
});

test("Imports of what cannot be read, and others' tasks, are refused and change nothing", async () => {
  await using server = await openTestServer();
  const [ec2, other] = [server.ec2(), server.ec2(otherAccount)];
  await other.describeRegions(); // whoever calls for the first time gets a network
  const { ImportTaskId: id } = await ec2.importSnapshot({ DiskContainer: file });
  await ec2.cancelImportTask({ ImportTaskId: id });
  const before = await server.dump();
  const load = (DiskContainer: object, more: object = {}) => codeOf(ec2.importSnapshot({ DiskContainer, ...more }));
  expect([
    await codeOf(ec2.importSnapshot({})),
    await load({ Format: "floppy", Url: "file:///disk" }),
    await load({ Format: "RAW" }),
    await load({ Format: "RAW", Url: "https://example.com/disk" }),
    await load({ ...file, UserBucket: { S3Bucket: "a", S3Key: "b" } }),
    await load(file, { KmsKeyId: "alias/mine" }),
    await load(file, { Encrypted: true, KmsKeyId: "what" }),
    await load(file, { DryRun: true }),
    await codeOf(ec2.cancelImportTask({})),
    await codeOf(ec2.cancelImportTask({ ImportTaskId: "task" })),
    await codeOf(ec2.cancelImportTask({ ImportTaskId: "import-snap-0000000000000dead" })),
    await codeOf(ec2.cancelImportTask({ ImportTaskId: id })),
    await codeOf(other.cancelImportTask({ ImportTaskId: id })),
    await codeOf(other.describeImportSnapshotTasks({ ImportTaskIds: [id ?? ""] })),
  ]).toEqual([
    "MissingParameter",
    "InvalidParameterValue",
    "MissingParameter",
    "UnsupportedOperation",
    "InvalidParameterValue",
    "MissingParameter",
    "InvalidParameterValue",
    "DryRunOperation",
    "MissingParameter",
    "InvalidParameterValue",
    "InvalidConversionTaskId",
    "IncorrectState",
    "InvalidConversionTaskId",
    "InvalidConversionTaskId",
  ]);
  expect(await server.dump()).toBe(before);
});
