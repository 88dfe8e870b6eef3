/** The disks of launches: what the image has, what the request's block device mapping makes of it, and what it may not. */
import type { BlockDeviceMapping } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { openBlockDevice, type ImageBlockDevice } from "../../src/compute/block-device-mapping.ts";
import { createSnapshotRow } from "../../src/storage/snapshot.ts";
import { launchOne } from "./launch-one.ts";
import { hvmImage } from "./seed.ts";
import { simulateHosts } from "./simulated-hosts.ts";
import { account, codeOf, openTestServer, otherAccount, region, type TestServer } from "./test-server.ts";

const madeImage = "ami-00000000000000abc";

/** A complete snapshot of the account. */
async function seedSnapshot(server: TestServer, sizeGib: number, columns: object = {}): Promise<string> {
  const complete = { observed_state: "completed", observed_percent: 100, completed_at: 1 } as const;
  const row = await server.write((tx) => createSnapshotRow(tx, { account, region, origin: "direct", volume_size_gib: sizeGib, ...complete, ...columns }, server.parts.random, Date.now()));
  return row.id;
}

/** An image that was made here: a root of 4 GiB, a disk of 10 GiB of which much is said, an empty disk and a local one. */
async function seedImage(server: TestServer): Promise<{ readonly root: string; readonly data: string }> {
  const [root, data] = [await seedSnapshot(server, 4), await seedSnapshot(server, 10)];
  const devices: ImageBlockDevice[] = [
    { ...openBlockDevice, device: "/dev/sdf", snapshotId: data as `snap-${string}`, volumeType: "gp3", iops: 4000, throughput: 250, deleteOnTermination: false },
    { ...openBlockDevice, device: "/dev/xvda", snapshotId: root as `snap-${string}`, sizeGib: 5 },
    { ...openBlockDevice, device: "/dev/sdg", sizeGib: 3 },
    { ...openBlockDevice, device: "/dev/sdb", virtualName: "ephemeral0" },
  ];
  await server.write(async (tx) => {
    const image = await tx.db.selectFrom("images").selectAll().where("id", "=", hvmImage).executeTakeFirstOrThrow();
    const own = { id: madeImage, account, region, name: "made", file: null, size_gib: 4, snapshot_id: root, public: 0, local_name: null } as const; // keeps the literals
    await tx.db.insertInto("images").values({ ...image, ...own, block_device_mappings: JSON.stringify(devices) }).execute();
  });
  return { root, data };
}

/** Device, size, type, figures, snapshot and fate of each of the instance's volumes. */
async function disksOf(server: TestServer, instance: string): Promise<unknown[][]> {
  const { Volumes = [] } = await server.ec2().describeVolumes({ Filters: [{ Name: "attachment.instance-id", Values: [instance] }] });
  const disks = Volumes.map((volume) => {
    const [attachment] = volume.Attachments ?? [];
    return [attachment?.Device, volume.Size, volume.VolumeType, volume.Iops, volume.Throughput, volume.SnapshotId, attachment?.DeleteOnTermination];
  });
  return disks.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

async function launchWith(server: TestServer, mappings: BlockDeviceMapping[] | undefined, image = madeImage): Promise<unknown[][]> {
  const { instance } = await launchOne(server, { ImageId: image, ...(mappings === undefined ? {} : { BlockDeviceMappings: mappings }) });
  return disksOf(server, instance);
}

test("A launch has the image's disks, and changes those that the request names, field by field", async () => {
  await using server = await openTestServer();
  const { root, data } = await seedImage(server);
  const [asRoot, asData, asEmpty] = [
    ["/dev/xvda", 5, "gp2", 100, undefined, root, true],
    ["/dev/sdf", 10, "gp3", 4000, 250, data, false],
    ["/dev/sdg", 3, "gp2", 100, undefined, "", true],
  ];
  expect(await launchWith(server, undefined)).toEqual([asData, asEmpty, asRoot]);
  expect(await launchWith(server, [{ DeviceName: "/dev/sdf", Ebs: { Throughput: 500 } }])).toEqual([["/dev/sdf", 10, "gp3", 4000, 500, data, false], asEmpty, asRoot]);
  expect(await launchWith(server, [{ DeviceName: "/dev/sdf", Ebs: { VolumeType: "gp2", VolumeSize: 100, DeleteOnTermination: true } }])).toEqual([["/dev/sdf", 100, "gp2", 300, undefined, data, true], asEmpty, asRoot]);
  expect(await launchWith(server, [{ DeviceName: "/dev/sdf", NoDevice: "" }, { DeviceName: "/dev/sdg", VirtualName: "ephemeral0" }])).toEqual([asRoot]);
  expect(await launchWith(server, [{ DeviceName: "/dev/xvda", Ebs: { VolumeSize: 20, VolumeType: "io1", Iops: 200 } }])).toEqual([asData, asEmpty, ["/dev/xvda", 20, "io1", 200, undefined, root, true]]);
  expect(await launchWith(server, [{ DeviceName: "/dev/sdh", Ebs: { SnapshotId: data } }])).toEqual([asData, asEmpty, ["/dev/sdh", 10, "gp2", 100, undefined, data, true], asRoot]);
  expect(await launchWith(server, [{ DeviceName: "/dev/sdf", Ebs: { SnapshotId: root, VolumeSize: 6, Iops: 3000 } }])).toEqual([["/dev/sdf", 6, "gp3", 3000, 250, root, false], asEmpty, asRoot]);
});

test("Disks from snapshots begin as these, encrypted as these are", async () => {
  await using server = await openTestServer();
  const hosts = simulateHosts(server);
  const { root } = await seedImage(server);
  await server.ec2().createVolume({ Size: 1, AvailabilityZone: "us-east-1a", Encrypted: true });
  const key = await server.read((tx) => tx.db.selectFrom("kms_keys").select("id").executeTakeFirstOrThrow());
  const sealed = await seedSnapshot(server, 2, { encrypted: 1, kms_key_id: key.id });
  const { instance } = await launchOne(server, { ImageId: madeImage, BlockDeviceMappings: [{ DeviceName: "/dev/sdh", Ebs: { SnapshotId: sealed, Encrypted: false } }] });
  await hosts.settle();
  const { Volumes = [] } = await server.ec2().describeVolumes({ Filters: [{ Name: "attachment.instance-id", Values: [instance] }] });
  const byDevice = new Map(Volumes.map((volume) => [volume.Attachments?.[0]?.Device, volume]));
  expect([byDevice.get("/dev/sdh")?.Encrypted, byDevice.get("/dev/xvda")?.Encrypted]).toEqual([true, false]);
  const specified = (device: string) => [...hosts.byId.values()].map((host) => host.held.get(byDevice.get(device)?.VolumeId ?? "")?.specification).find((each) => each !== undefined);
  expect(specified("/dev/xvda")).toMatchObject({ source: { kind: "snapshot", id: root, region } });
  expect(specified("/dev/sdh")).toMatchObject({ encryptionKey: expect.any(String), source: { kind: "snapshot", id: sealed, region, encryptionKey: expect.any(String) } });
  const machine = [...hosts.byId.values()].flatMap((host) => host.held.get(instance)?.specification ?? []);
  expect(machine.map((each) => (each.kind === "machine" ? each.metadata.blockDevices : {}))).toEqual([{ ami: "/dev/xvda", root: "/dev/xvda", ebs1: "/dev/sdf", ebs2: "/dev/sdg", ebs3: "/dev/sdh" }]);
});

test("A launch whose disks cannot be is refused with EC2's code and changes nothing", async () => {
  await using server = await openTestServer();
  const { data } = await seedImage(server);
  const theirs = await seedSnapshot(server, 1, { account: otherAccount });
  const pending = await seedSnapshot(server, 1, { observed_state: "ordered" });
  const far = await seedSnapshot(server, 1, { region: "eu-west-1" });
  await server.ec2().describeVpcs({});
  const refused: readonly [what: string, mappings: BlockDeviceMapping[], code: string][] = [
    ["no name", [{ Ebs: { VolumeSize: 1 } }], "MissingParameter"],
    ["a name that is none", [{ DeviceName: "disk", Ebs: { VolumeSize: 1 } }], "InvalidBlockDeviceMapping"],
    ["a name twice", [{ DeviceName: "/dev/sdh", Ebs: { VolumeSize: 1 } }, { DeviceName: "/dev/sdh", Ebs: { VolumeSize: 1 } }], "InvalidBlockDeviceMapping"],
    ["two names of one place", [{ DeviceName: "/dev/sdh", Ebs: { VolumeSize: 1 } }, { DeviceName: "/dev/xvdh", Ebs: { VolumeSize: 1 } }], "InvalidBlockDeviceMapping"],
    ["another name of the image's place", [{ DeviceName: "/dev/xvdf", Ebs: { VolumeSize: 1 } }], "InvalidBlockDeviceMapping"],
    ["neither volume nor local disk", [{ DeviceName: "/dev/sdh" }], "InvalidBlockDeviceMapping"],
    ["neither size nor snapshot", [{ DeviceName: "/dev/sdh", Ebs: { VolumeType: "gp3" } }], "MissingParameter"],
    ["no root", [{ DeviceName: "/dev/xvda", NoDevice: "" }], "InvalidBlockDeviceMapping"],
    ["a local root", [{ DeviceName: "/dev/xvda", VirtualName: "ephemeral0" }], "InvalidBlockDeviceMapping"],
    ["another root", [{ DeviceName: "/dev/xvda", Ebs: { SnapshotId: data } }], "InvalidBlockDeviceMapping"],
    ["a root that does not boot", [{ DeviceName: "/dev/xvda", Ebs: { VolumeType: "st1", VolumeSize: 125 } }], "BootForVolumeTypeUnsupported"],
    ["less than the snapshot", [{ DeviceName: "/dev/sdf", Ebs: { VolumeSize: 9 } }], "InvalidBlockDeviceMapping"],
    ["an st1 that is too small", [{ DeviceName: "/dev/sdh", Ebs: { VolumeSize: 10, VolumeType: "st1" } }], "InvalidParameterValue"],
    ["IOPS of gp2", [{ DeviceName: "/dev/sdh", Ebs: { VolumeSize: 10, Iops: 1000 } }], "InvalidParameterCombination"],
    ["io1 without IOPS", [{ DeviceName: "/dev/sdh", Ebs: { VolumeSize: 10, VolumeType: "io1" } }], "MissingParameter"],
    ["a key without encryption", [{ DeviceName: "/dev/sdh", Ebs: { VolumeSize: 10, KmsKeyId: "alias/mine" } }], "InvalidParameterDependency"],
    ["a snapshot's id that is none", [{ DeviceName: "/dev/sdh", Ebs: { SnapshotId: "snap" } }], "InvalidSnapshotID.Malformed"],
    ["another's snapshot", [{ DeviceName: "/dev/sdh", Ebs: { SnapshotId: theirs } }], "InvalidSnapshot.NotFound"],
    ["another region's snapshot", [{ DeviceName: "/dev/sdh", Ebs: { SnapshotId: far } }], "InvalidSnapshot.NotFound"],
    ["a snapshot that is not complete", [{ DeviceName: "/dev/sdh", Ebs: { SnapshotId: pending } }], "IncorrectState"],
    ["more than the type takes", "cdehijklmnopqrstuvwxyz".split("").concat(["aa", "ab", "ac", "ad"]).map((letters) => ({ DeviceName: `/dev/xvd${letters}`, Ebs: { VolumeSize: 1 } })), "AttachmentLimitExceeded"],
  ];
  const before = await server.dump();
  const codes: Record<string, string> = {};
  for (const [what, mappings] of refused) {
    codes[what] = await codeOf(server.ec2().runInstances({ ImageId: madeImage, InstanceType: "m5d.large", MinCount: 1, MaxCount: 1, BlockDeviceMappings: mappings }));
  }
  expect(codes).toEqual(Object.fromEntries(refused.map(([what, , code]) => [what, code])));
  expect(await server.dump()).toBe(before);
});
