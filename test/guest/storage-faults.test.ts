/** A guest writes and checks while parts of its storage are killed: what it was told is on disk is on disk, and its reads and writes go on without an error. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attach, createVolume } from "../installation/disks.ts";
import { createKey, describeInstance, imageId, launch, ssh, untilSsh, type GuestKey } from "../installation/guest.ts";
import { bringUp, eventually, type TestInstallation } from "../installation/installation.ts";

let installation: TestInstallation;
let key: GuestKey;

beforeAll(async () => {
  installation = await bringUp();
  key = await createKey(installation, "faults");
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

const zone = "us-east-1a";

/** Writes numbered 64 KiB blocks for ever, flushes each, and only then notes its number; an error ends it with a word. */
const writer = (disk: string) =>
  `i=0; while [ ! -e /tmp/stop ]; do ` +
  `yes "block $i" | head -c 65536 | dd of=${disk} bs=64k seek=$((i % 1024)) conv=fsync,notrunc 2>/dev/null || { echo "error at $i" > /tmp/error; break; }; ` +
  `echo $i > /tmp/written; i=$((i + 1)); done; touch /tmp/done`;

describe.each([
  { kind: "paravirtual", type: "m1.small" },
  { kind: "hvm", type: "t3.micro" },
] as const)("a writing $kind guest", ({ kind, type }) => {
  let guest = "";
  let disk = "";
  let volume = "";

  const written = async () => Number(await ssh(installation, key, guest, "cat /tmp/written 2>/dev/null || echo 0"));
  const goesOn = async () => {
    const before = await eventually("the guest to be asked", written);
    await eventually("further writes", async () => ((await written()) > before + 3 ? true : undefined));
    expect(await ssh(installation, key, guest, "cat /tmp/error 2>/dev/null || echo none")).toBe("none");
  };

  test("begins", async () => {
    guest = await launch(installation, { ImageId: imageId("tiny", kind), InstanceType: type, KeyName: key.name, Placement: { AvailabilityZone: zone } });
    volume = await createVolume(installation, { AvailabilityZone: zone, Size: 1, VolumeType: "gp3" });
    await untilSsh(installation, key, guest, "true");
    disk = await attach(installation, key, volume, guest);
    await ssh(installation, key, guest, `sudo sh -c '(${writer(disk)}) > /dev/null 2>&1 &'`);
    await goesOn();
  });

  test.each([
    ["the volume's own process", () => new RegExp(`qemu-storage-daemon .*/${volume}/qmp`)],
    ["the storage node's agent", () => /main\.ts agent .*--node as\b/],
    ["the control plane", () => /main\.ts control-plane /],
  ])("does not notice that %s is killed", async (_what, pattern) => {
    const pids = await installation.pids(pattern());
    expect(pids).toHaveLength(1);
    for (const pid of pids) process.kill(pid, "SIGKILL");
    await goesOn();
  });

  test("finds every block that it flushed", async () => {
    await ssh(installation, key, guest, "sudo touch /tmp/stop; until [ -e /tmp/done ]; do sleep 0.1; done");
    const last = await written();
    const check = `echo 3 > /proc/sys/vm/drop_caches; for n in $(seq $(( ${last} > 1000 ? ${last} - 1000 : 0 )) ${last}); do head=$(dd if=${disk} bs=64k skip=$((n % 1024)) count=1 2>/dev/null | head -n 1); [ "$head" = "block $n" ] || echo "block $n is lost: $head"; done; echo checked`;
    expect(await ssh(installation, key, guest, `sudo sh -c '${check}'`)).toBe("checked");
    expect((await describeInstance(installation, guest)).State?.Name).toBe("running");
  });
});
