/** Hosts whose power fails under their guests: who goes elsewhere, with what, and what happens when a host comes back. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { DescribeInstanceStatusCommand, StartInstancesCommand, StopInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { attach, checksum, createVolume, fill, listLostBlocks, untilDisk, writeBlock } from "../installation/disks.ts";
import { createKey, describeInstance, imageId, launch, loginTo, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { bringUp, eventually, type TestInstallation } from "../installation/installation.ts";

let installation: TestInstallation;
let key: GuestKey;

beforeAll(async () => {
  installation = await bringUp();
  key = await createKey(installation, "host-failure");
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

/** Which host the control plane has the guest on. */
async function hostOf(guest: string): Promise<string | undefined> {
  const { regions } = await installation.status();
  const hosts = regions.flatMap((region) => region.zones.flatMap((zone) => zone.hosts));
  return hosts.find((host) => host.guests.some(({ id }) => id === guest))?.id;
}

function untilOn(host: string, guest: string): Promise<true> {
  return eventually(`${guest} on ${host}`, async () => ((await hostOf(guest)) === host ? true : undefined));
}

function untilNode(id: string, state: string): Promise<true> {
  return eventually(`${id} to be ${state}`, async () => {
    const { regions } = await installation.status();
    return regions.some((region) => region.zones.some((zone) => zone.hosts.some((host) => host.id === id && host.state === state))) ? true : undefined;
  });
}

async function systemStatus(guest: string): Promise<string | undefined> {
  const { InstanceStatuses: [status] = [] } = await installation.ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [guest] }));
  return status?.SystemStatus?.Status;
}

const bootOf = (guest: string) => untilSsh(installation, key, guest, "cat /proc/sys/kernel/random/boot_id");

interface Writer {
  readonly guest: string;
  readonly boot: string;
  readonly volume: string;
  /** The last block that the guest has said to be on its disk. */
  readonly last: number;
  end(): void;
}

/** Has the guest write blocks to a volume of its own, one after the other, each said to this test once it is flushed. */
async function beginWriting(guest: string): Promise<Writer> {
  const volume = await createVolume(installation, { AvailabilityZone: "us-east-1a", Size: 1, VolumeType: "gp3" });
  const disk = await attach(installation, key, volume, guest, "/dev/sdg");
  const command = `sudo sh -c 'i=0; while ${writeBlock(disk)}; do echo $i; i=$((i + 1)); done'`;
  const child = spawn("ssh", await loginTo(installation, key, guest, command), { stdio: ["ignore", "pipe", "ignore"] });
  let last = -1;
  createInterface({ input: child.stdout }).on("line", (line) => (last = Number(line)));
  const writer = {
    guest,
    boot: await bootOf(guest),
    volume,
    get last() {
      return last;
    },
    end: () => void child.kill("SIGKILL"),
  };
  await eventually("flushed blocks", async () => (writer.last >= 10 ? true : undefined));
  return writer;
}

test("a guest whose host dies runs on another host of its zone with all that is EBS, every block that it flushed up to then too, one with local disks waits for its owner, and a host that returns has neither", async () => {
  const place = { KeyName: key.name, Placement: { AvailabilityZone: "us-east-1a" } };
  const guest = await launch(installation, { ImageId: imageId("tiny", "hvm"), InstanceType: "t3.micro", ...place });
  const local = await launch(installation, {
    ImageId: imageId("tiny", "paravirtual"),
    InstanceType: "m1.small",
    ...place,
    BlockDeviceMappings: [{ VirtualName: "ephemeral0", DeviceName: "/dev/sdb" }],
  });
  const light = await launch(installation, { ImageId: imageId("tiny", "paravirtual"), InstanceType: "m3.medium", ...place });
  const volume = await createVolume(installation, { AvailabilityZone: "us-east-1a", Size: 1, VolumeType: "gp3" });
  const firstBoot = await bootOf(guest);
  const sum = await fill(installation, key, guest, await attach(installation, key, volume, guest), 24);
  await untilSsh(installation, key, local, "sudo sh -c 'echo kept > /kept; sync'");
  await fill(installation, key, local, await untilDisk(installation, key, local, "ephemeral0"), 4);
  const before = await describeInstance(installation, guest);
  const [first = "", second = ""] = [await hostOf(guest), await hostOf(local)];
  expect([first, second].toSorted()).toEqual(["a1", "a2"]);

  await installation.hostelry("host", "fail", first);
  expect(await installation.pids(new RegExp(`/hosts/${first}/|--node ${first}\\b`))).toEqual([]);
  await untilNode(first, "failed");
  await untilOn(second, guest);
  expect(await eventually("another boot", async () => ((await bootOf(guest)) === firstBoot ? undefined : true))).toBe(true);
  const after = await describeInstance(installation, guest);
  const identity = ({ InstanceId, PrivateIpAddress, PublicIpAddress, LaunchTime }: typeof before) => ({ InstanceId, PrivateIpAddress, PublicIpAddress, LaunchTime });
  expect(identity(after)).toEqual(identity(before));
  expect(await checksum(installation, key, guest, await untilDisk(installation, key, guest, volume), 24)).toBe(sum);

  await installation.hostelry("host", "repair", first);
  await untilNode(first, "up");
  await untilState(installation, guest, "running");
  expect([await hostOf(guest), await installation.pids(new RegExp(`/hosts/${first}/${guest}`))]).toEqual([second, []]);

  await untilOn(second, light);
  const writers = [await beginWriting(guest), await beginWriting(light)];
  await installation.hostelry("host", "fail", second);
  for (const writer of writers) writer.end();
  for (const { guest: id, boot, volume: written, last } of writers) {
    await untilOn(first, id);
    expect(await eventually("another boot", async () => ((await bootOf(id)) === boot ? undefined : true))).toBe(true);
    expect(await listLostBlocks(installation, key, id, await untilDisk(installation, key, id, written, "/dev/sdg"), last)).toEqual([]);
  }
  expect(await checksum(installation, key, guest, await untilDisk(installation, key, guest, volume), 24)).toBe(sum);
  expect([await hostOf(local), (await describeInstance(installation, local)).State?.Name, await systemStatus(local)]).toEqual([second, "running", "impaired"]);
  await installation.ec2.send(new StopInstancesCommand({ InstanceIds: [local] }));
  await untilState(installation, local, "stopped");
  await installation.ec2.send(new StartInstancesCommand({ InstanceIds: [local] }));
  expect([await untilSsh(installation, key, local, "cat /kept"), await hostOf(local)]).toEqual(["kept", first]);
  const disk = await untilDisk(installation, key, local, "ephemeral0");
  expect(await ssh(installation, key, local, `sudo dd if=${disk} bs=1M count=4 2>/dev/null | tr -d '\\000' | wc -c`)).toBe("0");
});

test("a zone without power takes its own guests along and no others, and brings them back", async () => {
  const of = (zone: string) => ({ ImageId: imageId("tiny", "hvm"), InstanceType: "t3.micro" as const, KeyName: key.name, Placement: { AvailabilityZone: zone } });
  const [lost, other] = [await launch(installation, of("us-east-1b")), await launch(installation, of("us-east-1c"))];
  const [lostBoot, otherBoot] = [await bootOf(lost), await bootOf(other)];
  await installation.hostelry("host", "fail", "us-east-1b");
  await eventually("the system check to fail", async () => ((await systemStatus(lost)) === "impaired" ? true : undefined));
  expect(await ssh(installation, key, other, "cat /proc/sys/kernel/random/boot_id")).toBe(otherBoot);
  await installation.hostelry("host", "repair", "us-east-1b");
  expect(await eventually("another boot", async () => ((await bootOf(lost)) === lostBoot ? undefined : true))).toBe(true);
  expect(await ssh(installation, key, other, "cat /proc/sys/kernel/random/boot_id")).toBe(otherBoot);
});
