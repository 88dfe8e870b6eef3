/** Volumes by themselves: made, shown, changed in their attributes, removed. */
import type { CreateVolumeCommandInput } from "@aws-sdk/client-ec2";
import { describe, expect, test } from "vitest";
import { stableId } from "../../src/compute/image-registration.ts";
import { launchOne } from "./launch-one.ts";
import { simulateHosts } from "./simulated-hosts.ts";
import { codeOf, openTestServer, otherAccount, refusal } from "./test-server.ts";

const zone = "us-east-1a";
const publicSnapshot = stableId("snapshot", "debian-12-hvm-x86_64");

/** The request without its zone, and the figures of the volume that it makes. */
const created: readonly [input: Partial<CreateVolumeCommandInput>, figures: object][] = [
  [{ Size: 1 }, { VolumeType: "gp2", Size: 1, Iops: 100 }],
  [{ Size: 400 }, { VolumeType: "gp2", Size: 400, Iops: 1200 }],
  [{ Size: 16_384 }, { VolumeType: "gp2", Size: 16_384, Iops: 16_000 }],
  [{ Size: 1, VolumeType: "gp3" }, { VolumeType: "gp3", Size: 1, Iops: 3000, Throughput: 125 }],
  [{ Size: 160, VolumeType: "gp3", Iops: 80_000, Throughput: 2000 }, { VolumeType: "gp3", Size: 160, Iops: 80_000, Throughput: 2000 }],
  [{ Size: 4, VolumeType: "io1", Iops: 200 }, { VolumeType: "io1", Size: 4, Iops: 200 }],
  [{ Size: 256, VolumeType: "io2", Iops: 100_000, MultiAttachEnabled: true }, { VolumeType: "io2", Size: 256, Iops: 100_000, MultiAttachEnabled: true }],
  [{ Size: 125, VolumeType: "st1" }, { VolumeType: "st1", Size: 125 }],
  [{ Size: 125, VolumeType: "sc1" }, { VolumeType: "sc1", Size: 125 }],
  [{ Size: 1024, VolumeType: "standard" }, { VolumeType: "standard", Size: 1024 }],
  [{ SnapshotId: publicSnapshot }, { VolumeType: "gp2", Size: 8, Iops: 100, SnapshotId: publicSnapshot }],
  [{ SnapshotId: publicSnapshot, Size: 9, VolumeInitializationRate: 100 }, { VolumeType: "gp2", Size: 9, Iops: 100, SnapshotId: publicSnapshot, VolumeInitializationRate: 100 }],
];

const refused: readonly [what: string, input: CreateVolumeCommandInput, code: string][] = [
  ["no zone", { Size: 1 }, "MissingParameter"],
  ["a zone twice", { Size: 1, AvailabilityZone: zone, AvailabilityZoneId: "use1-az1" }, "InvalidParameterCombination"],
  ["an unknown zone", { Size: 1, AvailabilityZone: "us-east-1z" }, "InvalidZone.NotFound"],
  ["another region's zone", { Size: 1, AvailabilityZone: "eu-west-1a" }, "InvalidZone.NotFound"],
  ["an unknown zone's id", { Size: 1, AvailabilityZoneId: "use1-az9" }, "InvalidZone.NotFound"],
  ["a zone without storage", { Size: 1, AvailabilityZone: "us-east-1f" }, "InsufficientVolumeCapacity"],
  ["an unknown type", { Size: 1, AvailabilityZone: zone, VolumeType: "gp9" as "gp3" }, "UnknownVolumeType"],
  ["no size", { AvailabilityZone: zone }, "MissingParameter"],
  ["nothing at all in size", { Size: 0, AvailabilityZone: zone }, "InvalidParameterValue"],
  ["less than nothing", { Size: -1, AvailabilityZone: zone }, "InvalidParameterValue"],
  ["a gp2 that is too large", { Size: 16_385, AvailabilityZone: zone }, "InvalidParameterValue"],
  ["an io1 that is too small", { Size: 3, Iops: 100, VolumeType: "io1", AvailabilityZone: zone }, "InvalidParameterValue"],
  ["an st1 that is too small", { Size: 124, VolumeType: "st1", AvailabilityZone: zone }, "InvalidParameterValue"],
  ["a standard that is too large", { Size: 1025, VolumeType: "standard", AvailabilityZone: zone }, "InvalidParameterValue"],
  ["a gp3 that is too large", { Size: 65_537, VolumeType: "gp3", AvailabilityZone: zone }, "InvalidParameterValue"],
  ["io1 without IOPS", { Size: 4, VolumeType: "io1", AvailabilityZone: zone }, "MissingParameter"],
  ["gp2 with IOPS", { Size: 4, Iops: 100, AvailabilityZone: zone }, "InvalidParameterCombination"],
  ["io2 with throughput", { Size: 4, VolumeType: "io2", Iops: 100, Throughput: 125, AvailabilityZone: zone }, "InvalidParameterCombination"],
  ["too few IOPS", { Size: 100, VolumeType: "gp3", Iops: 2999, AvailabilityZone: zone }, "InvalidParameterValue"],
  ["too many IOPS", { Size: 1000, VolumeType: "gp3", Iops: 80_001, AvailabilityZone: zone }, "InvalidParameterValue"],
  ["too many IOPS for the size", { Size: 20, VolumeType: "gp3", Iops: 15_000, AvailabilityZone: zone }, "InvalidParameterValue"],
  ["too many IOPS for the size of an io1", { Size: 4, VolumeType: "io1", Iops: 201, AvailabilityZone: zone }, "InvalidParameterValue"],
  ["too little throughput", { Size: 20, VolumeType: "gp3", Throughput: 124, AvailabilityZone: zone }, "InvalidParameterValue"],
  ["too much throughput", { Size: 200, VolumeType: "gp3", Iops: 80_000, Throughput: 2001, AvailabilityZone: zone }, "InvalidParameterValue"],
  ["too much throughput for the IOPS", { Size: 20, VolumeType: "gp3", Throughput: 1000, AvailabilityZone: zone }, "InvalidParameterValue"],
  ["multi-attach for gp3", { Size: 20, VolumeType: "gp3", MultiAttachEnabled: true, AvailabilityZone: zone }, "InvalidParameterCombination"],
  ["a snapshot's id that is none", { SnapshotId: "snap-x", AvailabilityZone: zone }, "InvalidSnapshotID.Malformed"],
  ["an unknown snapshot", { SnapshotId: "snap-0123456789abcdef0", AvailabilityZone: zone }, "InvalidSnapshot.NotFound"],
  ["less than the snapshot", { SnapshotId: publicSnapshot, Size: 7, AvailabilityZone: zone }, "InvalidParameterValue"],
  ["a rate without a snapshot", { Size: 1, VolumeInitializationRate: 100, AvailabilityZone: zone }, "InvalidParameterCombination"],
  ["a rate out of bounds", { SnapshotId: publicSnapshot, VolumeInitializationRate: 99, AvailabilityZone: zone }, "InvalidParameterValue"],
  ["a key without encryption", { Size: 1, KmsKeyId: "alias/mine", AvailabilityZone: zone }, "InvalidParameterDependency"],
  ["a key that is none", { Size: 1, Encrypted: true, KmsKeyId: "my key", AvailabilityZone: zone }, "InvalidParameterValue"],
  ["tags for what cannot have them", { Size: 1, AvailabilityZone: zone, TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "a", Value: "b" }] }] }, "InvalidParameterValue"],
  ["an Outpost", { Size: 1, AvailabilityZone: zone, OutpostArn: "arn:aws:outposts:us-east-1:1:outpost/op-1" }, "UnsupportedOperation"],
  ["only a dry run", { Size: 1, AvailabilityZone: zone, DryRun: true }, "DryRunOperation"],
];

describe("CreateVolume", () => {
  test("makes a volume of every type with the figures that EC2 would give it", async () => {
    await using server = await openTestServer();
    const answers: object[] = [];
    for (const [input] of created) answers.push(await server.ec2().createVolume({ AvailabilityZone: zone, ...input }));
    const common = {
      $metadata: expect.anything(),
      VolumeId: expect.stringMatching(/^vol-0[0-9a-f]{16}$/),
      SnapshotId: "",
      AvailabilityZone: zone,
      AvailabilityZoneId: "use1-az1",
      State: "creating",
      CreateTime: expect.any(Date),
      Tags: [],
      Encrypted: false,
      MultiAttachEnabled: false,
    };
    expect(answers).toEqual(created.map(([, figures]) => ({ ...common, ...figures })));
  });

  test("gives the volume its tags, takes a zone by its id, and repeats itself for the same token", async () => {
    await using server = await openTestServer();
    const input: CreateVolumeCommandInput = {
      Size: 1,
      AvailabilityZoneId: "use1-az2",
      ClientToken: "once",
      TagSpecifications: [{ ResourceType: "volume", Tags: [{ Key: "Name", Value: "data" }] }],
    };
    const [first, second] = [await server.ec2().createVolume(input), await server.ec2().createVolume(input)];
    expect([second.VolumeId, first.AvailabilityZone]).toEqual([first.VolumeId, "us-east-1b"]);
    const { Volumes } = await server.ec2().describeVolumes({ Filters: [{ Name: "tag:Name", Values: ["data"] }] });
    expect(Volumes?.map(({ VolumeId: id, State: state }) => [id, state])).toEqual([[first.VolumeId, "creating"]]);
    expect(await codeOf(server.ec2().createVolume({ ...input, Size: 2 }))).toBe("IdempotentParameterMismatch");
  });

  test("refuses what cannot be with EC2's code, and changes nothing", async () => {
    await using server = await openTestServer();
    await server.ec2().describeVpcs({});
    const before = await server.dump();
    const codes: Record<string, string> = {};
    for (const [what, input] of refused) codes[what] = await codeOf(server.ec2().createVolume(input));
    expect(codes).toEqual(Object.fromEntries(refused.map(([what, , code]) => [what, code])));
    expect(await server.dump()).toBe(before);
  });

  test("calls the lack of storage in a zone a server's fault", async () => {
    await using server = await openTestServer();
    expect(await refusal(server.ec2().createVolume({ Size: 1, AvailabilityZone: "us-east-1c" }))).toMatchObject({ code: "InsufficientVolumeCapacity", status: 500 });
  });

  test("says what is wrong in EC2's own words", async () => {
    await using server = await openTestServer();
    const messageOf = async (input: CreateVolumeCommandInput) => (await refusal(server.ec2().createVolume({ AvailabilityZone: zone, ...input }))).message;
    expect([
      await messageOf({ Size: 1, VolumeType: "st1" }),
      await messageOf({ Size: 20, VolumeType: "gp3", Iops: 15_000 }),
      await messageOf({ Size: 20, VolumeType: "gp3", Throughput: 1000 }),
      await messageOf({ SnapshotId: publicSnapshot, Size: 7 }),
    ]).toEqual([
      "Volume of 1GiB is too small; minimum is 125GiB.",
      "Iops to volume size ratio of 750.000000 is too high; maximum is 500",
      "Throughput (MiBps) to iops ratio of 0.333333 is too high; maximum is 0.250000 MiBps per iops",
      `Volume of size 7GB is smaller than snapshot '${publicSnapshot}', expect size >= 8GB`,
    ]);
  });
});

describe("DeleteVolume", () => {
  test("removes a volume that its storage node has made, and the node's confirmation ends it", async () => {
    await using server = await openTestServer();
    const hosts = simulateHosts(server);
    const ec2 = server.ec2();
    const { VolumeId = "" } = await ec2.createVolume({ Size: 1, AvailabilityZone: zone, TagSpecifications: [{ ResourceType: "volume", Tags: [{ Key: "a", Value: "b" }] }] });
    const state = async () => (await ec2.describeVolumes({ VolumeIds: [VolumeId] })).Volumes?.[0]?.State;
    expect(await codeOf(ec2.deleteVolume({ VolumeId }))).toBe("IncorrectState");
    await hosts.settle();
    expect(await state()).toBe("available");
    await ec2.deleteVolume({ VolumeId });
    await hosts.settleWithout("storage");
    expect(await state()).toBe("deleting");
    expect([await codeOf(ec2.deleteVolume({ VolumeId })), await codeOf(ec2.modifyVolume({ VolumeId, Size: 2 }))]).toEqual(["IncorrectState", "IncorrectState"]);
    await hosts.settle();
    expect(await codeOf(ec2.describeVolumes({ VolumeIds: [VolumeId] }))).toBe("InvalidVolume.NotFound");
    expect(await server.read((tx) => tx.db.selectFrom("tags").selectAll().execute())).toEqual([]);
    expect(hosts.byId.get("storage-a")?.held.size).toBe(0);
  });

  test("refuses a volume in use, another's and none, and changes nothing", async () => {
    await using server = await openTestServer();
    const { volume, instance } = await launchOne(server);
    const { VolumeId } = await server.ec2().createVolume({ Size: 1, AvailabilityZone: zone });
    await server.write((tx) => tx.db.updateTable("volumes").set({ observed_state: "available" }).execute());
    await server.ec2(otherAccount).describeVpcs({});
    const before = await server.dump();
    expect(await refusal(server.ec2().deleteVolume({ VolumeId: volume }))).toEqual({ code: "VolumeInUse", message: `Volume ${volume} is currently attached to ${instance}`, status: 400 });
    expect([
      await codeOf(server.ec2(otherAccount).deleteVolume({ VolumeId })),
      await codeOf(server.ec2().deleteVolume({ VolumeId: "vol-0123456789abcdef0" })),
      await codeOf(server.ec2().deleteVolume({ VolumeId: "disk" })),
      await codeOf(server.ec2().deleteVolume({ VolumeId, DryRun: true })),
    ]).toEqual(["InvalidVolume.NotFound", "InvalidVolume.NotFound", "InvalidVolumeID.Malformed", "DryRunOperation"]);
    expect(await server.dump()).toBe(before);
  });

  test("leaves a volume with its storage node until its snapshots are stored", async () => {
    await using server = await openTestServer();
    const hosts = simulateHosts(server);
    const ec2 = server.ec2();
    const { VolumeId } = await ec2.createVolume({ Size: 1, AvailabilityZone: zone });
    await hosts.settle();
    const { SnapshotId = "" } = await ec2.createSnapshot({ VolumeId });
    await ec2.deleteVolume({ VolumeId });
    await hosts.settleWithout("storage");
    const asked = await server.read((tx) => tx.db.selectFrom("specifications").select("body").where("host_id", "=", "storage-a").execute());
    expect(asked.map(({ body }) => JSON.parse(body))).toMatchObject([{ id: VolumeId, want: "present", exportNames: [], snapshots: [{ id: SnapshotId }] }]);
    await hosts.settle();
    expect((await ec2.describeSnapshots({ SnapshotIds: [SnapshotId] })).Snapshots?.[0]?.State).toBe("completed");
    expect((await ec2.describeVolumes({})).Volumes).toEqual([]);
  });
});

describe("A volume's attributes", () => {
  test("are shown and changed, its owner's only", async () => {
    await using server = await openTestServer();
    const ec2 = server.ec2();
    const { VolumeId = "" } = await ec2.createVolume({ Size: 1, AvailabilityZone: zone });
    const show = async (Attribute: string) => (({ $metadata: _metadata, ...shown }) => shown)(await ec2.describeVolumeAttribute({ VolumeId, Attribute: Attribute as "autoEnableIO" })); // also wrong ones
    expect([await show("autoEnableIO"), await show("productCodes")]).toEqual([{ VolumeId, AutoEnableIO: { Value: false } }, { VolumeId, ProductCodes: [] }]);
    await ec2.modifyVolumeAttribute({ VolumeId, AutoEnableIO: { Value: true } });
    expect(await show("autoEnableIO")).toEqual({ VolumeId, AutoEnableIO: { Value: true } });
    const before = await server.dump();
    const none = { VolumeId: "vol-0123456789abcdef0" };
    expect([
      await codeOf(show("size")),
      await codeOf(ec2.describeVolumeAttribute({ ...none, Attribute: "autoEnableIO" })),
      await codeOf(ec2.modifyVolumeAttribute({ VolumeId })),
      await codeOf(ec2.modifyVolumeAttribute({ ...none, AutoEnableIO: { Value: true } })),
      await codeOf(ec2.modifyVolumeAttribute({ VolumeId, AutoEnableIO: { Value: false }, DryRun: true })),
      await codeOf(ec2.enableVolumeIO(none)),
      await codeOf(ec2.enableVolumeIO({ VolumeId })),
    ]).toEqual(["InvalidParameterValue", "InvalidVolume.NotFound", "MissingParameter", "InvalidVolume.NotFound", "DryRunOperation", "InvalidVolume.NotFound", "IncorrectState"]);
    expect(await server.dump()).toBe(before);
    const theirs = server.ec2(otherAccount);
    expect([await codeOf(theirs.modifyVolumeAttribute({ VolumeId, AutoEnableIO: { Value: false } })), await codeOf(theirs.enableVolumeIO({ VolumeId }))]).toEqual(["InvalidVolume.NotFound", "InvalidVolume.NotFound"]);
  });
});

describe("DescribeVolumeStatus", () => {
  test("says what the storage node says: whether the volume works, what is wrong, and how much of its snapshot is there", async () => {
    await using server = await openTestServer();
    const ec2 = server.ec2();
    const { VolumeId = "" } = await ec2.createVolume({ Size: 8, VolumeType: "gp3", AvailabilityZone: zone });
    const statusAfter = async (columns: object) => {
      await server.write((tx) => tx.db.updateTable("volumes").set(columns).where("id", "=", VolumeId as "vol-x").execute()); // an answer's id
      return (await ec2.describeVolumeStatus({ VolumeIds: [VolumeId] })).VolumeStatuses?.[0];
    };
    const place = { VolumeId, AvailabilityZone: zone, AvailabilityZoneId: "use1-az1" };
    const details = (enabled: string, performance: string, ...more: object[]) => [{ Name: "io-enabled", Status: enabled }, { Name: "io-performance", Status: performance }, ...more];
    const calm = { ...place, Events: [], Actions: [] };
    expect(await statusAfter({ observed_state: null })).toEqual({ ...calm, VolumeStatus: { Status: "insufficient-data", Details: details("insufficient-data", "insufficient-data") } });
    const condition = (more: object) => ({ observed_state: "available", observed_condition: JSON.stringify({ sizeGib: 8, ...more }) });
    expect(await statusAfter(condition({}))).toEqual({ ...calm, VolumeStatus: { Status: "ok", Details: details("passed", "normal") } });
    expect(await statusAfter({ ...condition({ initializedPercent: 40 }), snapshot_id: "snap-0123456789abcdef0" })).toEqual({
      ...calm,
      VolumeStatus: { Status: "ok", Details: details("passed", "normal", { Name: "initialization-state", Status: "initializing" }) },
      InitializationStatusDetails: { InitializationType: "default", Progress: 40 },
    });
    expect((await statusAfter({ ...condition({ initializedPercent: 40 }), initialization_rate: 100 }))?.InitializationStatusDetails).toEqual({
      InitializationType: "provisioned-rate",
      Progress: 40,
      EstimatedTimeToCompleteInSeconds: 50,
    });
    const event = { EventId: VolumeId.replace("vol-", "evol-"), EventType: "potential-data-inconsistency" };
    expect(await statusAfter({ ...condition({ impairment: { kind: "no-space", detail: "/data is full" } }), snapshot_id: null })).toEqual({
      ...place,
      VolumeStatus: { Status: "impaired", Details: details("failed", "stalled") },
      Events: [{ ...event, Description: expect.stringContaining("full") }],
      Actions: [{ ...event, Code: "enable-volume-io", Description: "Enable volume I/O" }],
    });
    await ec2.enableVolumeIO({ VolumeId });
    const impaired = await ec2.describeVolumeStatus({ Filters: [{ Name: "volume-status.status", Values: ["impaired"] }] });
    expect(impaired.VolumeStatuses?.map((status) => status.VolumeId)).toEqual([VolumeId]);
    await server.write((tx) => tx.db.updateTable("hosts").set({ heard_at: 0 }).where("id", "=", "storage-a").execute());
    expect((await ec2.describeVolumeStatus({ VolumeIds: [VolumeId] })).VolumeStatuses?.[0]?.VolumeStatus?.Status).toBe("insufficient-data");
  });
});

test("A volume's rate of initialization is kept, and asked of its storage node, for volumes of a launch too", async () => {
  await using server = await openTestServer();
  const hosts = simulateHosts(server);
  const ec2 = server.ec2();
  const created = await ec2.createVolume({ SnapshotId: publicSnapshot, VolumeInitializationRate: 150, AvailabilityZone: zone });
  const mapping = { DeviceName: "/dev/sdf", Ebs: { SnapshotId: publicSnapshot, VolumeInitializationRate: 300 } };
  const { instance } = await launchOne(server, { Placement: { AvailabilityZone: zone }, BlockDeviceMappings: [mapping] });
  await hosts.settle();
  const { Volumes: [launched] = [] } = await ec2.describeVolumes({ Filters: [{ Name: "attachment.instance-id", Values: [instance] }, { Name: "attachment.device", Values: ["/dev/sdf"] }] });
  const asked = (id: string | undefined) => hosts.byId.get("storage-a")?.held.get(id ?? "")?.specification;
  expect([created.VolumeInitializationRate, launched?.VolumeInitializationRate]).toEqual([150, 300]);
  expect([asked(created.VolumeId), asked(launched?.VolumeId)]).toMatchObject([{ initializeBytesPerSecond: 150 * 2 ** 20 }, { initializeBytesPerSecond: 300 * 2 ** 20 }]);
  const wrong = { ...mapping, Ebs: { ...mapping.Ebs, VolumeInitializationRate: 301 } };
  expect(await codeOf(launchOne(server, { BlockDeviceMappings: [wrong] }))).toBe("InvalidParameterValue");
});

test("A volume is published with its limits, its source and nobody's export", async () => {
  await using server = await openTestServer();
  const hosts = simulateHosts(server);
  await server.ec2().createVolume({ Size: 100, AvailabilityZone: zone });
  await server.ec2().createVolume({ SnapshotId: publicSnapshot, VolumeType: "gp3", Throughput: 200, AvailabilityZone: zone });
  await hosts.settle();
  const asked = [...(hosts.byId.get("storage-a")?.held.values() ?? [])].map(({ specification }) => specification);
  expect(asked.toSorted((a, b) => ("sizeGib" in a && "sizeGib" in b ? b.sizeGib - a.sizeGib : 0))).toMatchObject([
    { sizeGib: 100, exportNames: [], limits: { iops: { base: 300, burst: 3000, credits: 5_400_000 }, bytesPerSecond: { base: 128 * 1024 * 1024 } }, snapshots: [] },
    { sizeGib: 8, source: { kind: "file", file: "debian-12.qcow2" }, limits: { iops: { base: 3000 }, bytesPerSecond: { base: 200 * 1024 * 1024 } } },
  ]);
  expect((await server.ec2().describeVolumes({})).Volumes?.map((volume) => volume.State)).toEqual(["available", "available"]);
});
