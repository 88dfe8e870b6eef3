/**
 * Which of its zone's hosts a guest is on. One that starts again on another, because there is more room: its volumes follow it, and its local disk is a new one. Two
 * of a spread group, on two. One with a Dedicated Host, which it finds again.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AllocateHostsCommand, CreatePlacementGroupCommand, EC2Client, StartInstancesCommand, StopInstancesCommand, TerminateInstancesCommand, type Placement } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allowSsh } from "../../src/cli/bench/allow-ssh.ts";
import { attach, checksum, createVolume, fill, untilDisk } from "../installation/disks.ts";
import { createKey, imageId, launch, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { bringUp, eventually, listBelow, type TestInstallation } from "../installation/installation.ts";

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
  const files = await listBelow(join(installation.dataDirectory, "hosts"));
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

test("guests of a spread group are on different hosts, and one with affinity to its Dedicated Host starts there again", async () => {
  await installation.ec2.send(new CreatePlacementGroupCommand({ GroupName: "apart", Strategy: "spread" }));
  const local = [{ VirtualName: "ephemeral0", DeviceName: "/dev/sdb" }];
  const inA = (placement: Placement) => ({ ImageId: imageId("tiny", "paravirtual"), InstanceType: "m3.medium" as const, KeyName: key.name, BlockDeviceMappings: local, Placement: { AvailabilityZone: "us-east-1a", ...placement } });
  const end = async (id: string) => {
    await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id], SkipOsShutdown: true }));
    await untilState(installation, id, "terminated");
  };
  const [one, other] = [await launch(installation, inA({ GroupName: "apart" })), await launch(installation, inA({ GroupName: "apart" }))];
  await Promise.all([one, other].map((id) => untilState(installation, id, "running")));
  const [hosts, others] = [await hostsOf(one), await hostsOf(other)];
  expect([hosts.length, others.length, hosts[0] === others[0]]).toEqual([1, 1, false]);
  await expect(launch(installation, inA({ GroupName: "apart" }))).rejects.toThrow("sufficient m3.medium capacity");

  await end(one);
  const { HostIds: [HostId = ""] = [] } = await installation.ec2.send(new AllocateHostsCommand({ AvailabilityZone: "us-east-1a", InstanceType: "m3.medium", Quantity: 1 }));
  const guest = await launch(installation, inA({ Tenancy: "host", HostId, Affinity: "host" }));
  await untilSsh(installation, key, guest, "sudo sh -c 'echo kept > /kept; sync'");
  expect(await hostsOf(guest)).toEqual(hosts);
  await installation.ec2.send(new StopInstancesCommand({ InstanceIds: [guest] }));
  await untilState(installation, guest, "stopped");
  await end(other); // so that the other host is as empty
  await installation.ec2.send(new StartInstancesCommand({ InstanceIds: [guest] }));
  expect([await untilSsh(installation, key, guest, "cat /kept"), await hostsOf(guest)]).toEqual(["kept", hosts]);
  await end(guest);
});

test("a host and a region added to the running data centre take guests at once, are kept while they have any, and leave nothing behind when they are removed", async () => {
  await Promise.all([installation.hostelry("host", "add", "--zone", "us-east-1a", "--id", "spare"), installation.hostelry("region", "add", "eu-west-1", "--zones", "c")]);
  await installation.hostelry("host", "drain", "a1", "a2");
  const { url: endpoint, accessKeyId, secretAccessKey } = installation.profile;
  const west: TestInstallation = { ...installation, ec2: new EC2Client({ endpoint, region: "eu-west-1", credentials: { accessKeyId, secretAccessKey } }) };
  await allowSsh(west.ec2);
  const westKey = await createKey(west, "west");
  const far = await launch(west, { ImageId: imageId("tiny", "paravirtual"), InstanceType: "m1.small", KeyName: westKey.name });
  const local = [{ VirtualName: "ephemeral0", DeviceName: "/dev/sdb" }];
  const guest = await launch(installation, { ImageId: imageId("tiny", "paravirtual"), InstanceType: "m3.medium", KeyName: key.name, BlockDeviceMappings: local, Placement: { AvailabilityZone: "us-east-1a" } });
  expect([await untilSsh(installation, key, guest, "echo here"), await hostsOf(guest)]).toEqual(["here", ["spare"]]);
  expect(await untilSsh(west, westKey, far, "echo there")).toBe("there");
  await expect(installation.hostelry("region", "remove", "eu-west-1")).rejects.toThrow(`eu-west-1 cannot go, because of what is there: guests ${far}; volumes vol-`);
  await expect(installation.hostelry("host", "remove", "spare")).rejects.toThrow(`spare cannot go, because of what is there: guests ${guest}.`);
  await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [guest], SkipOsShutdown: true }));
  await west.ec2.send(new TerminateInstancesCommand({ InstanceIds: [far], SkipOsShutdown: true }));
  await Promise.all([untilState(installation, guest, "terminated"), untilState(west, far, "terminated")]);
  await installation.hostelry("host", "remove", "spare");
  await eventually("the region to be removed", () => installation.hostelry("region", "remove", "eu-west-1")); // its volume goes a little later than its guest
  west.ec2.destroy();
  const folders = async () => (await Promise.all(["hosts", "storage"].map((kind) => readdir(join(installation.dataDirectory, kind))))).flat();
  const left = async () => [...(await installation.pids(/--node (spare|euw1c)/)), ...[...(await readdir("/run/netns")), ...(await folders())].filter((name) => /(^|-)(spare|euw1c)/.test(name))];
  await eventually("nothing of them to be left", async () => ((await left()).length === 0 ? true : undefined));
  await installation.hostelry("host", "drain", "--end", "a1", "a2");
});
