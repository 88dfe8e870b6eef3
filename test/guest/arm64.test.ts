/** A guest of arm64 on this machine of another processor: its image and its emulator come when it is first asked for, and it is what its type says. */
import { DeleteVolumeCommand, RunInstancesCommand, StopInstancesCommand, TerminateInstancesCommand, waitUntilImageAvailable, type RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Inspection } from "../../src/host/protocol/inspection.ts";
import { attach, createVolume, detach, untilVolume } from "../installation/disks.ts";
import { createKey, imageId, launch, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { bringUp, eventually, type TestInstallation } from "../installation/installation.ts";
import { enginesOf, nothing, remains } from "../installation/remains.ts";

const zone = "us-east-1a";
const image = imageId("tiny", "hvm", "ebs", "arm64");
const userData = Buffer.from("#!/bin/sh\nuname -m > /var/tmp/machine\n").toString("base64");

let installation: TestInstallation;
let key: GuestKey;
let id = "";
let volumes: string[] = [];

beforeAll(async () => {
  installation = await bringUp();
  key = await createKey(installation, "arm");
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

test("its image is built for the first launch, which is refused until then, and hosts can run it", async () => {
  const { ec2 } = installation;
  const request: RunInstancesCommandInput = { ImageId: image, InstanceType: "t4g.small", MinCount: 1, MaxCount: 1, KeyName: key.name, UserData: userData, Placement: { AvailabilityZone: zone } };
  await expect(ec2.send(new RunInstancesCommand(request))).rejects.toMatchObject({ name: "InvalidAMIID.Unavailable" });
  await waitUntilImageAvailable({ client: ec2, maxWaitTime: 240, minDelay: 1, maxDelay: 1 }, { ImageIds: [image] });
  await eventually("hosts that emulate arm64", async () => (await installation.status()).regions.flatMap(({ zones }) => zones.flatMap(({ hosts }) => hosts)).every(({ arm64 }) => arm64?.works) || undefined);
  id = await launch(installation, request);
  await untilState(installation, id, "running");
});

test("its owner logs in, and finds the processor, its count and the memory of the type, and that the user data ran", async () => {
  const said = await untilSsh(installation, key, id, "grep . /var/tmp/machine && uname -m && nproc && sed -n 's/MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo && cat /sys/class/dmi/id/board_asset_tag");
  const [ran, machine, processors, memoryKib, tag] = said.split("\n");
  expect([ran, machine, processors, tag]).toEqual(["aarch64", "aarch64", "2", id]);
  expect(Number(memoryKib) / 2 ** 20).toBeGreaterThan(1.85);
  expect(Number(memoryKib) / 2 ** 20).toBeLessThanOrEqual(2);
  expect(await ssh(installation, key, id, "curl -s http://169.254.169.254/latest/dynamic/instance-identity/document | grep architecture")).toContain('"arm64"');
});

test("it can be looked into: its instructions are translated", async () => {
  const looked = JSON.parse(await installation.hostelry("inspect", id, "--json")) as Inspection; // our own command printed it
  expect(looked).toMatchObject({ id, engine: "qemu-tcg", privileged: { how: "translated" } });
});

test("volumes are plugged into it and taken out again, each into a port that is free", async () => {
  const create = (Size: number) => createVolume(installation, { AvailabilityZone: zone, Size });
  const [first, second] = (volumes = [await create(1), await create(2)]) as [string, string];
  const disk = await attach(installation, key, first, id);
  await detach(installation, first);
  expect(await ssh(installation, key, id, `test -e ${disk} && echo there || echo gone`)).toBe("gone");
  const disks = [await attach(installation, key, second, id, "/dev/sdg"), await attach(installation, key, first, id)];
  const sizes = await ssh(installation, key, id, disks.map((each) => `cat /sys/block/${each.slice(5)}/size`).join("; "));
  expect(sizes).toBe(`${2 ** 22}\n${2 ** 21}`);
});

test("it shuts down when it is stopped, and leaves nothing behind", async () => {
  const { ec2 } = installation;
  await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  await untilState(installation, id, "stopped", 30_000);
  expect(enginesOf(id)).toEqual([]);
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await untilState(installation, id, "terminated");
  for (const volume of volumes) {
    await untilVolume(installation, volume, "available");
    await ec2.send(new DeleteVolumeCommand({ VolumeId: volume }));
  }
  expect(await remains(installation, [id])).toEqual(nothing);
});
