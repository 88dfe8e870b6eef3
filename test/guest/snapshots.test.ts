/** Snapshots and images, proven from inside guests: a moment under load, what moves a second time, and the way that image builders go. */
import { EBSClient, ListChangedBlocksCommand, ListSnapshotBlocksCommand } from "@aws-sdk/client-ebs";
import { CreateImageCommand, CreateSnapshotCommand, DescribeImagesCommand, StopInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
    await ssh(installation, key, guest, root("rm /mnt/data/before; sync; umount /mnt/data || (sleep 1; umount /mnt/data)"));
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
    const after = await snapshot();
    const { ChangedBlocks: changed = [] } = await ebs.send(new ListChangedBlocksCommand({ FirstSnapshotId: before, SecondSnapshotId: after }));
    expect(changed.map(({ BlockIndex: index }) => index)).toEqual([200, 300, 301]);
    const { Blocks: blocks = [] } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: before }));
    expect(blocks.map(({ BlockIndex: index }) => index)).toEqual(expect.arrayContaining([100, 101, 102, 700]));
  });

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
