/** A guest writes and checks while parts of its storage are killed or full: what it was told is on disk is on disk, and its reads and writes go on without an error. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { DescribeVolumeStatusCommand, type VolumeStatusItem } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendSignal } from "../../src/host/send-signal.ts";
import { attach, createVolume, listLostBlocks, writeBlock } from "../installation/disks.ts";
import { createKey, describeInstance, imageId, launch, loginTo, ssh, untilSsh, type GuestKey } from "../installation/guest.ts";
import { bringUp, eventually, resizeStorage, type TestInstallation } from "../installation/installation.ts";

/** Volumes are taken from guests while less than 1 GiB is free. */
const [enoughMib, tooLittleMib] = [4_096, 900];

let installation: TestInstallation;
let key: GuestKey;

beforeAll(async () => {
  installation = await bringUp({ storageMib: enoughMib });
  key = await createKey(installation, "faults");
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

const zone = "us-east-1a";

/** Writes blocks for ever, and notes a block's number when it is flushed; an error ends it with a word. */
const writer = (disk: string) =>
  `i=0; while [ ! -e /tmp/stop ]; do ` +
  `${writeBlock(disk)} || { echo "error at $i" > /tmp/error; break; }; ` +
  `echo $i > /tmp/written; i=$((i + 1)); done; touch /tmp/done`;

const writers = [0, 1, 2, 3];

/**
 * Writer `$n`: over and over one of three patterns in one of 16 places of its own, behind what `writer` writes, past the cache, and compared with what is there then.
 * `N.turns` has a byte for each time, `different` says where it was not the same.
 */
const comparer = (disk: string) =>
  `for p in 0 1 2; do head -c 65536 /dev/urandom > $n.$p; done; ` +
  `i=0; while [ ! -e stop ]; do at=$((16 * (n + 1) + i % 16)); ` +
  `dd if=$n.$((i % 3)) of=${disk} bs=64k seek=$at conv=notrunc oflag=direct 2> /dev/null && dd if=${disk} bs=64k skip=$at count=1 iflag=direct 2> /dev/null | cmp -s - $n.$((i % 3)) || { echo "writer $n at $i" >> different; break; }; ` +
  `echo >> $n.turns; i=$((i + 1)); done; touch $n.done`;

const comparing = `cd /tmp/compared; every="${writers.join(" ")}"`;
const difference = "cat different 2> /dev/null || echo none";
/** Answers each line that it is told, once every writer has begun and ended a turn since, or one has found a difference. */
const answers = `while read go; do for n in $every; do before=$(wc -c < $n.turns); until [ -e different ] || [ $(wc -c < $n.turns) -gt $((before + 1)) ]; do sleep 0.05; done; done; ${difference}; done`;

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
    for (const pid of pids) sendSignal(pid, "SIGKILL");
    await goesOn();
  });

  test("waits while the storage node has no room, which the volume's status says, and does not notice either", async () => {
    await resizeStorage(installation, tooLittleMib);
    const { Events: [event] = [] } = await untilStatus("impaired");
    expect(event?.Description).toContain("full; writing goes on by itself when there is room again");
    expect(JSON.parse(await installation.hostelry("volume", "show", volume, "--json"))).toMatchObject({ exports: [] });
    await resizeStorage(installation, enoughMib);
    await untilStatus("ok");
    await goesOn();
  });

  function untilStatus(status: string): Promise<VolumeStatusItem> {
    return eventually(`${volume} to be ${status}`, async () => {
      const { VolumeStatuses: [found] = [] } = await installation.ec2.send(new DescribeVolumeStatusCommand({ VolumeIds: [volume] }));
      return found?.VolumeStatus?.Status === status ? found : undefined;
    });
  }

  test("finds every block that it flushed", async () => {
    await ssh(installation, key, guest, "sudo touch /tmp/stop; until [ -e /tmp/done ]; do sleep 0.1; done");
    expect(await listLostBlocks(installation, key, guest, disk, await written())).toEqual([]);
  });

  test("finds what it has just written, by several writers at once, while the volume's own process is killed again and again", async () => {
    const begin = `mkdir /tmp/compared; ${comparing}; for n in $every; do touch $n.turns; done; sudo sh -c '${comparing}; for n in $every; do (${comparer(disk)}) > /dev/null 2>&1 & done'`;
    const limitMs = 200_000;
    const talk = spawn("ssh", await loginTo(installation, key, guest, `${begin}; ${comparing}; ${answers}`, limitMs), { timeout: limitMs });
    const answered = createInterface({ input: talk.stdout })[Symbol.asyncIterator]();
    const compare = async () => {
      talk.stdin.write("go\n");
      expect((await answered.next()).value).toBe("none");
    };
    await compare();
    for (let kills = 0; kills < 4; kills++) {
      const pids = await installation.pids(new RegExp(`qemu-storage-daemon .*/${volume}/qmp`));
      expect(pids).toHaveLength(1);
      for (const pid of pids) sendSignal(pid, "SIGKILL");
      await compare();
    }
    talk.stdin.end();
    expect(await ssh(installation, key, guest, `${comparing}; sudo touch stop; for n in $every; do until [ -e $n.done ]; do sleep 0.05; done; done; ${difference}`, 120_000)).toBe("none");
    expect((await describeInstance(installation, guest)).State?.Name).toBe("running");
  });
});
