/** Hosts whose power fails under their guests: who goes elsewhere, with what, and what happens when a host comes back. */
import { DescribeInstanceStatusCommand, StartInstancesCommand, StopInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { attach, checksum, createVolume, fill, untilDisk } from "../installation/disks.ts";
import { createKey, describeInstance, imageId, launch, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
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

test("a guest whose host dies runs on another host of its zone with all that is EBS, one with local disks waits for its owner, and a host that returns has neither", async () => {
  const place = { KeyName: key.name, Placement: { AvailabilityZone: "us-east-1a" } };
  const guest = await launch(installation, { ImageId: imageId("tiny", "hvm"), InstanceType: "t3.micro", ...place });
  const local = await launch(installation, {
    ImageId: imageId("tiny", "paravirtual"),
    InstanceType: "m1.small",
    ...place,
    BlockDeviceMappings: [{ VirtualName: "ephemeral0", DeviceName: "/dev/sdb" }],
  });
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

  const secondBoot = await bootOf(guest);
  await installation.hostelry("host", "fail", second);
  await untilOn(first, guest);
  expect(await eventually("a third boot", async () => ((await bootOf(guest)) === secondBoot ? undefined : true))).toBe(true);
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
