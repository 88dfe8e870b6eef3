/** A stopped guest that starts again on another host of its zone, because there is more room: its volumes follow it, and its local disk is a new one. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { StartInstancesCommand, StopInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { attach, checksum, createVolume, fill, untilDisk } from "../installation/disks.ts";
import { createKey, imageId, launch, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { bringUp, type TestInstallation } from "../installation/installation.ts";

let installation: TestInstallation;
let key: GuestKey;

beforeAll(async () => {
  installation = await bringUp();
  key = await createKey(installation, "another-host");
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

/** The hosts that have local disks of the guest. */
async function hostsOf(guest: string): Promise<string[]> {
  const hosts = join(installation.dataDirectory, "hosts");
  const files = await readdir(hosts, { recursive: true });
  return files.filter((file) => file.endsWith(`${guest}/instance-store/ephemeral0.raw`)).map((file) => file.split("/")[0] ?? "");
}

test.each([
  { kind: "paravirtual", type: "m1.small", local: [{ VirtualName: "ephemeral0", DeviceName: "/dev/sdb" }] },
  { kind: "hvm", type: "m5d.large", local: [] },
] as const)("a $kind guest finds its volumes on the other host as it left them, and an empty local disk", async ({ kind, type, local }) => {
  const place = { InstanceType: type, KeyName: key.name, Placement: { AvailabilityZone: "us-east-1a" } };
  const guest = await launch(installation, { ImageId: imageId("tiny", kind), ...place, BlockDeviceMappings: [...local] });
  const volume = await createVolume(installation, { AvailabilityZone: "us-east-1a", Size: 1, VolumeType: "gp3" });
  await untilSsh(installation, key, guest, "true");
  const sum = await fill(installation, key, guest, await attach(installation, key, volume, guest), 24);
  await fill(installation, key, guest, await untilDisk(installation, key, guest, "ephemeral0"), 4);
  await ssh(installation, key, guest, "sudo sh -c 'echo kept > /kept; sync'");
  const before = await hostsOf(guest);

  await installation.ec2.send(new StopInstancesCommand({ InstanceIds: [guest] }));
  await untilState(installation, guest, "stopped");
  expect(await hostsOf(guest)).toEqual([]);
  const other = await launch(installation, { ImageId: imageId("tiny", kind), ...place, BlockDeviceMappings: [...local] }); // it takes the place of the first
  await untilState(installation, other, "running");
  expect(await hostsOf(other)).toEqual(before);
  await installation.ec2.send(new StartInstancesCommand({ InstanceIds: [guest] }));
  expect(await untilSsh(installation, key, guest, "cat /kept")).toBe("kept");
  const after = await hostsOf(guest);
  expect([before.length, after.length, after[0] === before[0]]).toEqual([1, 1, false]);
  expect(await checksum(installation, key, guest, await untilDisk(installation, key, guest, volume), 24)).toBe(sum);
  const scratch = await untilDisk(installation, key, guest, "ephemeral0");
  expect(await ssh(installation, key, guest, `sudo dd if=${scratch} bs=1M count=4 2>/dev/null | tr -d '\\000' | wc -c`)).toBe("0");
  await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [guest, other], SkipOsShutdown: true }));
  for (const id of [guest, other]) await untilState(installation, id, "terminated");
});
