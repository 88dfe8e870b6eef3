/** The rules of EBS and instance store, proven from inside guests of each engine: what stays, what goes, and what belongs to one zone only. */
import { StartInstancesCommand, StopInstancesCommand, TerminateInstancesCommand, RebootInstancesCommand, DetachVolumeCommand, AttachVolumeCommand, DeleteVolumeCommand, ModifyVolumeCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attach, checksum, createVolume, describeVolume, detach, fill, untilDisk, untilVolume } from "../installation/disks.ts";
import { createKey, describeInstance, imageId, launch, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { bringUp, eventually, type TestInstallation } from "../installation/installation.ts";

let installation: TestInstallation;
let key: GuestKey;

beforeAll(async () => {
  installation = await bringUp();
  key = await createKey(installation, "volumes");
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

const zone = "us-east-1a";
const dataMib = 24;

describe.each([
  { kind: "paravirtual", type: "m1.small", local: { VirtualName: "ephemeral0", DeviceName: "/dev/sdb" } },
  { kind: "hvm", type: "m5d.large", local: undefined },
] as const)("with $kind guests", ({ kind, type, local }) => {
  let first = "";
  let second = "";
  let volume = "";
  let sum = "";

  const start = (name: string) =>
    launch(installation, {
      ImageId: imageId("tiny", kind),
      InstanceType: type,
      KeyName: key.name,
      Placement: { AvailabilityZone: zone },
      ...(local === undefined ? {} : { BlockDeviceMappings: [local] }),
      TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "Name", Value: name }] }],
    });

  test("a volume is plugged into a running guest, under its own name, and taken out again", async () => {
    first = await start("first");
    volume = await createVolume(installation, { AvailabilityZone: zone, Size: 1, VolumeType: "gp3" });
    await untilSsh(installation, key, first, "true");
    const disk = await attach(installation, key, volume, first);
    const attachment = async () => (await untilVolume(installation, volume, "in-use")).Attachments?.[0];
    await expect.poll(attachment).toMatchObject({ InstanceId: first, Device: "/dev/sdf", State: "attached", DeleteOnTermination: false }); // the guest may see its disk before its host says so
    sum = await fill(installation, key, first, disk, dataMib);
    await detach(installation, volume);
    await eventually("the disk to leave the guest", async () => ((await ssh(installation, key, first, `test -e ${disk} && echo there || echo gone`)) === "gone" ? true : undefined));
  });

  test("its data go with it to another guest", async () => {
    second = await start("second");
    await untilSsh(installation, key, second, "true");
    const disk = await attach(installation, key, volume, second);
    expect(await checksum(installation, key, second, disk, dataMib)).toBe(sum);
  });

  test("a guest of another zone cannot have it", async () => {
    const elsewhere = await launch(installation, { ImageId: imageId("tiny", "paravirtual"), InstanceType: "m1.small", Placement: { AvailabilityZone: "us-east-1b" } });
    await untilState(installation, elsewhere, "running");
    await detach(installation, volume);
    await expect(installation.ec2.send(new AttachVolumeCommand({ VolumeId: volume, InstanceId: elsewhere, Device: "/dev/sdf" }))).rejects.toMatchObject({ name: "InvalidVolume.ZoneMismatch" });
    await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [elsewhere] }));
  });

  test("instance store keeps its content over reboots, and is empty after stop and start, while the volume keeps its own", async () => {
    await attach(installation, key, volume, second);
    const scratch = await untilDisk(installation, key, second, "ephemeral0");
    const kept = await fill(installation, key, second, scratch, 4);
    const boot = await ssh(installation, key, second, "cat /proc/sys/kernel/random/boot_id");
    await installation.ec2.send(new RebootInstancesCommand({ InstanceIds: [second] }));
    await eventually("another boot", async () => ((await untilSsh(installation, key, second, "cat /proc/sys/kernel/random/boot_id")) === boot ? undefined : true));
    expect(await checksum(installation, key, second, await untilDisk(installation, key, second, "ephemeral0"), 4)).toBe(kept);
    await installation.ec2.send(new StopInstancesCommand({ InstanceIds: [second] }));
    await untilState(installation, second, "stopped");
    await installation.ec2.send(new StartInstancesCommand({ InstanceIds: [second] }));
    await untilSsh(installation, key, second, "true");
    const scratchAgain = await untilDisk(installation, key, second, "ephemeral0");
    const diskAgain = await untilDisk(installation, key, second, volume);
    expect(await ssh(installation, key, second, `sudo dd if=${scratchAgain} bs=1M count=4 2>/dev/null | tr -d '\\000' | wc -c`)).toBe("0");
    expect(await checksum(installation, key, second, diskAgain, dataMib)).toBe(sum);
  });

  test("a volume that is not to die with its instance outlives it, data and all", async () => {
    await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [second] }));
    await untilState(installation, second, "terminated");
    await untilVolume(installation, volume, "available");
    const disk = await attach(installation, key, volume, first);
    expect(await checksum(installation, key, first, disk, dataMib)).toBe(sum);
  });

  test("a root volume cannot be taken from a running guest, nor a volume deleted that is in use", async () => {
    const { BlockDeviceMappings: [root] = [] } = await describeInstance(installation, first);
    await expect(installation.ec2.send(new DetachVolumeCommand({ VolumeId: root?.Ebs?.VolumeId ?? "" }))).rejects.toMatchObject({ name: "OperationNotPermitted" });
    await expect(installation.ec2.send(new DeleteVolumeCommand({ VolumeId: volume }))).rejects.toMatchObject({ name: "VolumeInUse" });
    expect((await describeVolume(installation, volume)).State).toBe("in-use");
  });
});

describe.each([
  { kind: "paravirtual", type: "m1.small" },
  { kind: "hvm", type: "m3.medium" },
] as const)("a volume of a $kind guest with virtio disks", ({ kind, type }) => {
  let guest = "";

  test("is larger at once when it grows, with its data", async () => {
    guest = await launch(installation, { ImageId: imageId("tiny", kind), InstanceType: type, KeyName: key.name, Placement: { AvailabilityZone: zone } });
    const volume = await createVolume(installation, { AvailabilityZone: zone, Size: 1, VolumeType: "gp3" });
    await untilSsh(installation, key, guest, "true");
    const disk = await attach(installation, key, volume, guest);
    const sum = await fill(installation, key, guest, disk, dataMib);
    const sectors = () => ssh(installation, key, guest, `disk=$(readlink -f ${disk}); cat /sys/block/\${disk#/dev/}/size`);
    expect(await sectors()).toBe(String(2 ** 21));
    await installation.ec2.send(new ModifyVolumeCommand({ VolumeId: volume, Size: 3 }));
    await eventually("the disk to grow", async () => ((await sectors()) === String(3 * 2 ** 21) ? true : undefined));
    expect(await checksum(installation, key, guest, disk, dataMib)).toBe(sum);
    const atTheEnd = "bs=1M seek=3071 count=1 conv=fsync";
    expect(await ssh(installation, key, guest, `sudo dd if=/dev/zero of=${disk} ${atTheEnd} 2>/dev/null && echo written`)).toBe("written");
  });

  test("is as fast as was asked for, and faster as soon as that is asked for", async () => {
    const volume = await createVolume(installation, { AvailabilityZone: zone, Size: 4, VolumeType: "io1", Iops: 100 });
    const disk = await attach(installation, key, volume, guest, "/dev/sdg");
    const count = 200;
    const uptime = "cut -d ' ' -f 1 /proc/uptime";
    /** By the guest's own clock: a login takes as long as the machine's other work lets it. */
    const seconds = async (): Promise<number> => {
      const times = await ssh(installation, key, guest, `${uptime}; sudo dd if=/dev/zero of=${disk} bs=4k count=${count} oflag=direct 2>/dev/null && ${uptime}`);
      expect(times).toMatch(/^[\d.]+\n[\d.]+$/);
      const [begin = 0, end = 0] = times.split("\n").map(Number);
      return end - begin;
    };
    const slow = await seconds();
    expect(slow).toBeGreaterThan((0.9 * count) / 100);
    await installation.ec2.send(new ModifyVolumeCommand({ VolumeId: volume, Iops: 200 }));
    await eventually("the change", async () => ((await describeVolume(installation, volume)).Iops === 200 ? true : undefined));
    await eventually("to be as fast", async () => ((await seconds()) < 0.75 * slow ? true : undefined));
    await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [guest] }));
  });
});
