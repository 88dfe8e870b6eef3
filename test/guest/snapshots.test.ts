/** Snapshots and images, proven from inside guests: a moment under load, what moves a second time, and the way that image builders go. */
import { rename, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EBSClient, GetSnapshotBlockCommand, ListChangedBlocksCommand, ListSnapshotBlocksCommand } from "@aws-sdk/client-ebs";
import { CreateImageCommand, CreateSnapshotCommand, DescribeImagesCommand, DescribeVolumeStatusCommand, StopInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBlockStore } from "../../src/block-store/block-store.ts";
import type { StorageCheck } from "../../src/cli/storage/findings.ts";
import { attach, createVolume, detach, untilSnapshot } from "../installation/disks.ts";
import { createKey, imageId, launch, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { bringUp, eventually, type TestInstallation } from "../installation/installation.ts";

let installation: TestInstallation;
let key: GuestKey;
let ebs: EBSClient;

beforeAll(async () => {
  installation = await bringUp();
  key = await createKey(installation, "snapshots");
  const { url, region, accessKeyId, secretAccessKey } = installation.profile;
  ebs = new EBSClient({ endpoint: url, region, credentials: { accessKeyId, secretAccessKey } });
});

afterAll(async () => {
  ebs?.destroy();
  await installation?.[Symbol.asyncDispose]();
});

const zone = "us-east-1a";
const otherZone = "us-east-1b";
const root = (command: string) => `sudo sh -c '${command}'`;

describe.each([
  { kind: "paravirtual", type: "m1.small" },
  { kind: "hvm", type: "t3.micro" },
] as const)("with $kind guests", ({ kind, type }) => {
  let guest = "";
  let volume = "";
  let disk = "";
  let first = "";
  let last = "";

  test("a snapshot taken while a guest writes has everything that was flushed before, and a sound file system", async () => {
    guest = await launch(installation, { ImageId: imageId("tiny", kind), InstanceType: type, KeyName: key.name, Placement: { AvailabilityZone: zone } });
    volume = await createVolume(installation, { AvailabilityZone: zone, Size: 1, VolumeType: "gp3" });
    await untilSsh(installation, key, guest, "true");
    disk = await attach(installation, key, volume, guest);
    await ssh(installation, key, guest, root(`mkfs.ext4 -q ${disk} && mkdir -p /mnt/data && mount ${disk} /mnt/data && dd if=/dev/urandom of=/mnt/data/before bs=1M count=8 && sync`));
    const sum = await ssh(installation, key, guest, root("sha256sum < /mnt/data/before"));
    await ssh(installation, key, guest, root("(i=0; while [ -e /mnt/data/before ]; do dd if=/dev/urandom of=/mnt/data/file-$((i % 50)) bs=64k count=8 2>/dev/null; i=$((i + 1)); done) > /dev/null 2>&1 &"));
    const { SnapshotId: id = "" } = await installation.ec2.send(new CreateSnapshotCommand({ VolumeId: volume }));
    first = id;
    await untilSnapshot(installation, first);
    await ssh(installation, key, guest, root("rm /mnt/data/before; sync; until umount /mnt/data 2>/dev/null; do sleep 0.1; done"));
    const restored = await createVolume(installation, { AvailabilityZone: zone, SnapshotId: first });
    const copy = await attach(installation, key, restored, guest, "/dev/sdg");
    // What the journal holds is replayed, as after a power failure; after that nothing may be wrong.
    const look = `mount ${copy} /mnt/data && sha256sum < /mnt/data/before && umount /mnt/data && e2fsck -fn ${copy} > /dev/null && echo sound`;
    expect(await ssh(installation, key, guest, root(look))).toBe(`${sum}\nsound`);
    await detach(installation, restored);
  });

  test("a second snapshot differs in exactly the blocks that were written since", async () => {
    await ssh(installation, key, guest, root(`dd if=/dev/urandom of=${disk} bs=512k seek=100 count=3 conv=fsync,notrunc 2>/dev/null; dd if=/dev/urandom of=${disk} bs=512k seek=700 count=1 conv=fsync,notrunc 2>/dev/null`));
    const before = await snapshot();
    await ssh(installation, key, guest, root(`dd if=/dev/urandom of=${disk} bs=4k seek=$((200 * 128 + 5)) count=1 conv=fsync,notrunc 2>/dev/null; dd if=/dev/urandom of=${disk} bs=512k seek=300 count=2 conv=fsync,notrunc 2>/dev/null`));
    const after = (last = await snapshot());
    const { ChangedBlocks: changed = [] } = await ebs.send(new ListChangedBlocksCommand({ FirstSnapshotId: before, SecondSnapshotId: after }));
    expect(changed.map(({ BlockIndex: index }) => index)).toEqual([200, 300, 301]);
    const { Blocks: blocks = [] } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: before }));
    expect(blocks.map(({ BlockIndex: index }) => index)).toEqual(expect.arrayContaining([100, 101, 102, 700]));
  });

  test("a damaged block is named and never served, and served again when it is whole", async () => {
    const { Blocks: blocks = [] } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: last, StartingBlockIndex: 300 }));
    const asked = { SnapshotId: last, BlockIndex: 300, BlockToken: blocks.find(({ BlockIndex: index }) => index === 300)?.BlockToken };
    const digest = Buffer.from((await ebs.send(new GetSnapshotBlockCommand(asked))).Checksum ?? "", "base64").toString("hex");
    const file = openBlockStore(join(installation.dataDirectory, "snapshots", "us-east-1")).pathOf(digest);
    const good = await readFile(file);
    await replace(file, Buffer.alloc(good.length, 1));
    try {
      const restored = await createVolume(installation, { AvailabilityZone: zone, SnapshotId: last, VolumeType: "gp3" });
      const copy = await attach(installation, key, restored, guest, "/dev/sdg");
      const read = (index: number, from = copy) => ssh(installation, key, guest, root(`echo 3 > /proc/sys/vm/drop_caches; dd if=${from} bs=512k skip=${index} count=1 2>/dev/null > /tmp/block && sha256sum < /tmp/block || echo refused`));
      expect([await read(300), await read(301)]).toEqual(["refused", await read(301, disk)]);
      await expect(ebs.send(new GetSnapshotBlockCommand(asked))).rejects.toThrow();
      await untilStatus(restored, "impaired");
      expect(await findings()).toEqual([expect.objectContaining({ subject: digest, problem: expect.stringContaining(`it is block 300 of ${last}`) })]);

      await replace(file, good);
      expect(await read(300)).toBe(await read(300, disk));
      await untilStatus(restored, "ok");
      expect(await findings()).toEqual([]);
      await detach(installation, restored);
    } finally {
      await replace(file, good); // what comes after needs it
    }
  });

  /** At once, as whoever reads it sees it. */
  async function replace(file: string, content: Buffer): Promise<void> {
    await writeFile(`${file}.new`, content);
    await rename(`${file}.new`, file);
  }

  function untilStatus(id: string, status: string): Promise<true> {
    return eventually(`${id} to be ${status}`, async () => {
      const { VolumeStatuses: [found] = [] } = await installation.ec2.send(new DescribeVolumeStatusCommand({ VolumeIds: [id] }));
      return found?.VolumeStatus?.Status === status ? true : undefined;
    });
  }

  async function findings(): Promise<StorageCheck["findings"]> {
    const text = await installation.hostelry("fsck", "--json").catch((thrown: { readonly stdout: string }) => thrown.stdout); // it ends with 1 when it finds something
    return (JSON.parse(text) as StorageCheck).findings; // our own command printed it
  }

  async function snapshot(): Promise<string> {
    const { SnapshotId: id = "" } = await installation.ec2.send(new CreateSnapshotCommand({ VolumeId: volume }));
    await untilSnapshot(installation, id);
    return id;
  }

  test("an image made of a provisioned guest launches guests that have what was provisioned, in another zone too", async () => {
    await ssh(installation, key, guest, root("echo provisioned > /etc/provisioned; sync"));
    await installation.ec2.send(new StopInstancesCommand({ InstanceIds: [guest] }));
    await untilState(installation, guest, "stopped");
    const { ImageId: image = "" } = await installation.ec2.send(new CreateImageCommand({ InstanceId: guest, Name: `provisioned-${kind}` }));
    await eventually(`${image} to be available`, async () => {
      const { Images: [found] = [] } = await installation.ec2.send(new DescribeImagesCommand({ ImageIds: [image] }));
      return found?.State === "available" ? true : undefined;
    });
    const copy = await launch(installation, { ImageId: image, InstanceType: type, KeyName: key.name, Placement: { AvailabilityZone: otherZone } });
    expect(await untilSsh(installation, key, copy, "cat /etc/provisioned")).toBe("provisioned");
    await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [guest, copy] }));
    await untilState(installation, copy, "terminated");
  });
});
