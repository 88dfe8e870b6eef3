/** Who may see, use and copy a snapshot. */
import { expect, test } from "vitest";
import { imageOwnerAccount } from "../../src/compute/image.ts";
import { hvmImage } from "./seed.ts";
import { openStaffedServer } from "./simulated-hosts.ts";
import { completedSnapshot, describeOne, launchTwoVolumes } from "./snapshot-steps.ts";
import { account, codeOf, otherAccount, refusal } from "./test-server.ts";

test("A snapshot is shared with an account or with everybody, and no longer", async () => {
  await using server = await openStaffedServer();
  const [ec2, other] = [server.ec2(), server.ec2(otherAccount)];
  const id = await completedSnapshot(server);
  const permissions = async () => (await ec2.describeSnapshotAttribute({ SnapshotId: id, Attribute: "createVolumePermission" })).CreateVolumePermissions;
  const visible = async () => (await other.describeSnapshots({ OwnerIds: [account] })).Snapshots?.length;
  expect([await visible(), await permissions()]).toEqual([0, []]);
  await ec2.modifySnapshotAttribute({ SnapshotId: id, CreateVolumePermission: { Add: [{ UserId: otherAccount }] } });
  expect([await visible(), await permissions()]).toEqual([1, [{ UserId: otherAccount }]]);
  expect(await refusal(other.deleteSnapshot({ SnapshotId: id }))).toEqual({ code: "AuthFailure", message: `Not authorized for snapshot:${id}`, status: 403 });
  await ec2.modifySnapshotAttribute({ SnapshotId: id, Attribute: "createVolumePermission", OperationType: "remove", UserIds: [otherAccount] });
  await ec2.modifySnapshotAttribute({ SnapshotId: id, Attribute: "createVolumePermission", OperationType: "add", GroupNames: ["all"] });
  expect([await visible(), await permissions()]).toEqual([1, [{ Group: "all" }]]);
  await ec2.resetSnapshotAttribute({ SnapshotId: id, Attribute: "createVolumePermission" });
  expect([await visible(), await permissions()]).toEqual([0, []]);
  expect((await ec2.describeSnapshotAttribute({ SnapshotId: id, Attribute: "productCodes" })).ProductCodes).toEqual([]);
});

test("The attribute of a snapshot takes permissions and nothing else, from its owner alone", async () => {
  await using server = await openStaffedServer();
  const [ec2, other] = [server.ec2(), server.ec2(otherAccount)];
  const id = await completedSnapshot(server);
  const before = await server.dump();
  const modify = (input: object) => codeOf(ec2.modifySnapshotAttribute({ SnapshotId: id, ...input }));
  const add = { CreateVolumePermission: { Add: [{ UserId: otherAccount }] } };
  expect([
    await modify({}),
    await modify({ Attribute: "productCodes" }),
    await modify({ CreateVolumePermission: { Add: [{ UserId: "bob" }] } }),
    await modify({ CreateVolumePermission: { Add: [{ Group: "some" }] } }),
    await modify({ OperationType: "give", UserIds: [otherAccount] }),
    await modify({ CreateVolumePermission: { Add: Array.from({ length: 501 }, (_, index) => ({ UserId: String(100_000_000_000 + index) })) } }),
    await modify({ CreateVolumePermission: { Add: [{ UserId: otherAccount }], Remove: [{ Group: "all" }] } }),
    await modify({ ...add, DryRun: true }),
    await codeOf(other.modifySnapshotAttribute({ SnapshotId: id, ...add })),
    await codeOf(other.describeSnapshotAttribute({ SnapshotId: id, Attribute: "createVolumePermission" })),
    await codeOf(other.resetSnapshotAttribute({ SnapshotId: id, Attribute: "createVolumePermission" })),
    await codeOf(ec2.resetSnapshotAttribute({ SnapshotId: id, Attribute: "productCodes" })),
  ]).toEqual([
    "MissingParameter",
    "InvalidParameterValue",
    "InvalidUserID.Malformed",
    "InvalidParameterValue",
    "InvalidParameterValue",
    "InvalidParameterValue",
    "InvalidParameterCombination",
    "DryRunOperation",
    "InvalidSnapshot.NotFound",
    "InvalidSnapshot.NotFound",
    "InvalidSnapshot.NotFound",
    "InvalidParameterValue",
  ]);
  expect(await server.dump()).toBe(before);
});

test("An encrypted snapshot is shared only under a key of the account's own, and never with everybody", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const id = await completedSnapshot(server);
  const copies = [
    (await ec2.copySnapshot({ SourceRegion: "us-east-1", SourceSnapshotId: id, Encrypted: true })).SnapshotId ?? "",
    (await ec2.copySnapshot({ SourceRegion: "us-east-1", SourceSnapshotId: id, Encrypted: true, KmsKeyId: "alias/mine" })).SnapshotId ?? "",
  ];
  const share = (SnapshotId: string, grantee: object) => ec2.modifySnapshotAttribute({ SnapshotId, CreateVolumePermission: { Add: [grantee] } });
  expect([
    await codeOf(share(copies[0] ?? "", { UserId: otherAccount })),
    await codeOf(share(copies[1] ?? "", { Group: "all" })),
  ]).toEqual(["OperationNotPermitted", "OperationNotPermitted"]);
  await share(copies[1] ?? "", { UserId: otherAccount });
  const shown = await describeOne(server, copies[1] ?? "", otherAccount);
  expect([shown?.Encrypted, shown?.KmsKeyId]).toEqual([true, expect.stringMatching(new RegExp(`^arn:aws:kms:us-east-1:${account}:key/`))]);
});

test("CopySnapshot makes a snapshot in the region that is called, of what the account may use", async () => {
  await using server = await openStaffedServer();
  const id = await completedSnapshot(server);
  const west = server.ec2(account, "eu-west-1");
  const { SnapshotId: copy = "", Tags: tags } = await west.copySnapshot({
    SourceRegion: "us-east-1",
    SourceSnapshotId: id,
    Description: "over there",
    TagSpecifications: [{ ResourceType: "snapshot", Tags: [{ Key: "a", Value: "b" }] }],
  });
  const { Snapshots: [shown] = [] } = await west.describeSnapshots({ OwnerIds: ["self"] });
  expect([tags, shown?.SnapshotId, shown?.VolumeId, shown?.State, shown?.Description, shown?.VolumeSize, shown?.TransferType]).toEqual([
    [{ Key: "a", Value: "b" }],
    copy,
    "vol-ffffffff",
    "pending",
    "over there",
    8,
    "standard",
  ]);
  const before = await server.dump();
  const copyOf = (input: object) => codeOf(west.copySnapshot({ SourceRegion: "us-east-1", SourceSnapshotId: id, ...input }));
  expect([
    await copyOf({ SourceRegion: "mars-1" }),
    await copyOf({ SourceRegion: "eu-west-1" }),
    await copyOf({ SourceSnapshotId: copy, SourceRegion: "eu-west-1" }),
    await copyOf({ KmsKeyId: "alias/mine" }),
    await copyOf({ Encrypted: true, KmsKeyId: "what" }),
    await copyOf({ CompletionDurationMinutes: 20 }),
    await copyOf({ DryRun: true }),
    await codeOf(server.ec2(otherAccount).copySnapshot({ SourceRegion: "us-east-1", SourceSnapshotId: id })),
  ]).toEqual([
    "InvalidParameterValue",
    "InvalidSnapshot.NotFound",
    "IncorrectState",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidParameterValue",
    "DryRunOperation",
    "InvalidSnapshot.NotFound",
  ]);
  expect(await server.dump()).toBe(before);
  for (let count = 1; count < 20; count++) await west.copySnapshot({ SourceRegion: "us-east-1", SourceSnapshotId: id });
  expect(await copyOf({})).toBe("ResourceLimitExceeded");
});

test("DescribeSnapshots chooses by owner, by who may make volumes, by filter, and page by page", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const { instance, root } = await launchTwoVolumes(server);
  const { Snapshots: own = [] } = await ec2.createSnapshots({ InstanceSpecification: { InstanceId: instance }, Description: "own" });
  const ids = async (input: object, key?: string) => ((await server.ec2(key).describeSnapshots(input)).Snapshots ?? []).map((snapshot) => snapshot.SnapshotId);
  const filter = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });
  const mine = own.map((snapshot) => snapshot.SnapshotId).toSorted();
  const ofRoot = own.filter((snapshot) => snapshot.VolumeId === root).map((snapshot) => snapshot.SnapshotId);
  const builtin = (await ids({ OwnerIds: ["amazon"] })).length;
  expect({
    self: await ids({ OwnerIds: ["self"] }),
    all: (await ids({})).length,
    byOther: await ids({ OwnerIds: [account] }, otherAccount),
    amazon: (await ids({ OwnerIds: [imageOwnerAccount] })).length,
    toMe: await ids({ RestorableByUserIds: ["self"] }),
    toAll: (await ids({ RestorableByUserIds: ["all"] })).length,
    ofVolume: await ids(filter("volume-id", root)),
    pending: await ids({ OwnerIds: ["self"], ...filter("status", "pending") }),
    described: await ids(filter("description", "ow?")),
    small: (await ids({ OwnerIds: ["self"], ...filter("volume-size", "3") })).length,
  }).toEqual({
    self: mine,
    all: mine.length + builtin,
    byOther: [],
    amazon: builtin,
    toMe: mine,
    toAll: builtin,
    ofVolume: ofRoot,
    pending: mine,
    described: mine,
    small: 1,
  });
  const first = await ec2.describeSnapshots({ MaxResults: 5 });
  const second = await ec2.describeSnapshots({ MaxResults: 5, ...(first.NextToken === undefined ? {} : { NextToken: first.NextToken }) });
  expect([first.Snapshots?.length, (second.Snapshots ?? []).length]).toEqual([5, mine.length + builtin - 5]);
  expect([
    await codeOf(ids({ SnapshotIds: ["snap"] })),
    await codeOf(ids({ SnapshotIds: ["snap-0000000000000dead"] })),
    await codeOf(ids({ OwnerIds: ["bob"] })),
    await codeOf(ids({ MaxResults: 4 })),
    await codeOf(ids({ SnapshotIds: mine, MaxResults: 5 })),
    await codeOf(ids(filter("colour", "red"))),
    await codeOf(ids({ DryRun: true })),
  ]).toEqual(["InvalidSnapshotID.Malformed", "InvalidSnapshot.NotFound", "InvalidUserID.Malformed", "InvalidParameterValue", "InvalidParameterCombination", "InvalidParameterValue", "DryRunOperation"]);
});

test("The snapshots of the images that an installation brings along are everybody's, in every region", async () => {
  await using server = await openStaffedServer();
  const { Images: [image] = [] } = await server.ec2().describeImages({ ImageIds: [hvmImage] });
  const id = image?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? "";
  const { Snapshots: [snapshot] = [] } = await server.ec2(otherAccount, "eu-west-1").describeSnapshots({ SnapshotIds: [id] });
  expect([snapshot?.State, snapshot?.OwnerAlias, snapshot?.VolumeSize]).toEqual(["completed", "amazon", 8]);
  expect(await codeOf(server.ec2().deleteSnapshot({ SnapshotId: id }))).toBe("AuthFailure");
});
